"""Media types: what a client sends, and the best of what it accepts."""

from functools import lru_cache
from typing import NamedTuple

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"


class Range(NamedTuple):
    type: str
    quality: float
    parameters: dict[str, str]

    def covers(self, media_type: str) -> bool:
        if self.parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
            return False
        return self.type in (media_type, "*/*") or self.type == f"{media_type.partition('/')[0]}/*"

    def precision(self) -> int:
        return 2 - self.type.count("*")


@lru_cache(maxsize=256)
def acceptable_media_type(accept: str | None) -> str | None:
    """The GraphQL media type to answer in; application/json for those who do not mind."""
    return best_of((JSON, RESPONSE_JSON), accept) if accept else JSON


@lru_cache(maxsize=256)
def prefers_html(accept: str | None) -> bool:
    return accept is not None and HTML in accept and best_of((HTML, JSON, RESPONSE_JSON), accept) == HTML


def best_of(media_types: tuple[str, ...], accept: str) -> str | None:
    """By quality, then by how precisely it was named, then in the order given."""
    ranges = [parse_range(part) for part in accept.split(",", 20)[:20] if part.strip()]
    wanted = [(*preference(media_type, ranges), media_type) for media_type in media_types]
    best = max(wanted, key=lambda item: item[:2])
    return best[2] if best[0] > 0 else None


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
