"""Reading the one reply that is awaited, within bounds."""

import httptools

from router.transports.http1.compression import opened
from router.transports.http1.errors import BadReply, ReplyTooLarge

HEAD_BYTES = 32_768

Reply = tuple[int, bytes]
"""The status and the body, decompressed."""


class ReplyReader:
    """Its `on_…` methods are called by httptools. What stands in the way of a reply is raised by `feed`."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.complete = True
        self.keep_alive = False

    def expect(self, reply_bytes: int) -> None:
        self._limit = reply_bytes
        self.received = self._head_bytes = self._body_bytes = 0
        self.complete = self.keep_alive = False
        self._chunks: list[bytes] = []
        self._begin()

    def feed(self, data: bytes) -> bool:
        """Whether the reply is complete. Raises BadReply."""
        self.received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._stumble(error)
        if not self.complete:
            self._check_size_on_the_wire()
        return self.complete

    def ends_with_the_connection(self) -> bool:
        return self._headed and not self.complete and not self._delimited

    def reply(self) -> Reply:
        """Raises BadReply."""
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        if self._encoding and body:
            body = opened(body, self._encoding, self._limit)
        return self._status, body

    def on_message_begin(self) -> None:
        if self.complete:
            raise BadReply("more than one reply")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES:
            raise ReplyTooLarge
        if self._headed:  # a trailer
            return
        match name.lower():
            case b"content-length":
                self._delimited = True
                if int(value) > self._limit:
                    raise ReplyTooLarge
            case b"transfer-encoding":
                self._delimited = True
                if value.strip().lower() != b"chunked":
                    raise BadReply("a transfer encoding that was not asked for")
            case b"content-encoding":
                self._note_encoding(value)

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status == 101:
            raise BadReply("another protocol, which was not asked for")
        self._headed = self._status >= 200

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._limit:
            raise ReplyTooLarge
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        if self._headed:
            self.complete = True
            self.keep_alive = self._parser.should_keep_alive()
        else:
            self._begin()

    def _begin(self) -> None:
        """A reply with a status of 1xx is followed by another."""
        self._headed = self._delimited = False
        self._status, self._encoding = 0, ""

    def _note_encoding(self, value: bytes) -> None:
        named = value.decode("latin-1").strip().lower()
        if named != "identity":
            self._encoding = f"{self._encoding},{named}" if self._encoding else named

    def _stumble(self, error: httptools.HttpParserError) -> None:
        """What follows a complete reply does it no harm, but nobody may use the connection again."""
        if self.complete:
            self.keep_alive = False
        elif isinstance(error.__context__, BadReply):
            raise error.__context__
        else:
            raise BadReply("not HTTP/1.1") from None

    def _check_size_on_the_wire(self) -> None:
        """Bounds what lies in the parser: a head without an end, chunks that are mostly extensions, trailers."""
        if self.received > (HEAD_BYTES + 2 * self._limit if self._headed else HEAD_BYTES):
            raise ReplyTooLarge
