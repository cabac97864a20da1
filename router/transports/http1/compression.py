"""Bodies that were compressed on the way, opened no further than they may be large."""

import zlib

from router.transports.http1.errors import BadReply, ReplyTooLarge

_GZIP_WINDOW = zlib.MAX_WBITS | 16
_MOST_PARTS = 1_000
"""What is left is copied for each: a million bytes in parts of twenty would take seconds."""


def opened(body: bytes, encoding: str, at_most_bytes: int) -> bytes:
    """Raises BadReply for what is broken or unknown, ReplyTooLarge for what would grow past `at_most_bytes`."""
    if encoding in {"gzip", "x-gzip"}:
        return _gunzipped(body, at_most_bytes)
    if encoding == "deflate":
        return _inflated(body, _window_of_deflate(body), at_most_bytes)[0]
    raise BadReply("an encoding that was not asked for")


def _gunzipped(body: bytes, at_most_bytes: int) -> bytes:
    """A gzip body may be several, one after the other."""
    whole, rest = _inflated(body, _GZIP_WINDOW, at_most_bytes)
    parts = 1
    while rest:
        parts += 1
        if parts > _MOST_PARTS:
            raise BadReply("a compressed body of too many parts")
        part, rest = _inflated(rest, _GZIP_WINDOW, at_most_bytes - len(whole))
        whole += part
    return whole


def _inflated(body: bytes, window: int, at_most_bytes: int) -> tuple[bytes, bytes]:
    inflater = zlib.decompressobj(window)
    try:
        whole = inflater.decompress(body, at_most_bytes + 1)
    except zlib.error:
        raise BadReply("a compressed body that cannot be opened") from None
    if len(whole) > at_most_bytes:
        raise ReplyTooLarge
    if not inflater.eof:
        raise BadReply("a compressed body that breaks off")
    return whole, inflater.unused_data


def _window_of_deflate(body: bytes) -> int:
    """Some servers leave out the two bytes of zlib that the name stands for."""
    return zlib.MAX_WBITS if body[:1] and body[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS
