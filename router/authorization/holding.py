"""Which guards hold for who asks."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from router.auth import CheckedToken
from router.context import RequestContext
from router.supergraph.model import Authenticated, Guard, Need, Policies, Scopes

PolicyCheck = Callable[[frozenset[str], RequestContext], Awaitable[Collection[str]]]
"""Asked for the policies of one operation; gives those that hold."""


async def no_policies(_: frozenset[str], __: RequestContext) -> Collection[str]:
    return ()


def with_claim(claim: str | None, check: PolicyCheck) -> PolicyCheck:
    """Those that this claim of the caller's token lists hold as well: a list, or words in one string."""
    if claim is None:
        return check

    async def claimed_or_checked(named: frozenset[str], context: RequestContext) -> Collection[str]:
        claims: Mapping[str, Any] = {} if context.token is None else context.token.claims
        return {*_words(claims.get(claim)), *await check(named, context)}

    return claimed_or_checked


async def held_guards(guards: Need, context: RequestContext, check: PolicyCheck) -> Need:
    named = policies_of(guards)
    policies = frozenset(await check(named, context)) if named else frozenset()
    return held_by(guards, context.token, policies)


def held_by(guards: Need, token: CheckedToken | None, policies: frozenset[str]) -> Need:
    scopes = frozenset() if token is None else scopes_of(token.claims)
    return frozenset(guard for guard in guards if _holds(guard, token is not None, scopes, policies))


def _holds(guard: Guard, known: bool, scopes: frozenset[str], policies: frozenset[str]) -> bool:
    match guard:
        case Authenticated():
            return known
        case Scopes(alternatives):
            return any(names <= scopes for names in alternatives)
        case Policies(alternatives):
            return any(names <= policies for names in alternatives)


def scopes_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Of `scope` (RFC 8693: words in one string) and of `scp`, a list or words as well."""
    return frozenset(name for claim in ("scope", "scp") for name in _words(claims.get(claim)))


def _words(claim: Any) -> Iterable[str]:
    if isinstance(claim, str):
        return claim.split()
    return (name for name in claim if isinstance(name, str)) if isinstance(claim, list) else ()


def policies_of(guards: Need) -> frozenset[str]:
    sets = (names for guard in guards if isinstance(guard, Policies) for names in guard.alternatives)
    return frozenset(name for names in sets for name in names)
