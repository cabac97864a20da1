"""Patients under test: a small accounts of its own, and the ways a test registers and looks."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import settings

from subgraphs.kernel.events import Envelope
from subgraphs.kernel.principal import RoleName
from subgraphs.patients.app import PatientsDomain, build
from tests.subgraphs.logins import GOOD_PASSWORD, LoginsInMemory

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")

FIELDS = (
    "id mrn name email phone address dob weight height sex deceasedAt version createdAt updatedAt"  # every own field
)
PAYLOAD = f"{{ patient {{ {FIELDS} }} errors {{ code field message }} }}"
REGISTER = f"mutation ($input: RegisterPatientInput!) {{ registerPatient(input: $input) {PAYLOAD} }}"
UPDATE = f"mutation ($input: UpdatePatientInput!) {{ updatePatient(input: $input) {PAYLOAD} }}"
PATIENT = f"query ($id: ID!) {{ patient(id: $id) {{ {FIELDS} }} }}"


@pytest.fixture
def logins() -> LoginsInMemory:
    return LoginsInMemory(RoleName.PATIENT)


@pytest.fixture
async def patients(make_base, logins) -> PatientsDomain:
    return build(await make_base("patients"), logins)


@pytest.fixture
def desk(signer) -> str:
    return signer.bearer("RECEPTIONIST", "account-of-the-desk")


@pytest.fixture
def register(patients, ask, desk) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The payload of registerPatient, by the front desk unless another bearer (or None) is given."""

    async def send(bearer: str | None = desk, **given: Any) -> dict[str, Any]:
        given = {"name": "Huzaifa", "dob": "1990-01-01"} | given
        return await _payload(ask, patients, REGISTER, bearer, given)

    return send


@pytest.fixture
def sign_up(register) -> Callable[..., Awaitable[dict[str, Any]]]:
    async def send(bearer: str | None = None, **given: Any) -> dict[str, Any]:
        return await register(bearer, **{"email": "huzaifa@example.com", "password": GOOD_PASSWORD} | given)

    return send


@pytest.fixture
def change(patients, ask, desk) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The payload of updatePatient, by the front desk unless another bearer is given."""

    async def send(id: str, bearer: str | None = desk, **given: Any) -> dict[str, Any]:
        return await _payload(ask, patients, UPDATE, bearer, {"id": id, **given})

    return send


async def _payload(ask, patients, document, bearer, given) -> dict[str, Any]:
    """The payload; for an error outside of it, `{"error": its code}`."""
    answer = await ask(patients.subgraph, document, bearer, input=given)
    if "errors" in answer:
        assert answer["data"] is None or set(answer["data"].values()) == {None}
        return {
            "error": answer["errors"][0].get("extensions", {}).get("code"),
            "message": answer["errors"][0]["message"],
        }
    [payload] = answer["data"].values()
    return payload


@pytest.fixture
def look(patients, ask, desk) -> Callable[..., Awaitable[dict[str, Any] | None]]:
    """What `patient(id)` gives, to the front desk unless another bearer is given."""

    async def send(id: str, bearer: str | None = desk) -> dict[str, Any] | None:
        answer = await ask(patients.subgraph, PATIENT, bearer, id=id)
        assert "errors" not in answer
        return answer["data"]["patient"]

    return send


@pytest.fixture
def find(patients, ask, desk) -> Callable[..., Awaitable[list[str]]]:
    """The names that a search gives, in order, to the front desk unless another bearer is given."""

    async def send(search: str | None = None, bearer: str | None = desk) -> list[str]:
        document = "query ($search: String) { patients(search: $search, first: 100) { nodes { name } totalCount } }"
        answer = await ask(patients.subgraph, document, bearer, search=search)
        assert "errors" not in answer, answer
        found = answer["data"]["patients"]
        assert found["totalCount"] == len(found["nodes"])
        return [node["name"] for node in found["nodes"]]

    return send


@pytest.fixture
def announced(patients, announced_by) -> Callable[[], Awaitable[list[Envelope]]]:
    """Every event so far, oldest first."""

    return lambda: announced_by(patients.base)
