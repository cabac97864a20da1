"""The screen and the booking as one would write them without GraphQL: one handler each, the fewest statements, orjson.

Same databases, same token check, same access rules. `python -m tests.bench.by_hand DATABASES PORT JWKS ISSUER` serves
`GET /screen/{patient}`, `GET /full-screen/{patient}` and, over SQLite, `POST /book`. The first is a file of their URLs.
"""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvicorn
from joserfc.jwk import KeySet
from sqlalchemy import bindparam, text
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from router.memory import settle_memory
from subgraphs.billing.access import sees_bills_of
from subgraphs.kernel.access import seat_towards
from subgraphs.kernel.database import Database
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tokens import StaticKeys, TokenChecker
from subgraphs.patients.access import PATIENT
from tests.bench.server import Side, running
from tests.services.ports import spare_port

DOMAINS = ("patients", "doctors", "appointments", "billing")

_PATIENT = text("SELECT id, mrn, name, email, phone, dob FROM patients WHERE id = :id")
_APPOINTMENTS = text(
    "SELECT id, doctor_id, slot, ends_at, status, notes FROM appointments"
    " WHERE patient_id = :id ORDER BY slot DESC, id DESC LIMIT 11"
)
_DOCTORS = text(
    "SELECT d.id, d.name, d.specialty, d.consultation_fee, p.name FROM doctors d"
    " JOIN departments p ON p.id = d.department_id WHERE d.id IN :ids"
).bindparams(bindparam("ids", expanding=True))
_BILLS = text(
    "SELECT id, number, total, paid, currency, status, created_at FROM bills"
    " WHERE patient_id = :id ORDER BY created_at DESC, id DESC LIMIT 11"
)

_CLAIM = "INSERT INTO claims (owner, step, appointment_id) VALUES (?, ?, ?)"
_BOOK = (
    "INSERT INTO appointments (id, patient_id, patient_name, doctor_id, doctor_name, department_id, consultation_fee,"
    " slot, ends_at, status, notes, version, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_TRANSITION = (
    "INSERT INTO transitions (appointment_id, version, to_status, at, by_account_id, slot) VALUES (?, 1, ?, ?, ?, ?)"
)
_EVENT = "INSERT INTO outbox (event_id, shard, type, body, recorded_at) VALUES (?, 0, ?, ?, ?)"
_COUNT = "UPDATE change_counter SET value = value + 1 WHERE id = 1"
_CHANGE = (
    "INSERT INTO status_changes (sequence, appointment_id, patient_id, doctor_id, department_id, status, changed_at)"
    " SELECT value, ?, ?, ?, ?, 'PENDING', ? FROM change_counter WHERE id = 1"
)


class ByHand:
    def __init__(self, urls: Mapping[str, str], tokens: TokenChecker) -> None:
        self._tokens = tokens
        self._of = {name: Database(url) for name, url in urls.items()}

    async def screen(self, request: Request) -> Response:
        principal = await self._tokens.principal(request.headers.get("authorization"))
        patient_id = request.path_params["patient"]
        if not PATIENT.may_see(seat_towards(principal, patient_id)):
            return Response(status_code=404)
        return _json(await self._screen(patient_id))

    async def full_screen(self, request: Request) -> Response:
        principal = await self._tokens.principal(request.headers.get("authorization"))
        patient_id = request.path_params["patient"]
        if not PATIENT.may_see(seat_towards(principal, patient_id)):
            return Response(status_code=404)
        bills = None
        if sees_bills_of(principal, patient_id):
            bills = [_bill(row) for row in (await self._rows("billing", _BILLS, id=patient_id))[:10]]
        return _json({**await self._screen(patient_id), "bills": bills})

    async def _screen(self, patient_id: str) -> dict[str, Any]:
        patient = (await self._rows("patients", _PATIENT, id=patient_id))[0]
        visits = (await self._rows("appointments", _APPOINTMENTS, id=patient_id))[:10]
        doctors = await self._rows("doctors", _DOCTORS, ids=list({visit[1] for visit in visits}))
        return {**_named("id mrn name email phone dob", patient), "appointments": _visits(visits, doctors)}

    async def book(self, request: Request) -> Response:
        principal = await self._tokens.principal(request.headers.get("authorization"))
        wanted = orjson.loads(await request.body())
        start = datetime.fromisoformat(wanted["slot"]).astimezone(UTC).replace(tzinfo=None)
        now, id = str(datetime.now(UTC).replace(tzinfo=None)), new_id()
        party, slot = (wanted["patientId"], wanted["doctorId"], wanted["departmentId"]), str(start)
        event = orjson.dumps({"id": id, "slot": slot, "parties": party}).decode()
        step = int(start.timestamp()) // 300

        async def work(session: AsyncSession) -> None:
            connection = await session.connection()
            run = connection.exec_driver_sql
            owners = f"d:{party[1]}", f"p:{party[0]}"
            await run(_CLAIM, [(owner, step + offset, id) for owner in owners for offset in range(6)])
            end = str(start + timedelta(minutes=30))
            row = (id, party[0], "", party[1], "", party[2], 0, slot, end, "PENDING", None, 1, now, now)
            await run(_BOOK, row)
            await run(_TRANSITION, (id, "PENDING", now, principal.account_id if principal else None, slot))
            await run(_EVENT, (new_id(), "bench.booked", event, now))
            await run(_COUNT)
            await run(_CHANGE, (id, *party, now))

        await self._of["appointments"].transaction(work)
        return _json({"id": id, "status": "PENDING", "slot": slot})

    async def _rows(self, domain: str, statement: Any, **values: Any) -> Any:
        async with self._of[domain].reading() as session:
            return (await (await session.connection()).execute(statement, values)).all()


def _visits(visits: Any, doctors: Any) -> list[dict[str, Any]]:
    known = {doctor[0]: _doctor(doctor) for doctor in doctors}
    names = "id doctor slot end status notes"
    return [_named(names, visit) | {"doctor": known.get(visit[1])} for visit in visits]


def _doctor(row: Any) -> dict[str, Any]:
    return {**_named("id name specialty", row), "consultationFee": _amount(row[3]), "department": {"name": row[4]}}


def _bill(row: Any) -> dict[str, Any]:
    amounts = {"total": _amount(row[2]), "amountPaid": _amount(row[3]), "balance": _amount(row[2] - row[3])}
    return {
        "id": row[0],
        "number": row[1],
        **amounts,
        "currency": row[4],
        "status": row[5],
        "createdAt": str(row[6]).replace(" ", "T").removesuffix(".000000") + "Z",
    }


def _amount(value: int | Decimal) -> str:
    """Of what SQLite keeps in the minor unit, and MySQL in the major."""
    return f"{value:.2f}" if isinstance(value, Decimal) else f"{value // 100}.{value % 100:02d}"


def _named(names: str, row: Any) -> dict[str, Any]:
    return dict(zip(names.split(), row, strict=False))


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


@asynccontextmanager
async def serving(
    urls: Mapping[str, str], hospital_url: str, session: aiohttp.ClientSession, scratch: Path
) -> AsyncIterator[Side]:
    """Over those databases, a process that takes the tokens of that hospital."""
    databases, jwks, port = scratch / "databases.json", scratch / "jwks.json", spare_port()
    databases.write_bytes(orjson.dumps({name: urls[name] for name in DOMAINS}))
    async with session.get(f"{hospital_url}/.well-known/jwks.json") as answer:
        jwks.write_bytes(await answer.read())
    async with session.get(f"{hospital_url}/.well-known/openid-configuration") as answer:
        issuer = (await answer.json())["issuer"]
    url = f"http://127.0.0.1:{port}"
    serve = ["tests.bench.by_hand", str(databases), str(port), str(jwks), issuer]
    async with running(serve, f"{url}/none", scratch / "by_hand.log") as pid:
        yield Side((pid,), url)


def main(databases: str, port: str, jwks: str, issuer: str) -> None:
    keys = KeySet.import_key_set(orjson.loads(Path(jwks).read_bytes()))
    urls = orjson.loads(Path(databases).read_bytes())
    by_hand = ByHand(urls, TokenChecker(StaticKeys(keys), issuer=issuer, audience="hospital"))
    routes = [
        Route("/screen/{patient}", by_hand.screen),
        Route("/full-screen/{patient}", by_hand.full_screen),
        Route("/book", by_hand.book, methods=["POST"]),
    ]
    settle_memory()
    uvicorn.run(Starlette(routes=routes), port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:5])
