"""Settings from the environment."""

import pytest
from pydantic import BaseModel

from router import settings as every
from router.settings import RouterSettings

MODELS = [
    kind for kind in vars(every).values() if isinstance(kind, type) and kind.__module__.startswith(every.__name__)
]


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSPITAL_ROUTER_LIMITS__DEPTH", "12")
    monkeypatch.setenv("HOSPITAL_ROUTER_PASSTHROUGH", '{"/oauth": "http://accounts:8000"}')
    monkeypatch.setenv("HOSPITAL_ROUTER_SUBGRAPH_URLS", '{"patients": "http://patients:8000/graphql"}')
    monkeypatch.setenv("HOSPITAL_ROUTER_SUBGRAPH_SECONDS_BY_NAME", '{"billing": 9}')
    monkeypatch.setenv("HOSPITAL_ALLOWED_ORIGINS", "https://a.example/, https://b.example")
    settings = RouterSettings()
    assert settings.limits.depth == 12
    assert settings.passthrough == {"/oauth": "http://accounts:8000"}
    assert settings.subgraph_urls == {"patients": "http://patients:8000/graphql"}
    assert (settings.seconds_of("billing"), settings.seconds_of("patients")) == (9, 5)
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_the_defaults_are_those_of_the_door() -> None:
    limits = RouterSettings().limits
    assert (limits.depth, limits.aliases, limits.directives, limits.tokens, limits.cost) == (10, 15, 50, 2_000, 10_000)
    assert limits.body_bytes == 1_000_000


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RouterSettings().graphiql = False  # type: ignore[misc]


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_says_what_it_is_for(model: type[BaseModel]) -> None:
    silent = [
        name for name, field in model.model_fields.items() if not field.description and field.annotation not in MODELS
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "graphql"),
        ("PATH", "/"),
        ("PATH", "/graphql/"),
        ("PASSTHROUGH", '{"oauth": "http://accounts:8000"}'),
        ("PASSTHROUGH", '{"/oauth": "accounts:8000"}'),
        ("SUBGRAPH_URLS", '{"patients": "nonsense"}'),
        ("SUBGRAPH_URLS", '{"patients": "http://:8000/graphql"}'),
        ("SUBGRAPH_URLS", '{"patients": "http://patients:80000/graphql"}'),
        ("SUBGRAPH_URLS", '{"patients": "http://patients:0/graphql"}'),
        ("SUBGRAPH_URLS", '{"patients": "http://patients/a b"}'),
        ("JWKS_URL", "ftp://accounts/keys"),
        ("JWKS_URL", "http://accounts/\x7fkeys"),
        ("GRAPHIQL_TABS", "/no/such/folder"),
        ("TOKEN_ALGORITHMS", '["HS256"]'),
        ("TOKEN_TYPES", '["at+jwt", "id"]'),
        ("FORWARDED_HEADERS", '["x tenant"]'),
        ("FORWARDED_HEADERS", '["content-length"]'),
        ("TRAFFIC__SHARING__OTHER_HEADERS", '["x-request-id", "Authorization"]'),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"HOSPITAL_ROUTER_{name}", value)
    with pytest.raises(ValueError, match=name.lower().replace("__", ".")):
        RouterSettings()


def test_headers_are_the_same_however_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an `Authorization` that nobody checked would pass by the one that was."""
    monkeypatch.setenv("HOSPITAL_ROUTER_FORWARDED_HEADERS", '["Authorization", "X-Tenant"]')
    assert RouterSettings().taken_headers == ("authorization", "x-tenant")


@pytest.mark.parametrize("origins", ["*", "foo", "https://a.example/path", "https://a.example, b.example"])
def test_what_is_no_origin_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("HOSPITAL_ALLOWED_ORIGINS", origins)
    with pytest.raises(ValueError, match="is no origin"):
        RouterSettings()


def test_the_root_may_be_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSPITAL_ROUTER_PASSTHROUGH", '{"/": "http://accounts:8000"}')
    assert RouterSettings().passthrough == {"/": "http://accounts:8000"}
