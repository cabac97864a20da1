"""What a domain answers other domains beside GraphQL: `POST /calls/NAME` with a JSON object of arguments.

The answer is `{"result": …}`, or with status 422 `{"refused": [problem, …]}`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subgraphs.kernel.announced import Found
from subgraphs.kernel.correlation import Correlation, correlated
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.links import Links
from subgraphs.kernel.peers import CALLS
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.signup import Logins, SubjectOwner

Call = Callable[[dict[str, Any]], Awaitable[Any]]

log = structlog.get_logger(__name__)


def routes(calls: Mapping[str, Call]) -> list[Route]:
    return [Route(f"{CALLS}/{name}", _endpoint(name, call), methods=["POST"]) for name, call in calls.items()]


def _endpoint(name: str, call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            with correlated(Correlation.of(request.headers)):
                return _json({"result": await call(orjson.loads(await request.body()))}, 200)
        except Refused as refused:
            return _json({"refused": [asdict(problem) for problem in refused.problems]}, 422)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            log.warning("call.not_understood", call=name, error=error)
            return _json({"error": "not understood"}, 400)

    return answer


def _json(content: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def of_logins(logins: Logins) -> dict[str, Call]:
    async def hold(given: dict[str, Any]) -> None:
        email, password, subject_id = (str(given[name]) for name in ("email", "password", "subject_id"))
        await logins.hold(email=email, password=password, role=RoleName(given["role"]), subject_id=subject_id)

    async def release(given: dict[str, Any]) -> None:
        await logins.release(role=RoleName(given["role"]), subject_id=str(given["subject_id"]))

    return {"hold": hold, "release": release}


def of_owner(owner: SubjectOwner) -> dict[str, Call]:
    async def exists(given: dict[str, Any]) -> bool:
        return await owner.exists(str(given["subject_id"]))

    return {"exists": exists}


def of_links(links: Links) -> dict[str, Call]:
    async def link(given: dict[str, Any]) -> str | None:
        return await links.link(str(given["link_id"]))

    return {"link": link}


def of_keys(document: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Call]:
    """`document` gives the JWKS."""

    async def keys(given: dict[str, Any]) -> dict[str, Any]:
        return await document()

    return {"keys": keys}


def of_announced(of: Callable[[Collection[str]], Awaitable[Found]]) -> dict[str, Call]:
    """`of` gives the events of some keys."""

    async def announced(given: dict[str, Any]) -> Any:
        keys = given.get("keys")
        found = Found([], is_cut=True) if keys is None else await of([str(key) for key in keys])
        return asdict(found)  # a caller of the release before names no keys: it is told that it was not told all

    return {"announced": announced}


def of_subscribers(subscribers: tuple[Subscriber, ...]) -> dict[str, Call]:
    """`receive` has the effect of events at every subscriber that wants their topic."""

    async def receive(given: dict[str, Any]) -> None:
        events = [Envelope.from_json(body) for body in given["events"]]
        for subscriber in subscribers:
            wanted = [message for message in events if message.topic in subscriber.topics]
            if wanted:
                await subscriber.receive(wanted)

    return {"receive": receive}
