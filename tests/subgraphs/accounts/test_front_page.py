"""The page at which people choose a password: whole in one answer, and nothing else runs in it."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from subgraphs.accounts.front_page.page import front_page
from tests.hospital.asgi import Answer, get


@pytest.fixture
async def page() -> Answer:
    return await get(front_page("/graphql"), "/")


def hashed(tag: str, text: str) -> str:
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


async def test_its_policy_lets_its_own_script_and_style_run_and_nothing_else(page: Answer):
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": hashed("script", page.text),
        "style-src": hashed("style", page.text),
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert not re.findall(r"https?://|style=|\son\w+=", page.text)


async def test_it_sends_no_referrer_and_is_asked_for_anew_each_time(page: Answer):
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-cache"
    again = await get(front_page("/graphql"), "/", **{"if-none-match": page.headers["etag"]})
    assert (again.status, again.text) == (304, "")
    moved = await get(front_page("/api"), "/", **{"if-none-match": page.headers["etag"]})
    assert moved.status == 200


async def test_it_asks_the_api_where_that_is(page: Answer):
    assert '<body data-api="/graphql">' in page.text
    elsewhere = (await get(front_page('/a"b'), "/")).text
    assert '<body data-api="/a&quot;b">' in elsewhere


async def test_it_says_how_long_a_password_is(page: Answer):
    assert "8 to 200 characters" in page.text


async def test_it_is_only_read():
    assert (await get(front_page("/graphql"), "/", method="HEAD")).status == 200
    answer = await get(front_page("/graphql"), "/", method="POST")
    assert (answer.status, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


async def test_every_field_has_a_label_and_every_problem_is_said_aloud(page: Answer):
    inputs = re.findall(r'<input id="(\w+)"', page.text)
    assert inputs == ["password", "shown", "email"]
    assert re.findall(r'<label for="(\w+)"', page.text) == inputs
    assert page.text.count('class="problem"') == page.text.count('role="alert"') == 3
