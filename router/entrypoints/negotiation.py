"""Media types: what a client sends, and the best of what it accepts."""

from functools import lru_cache
from typing import NamedTuple

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
STREAMS = (EVENT_STREAM, MULTIPART)


class Range(NamedTuple):
    type: str
    quality: float
    parameters: dict[str, str]

    def covers(self, media_type: str) -> bool:
        if self.parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
            return False
        return self.type in (media_type, "*/*") or self.type == f"{media_type.partition('/')[0]}/*"

    def names_stream(self) -> bool:
        """Multipart is a form of several protocols; which is meant is said beside it."""
        if self.type == MULTIPART:
            return self.parameters.get("subscriptionspec") == "1.0"
        return self.type == EVENT_STREAM

    def precision(self) -> int:
        return 2 - self.type.count("*")


@lru_cache(maxsize=256)
def acceptable_media_type(accept: str | None) -> str | None:
    """What to answer in where there is one answer; application/json for those who do not mind."""
    return best_of((JSON, RESPONSE_JSON, *named_streams(accept)), accept) if accept else JSON


@lru_cache(maxsize=256)
def acceptable_stream(accept: str | None) -> str | None:
    """The same where there are several. Who accepts anything may not expect what stays open: it is to be named."""
    return best_of(streams, accept) if accept and (streams := named_streams(accept)) else None


@lru_cache(maxsize=256)
def prefers_html(accept: str | None) -> bool:
    return accept is not None and HTML in accept and best_of((HTML, JSON, RESPONSE_JSON), accept) == HTML


def best_of(media_types: tuple[str, ...], accept: str) -> str | None:
    """By quality, then by how precisely it was named, then in the order given."""
    ranges = ranges_of(accept)
    wanted = [(*preference(media_type, ranges), media_type) for media_type in media_types]
    best = max(wanted, key=lambda item: item[:2])
    return best[2] if best[0] > 0 else None


def named_streams(accept: str) -> tuple[str, ...]:
    named = {range_.type for range_ in ranges_of(accept) if range_.names_stream()}
    return tuple(media_type for media_type in STREAMS if media_type in named)


def ranges_of(accept: str) -> list[Range]:
    return [parse_range(part) for part in accept.split(",", 20)[:20] if part.strip()]


def preference(media_type: str, ranges: list[Range]) -> tuple[float, int]:
    covering = [range_ for range_ in ranges if range_.covers(media_type)]
    if not covering:
        return 0.0, 0
    closest = max(covering, key=Range.precision)
    return closest.quality, closest.precision()


def parse_range(part: str) -> Range:
    type_, *rest = part.strip().lower().split(";")
    parameters = dict(item.strip().partition("=")[::2] for item in rest)
    return Range(type_.strip(), quality_of(parameters.pop("q", "1")), unquoted(parameters))


def quality_of(text: str) -> float:
    try:
        return max(0.0, min(1.0, float(text)))
    except ValueError:
        return 0.0


def unquoted(parameters: dict[str, str]) -> dict[str, str]:
    return {name: value.strip().strip('"') for name, value in parameters.items()}


@lru_cache(maxsize=256)
def is_json(content_type: str | None) -> bool:
    if not content_type:
        return False
    sent = parse_range(content_type)
    return sent.type == JSON and sent.parameters.get("charset", "utf-8") in ("utf-8", "utf8")
