"""Pages of other sites: what a browser sends for them without asking first is not answered."""

from collections.abc import Collection, Mapping
from http import HTTPStatus

from router.entrypoints.headers import is_trusted_origin
from router.errors import ErrorCode, refused

SIMPLE_TYPES = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
ASKED_FOR_FIRST = (
    "authorization",
    "traceparent",
    "x-request-id",
    "apollo-require-preflight",
    "graphql-require-preflight",
    "x-apollo-operation-name",
)
"""A page of another origin sends these only after a preflight that was answered in its favour."""
OTHER_SITES = frozenset({"cross-site", "same-site"})


def refuse_other_sites(headers: Mapping[str, str], allowed: Collection[str]) -> None:
    if is_from_another_site(headers, allowed) and not was_asked_for_first(headers):
        raise refused(
            "Pages of this site may not ask without a preflight: send POST with application/json, or the header"
            " 'Apollo-Require-Preflight: true'.",
            ErrorCode.FORBIDDEN,
            HTTPStatus.FORBIDDEN,
        )


def is_from_another_site(headers: Mapping[str, str], allowed: Collection[str]) -> bool:
    if "origin" in headers:
        return not is_trusted_origin(headers, allowed)
    return headers.get("sec-fetch-site", "").lower() in OTHER_SITES


def was_asked_for_first(headers: Mapping[str, str]) -> bool:
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return content_type not in SIMPLE_TYPES or any(name in headers for name in ASKED_FOR_FIRST)
