"""Which media type an Accept header asks for."""

import pytest

from router.entrypoints.negotiation import acceptable_media_type, acceptable_stream, is_json, prefers_html

NEW, OLD = "application/graphql-response+json", "application/json"
SSE, MULTIPART = "text/event-stream", "multipart/mixed"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"'
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, OLD),
        ("*/*", OLD),
        ("application/*", OLD),
        (OLD, OLD),
        (NEW, NEW),
        (f"{NEW}, {OLD};q=0.9", NEW),
        (f"{OLD};q=0.5, {NEW};q=0.6", NEW),
        (f"{NEW}; charset=utf-8", NEW),
        (f'{NEW}; charset="UTF-8"', NEW),
        (f"{NEW};q=0, */*", OLD),
        (f"{NEW.upper()}", NEW),
        (f"{OLD};q=nonsense, {NEW}", NEW),
        ("image/png", None),
        (f"{OLD};q=0", None),
        (f"{NEW}; charset=latin-1", None),
        (",;,=", None),
        (SSE, SSE),
        (f"{SSE}, */*", SSE),
        (f"{SSE}, {OLD}", OLD),
        (f"{SSE}, {OLD};q=0.9", SSE),
        (f"{SSE};q=0.5, {NEW}", NEW),
        (f"{SSE};q=0", None),
        (PARTS, MULTIPART),
        (f"{PARTS}, {OLD}", OLD),
        ("multipart/mixed", None),
        ("text/*", None),
    ],
)
def test_the_best_of_what_is_accepted(accept: str | None, expected: str | None) -> None:
    assert acceptable_media_type(accept) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, None),
        ("*/*", None),
        ("text/*", None),
        (OLD, None),
        (SSE, SSE),
        (f"{OLD}, {SSE};q=0.1", SSE),
        (f"{SSE};q=0", None),
        (f"{SSE};charset=latin-1", None),
        (PARTS, MULTIPART),
        ("multipart/mixed; subscriptionspec=1.0", MULTIPART),
        ('multipart/mixed;subscriptionSpec="2.0"', None),
        ("multipart/mixed; deferSpec=20220824", None),
        (f"{PARTS}, {SSE}", SSE),
        (f"{PARTS}, {SSE};q=0.9", MULTIPART),
    ],
)
def test_the_best_of_the_streams_that_are_named(accept: str | None, expected: str | None) -> None:
    assert acceptable_stream(accept) == expected


def test_a_browser_prefers_html_and_a_client_does_not() -> None:
    assert prefers_html(CHROME)
    assert not any(prefers_html(accept) for accept in (None, "*/*", OLD, f"{OLD}, text/html;q=0.5"))


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_by_its_names(content_type: str) -> None:
    assert is_json(content_type)


@pytest.mark.parametrize(
    "content_type", [None, "", "text/json", "application/json5", "application/json; charset=utf-16"]
)
def test_what_is_not_json(content_type: str | None) -> None:
    assert not is_json(content_type)
