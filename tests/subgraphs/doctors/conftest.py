"""Doctors under test: a small accounts of its own, and the ways a test changes and looks."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from subgraphs.doctors.app import DoctorsDomain, build
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.principal import RoleName
from tests.subgraphs.logins import GOOD_PASSWORD, LoginsInMemory

HOURS = "availability { day startTime endTime }"
LEAVE = "leave { id from to reason }"
DOCTOR = (
    f"id name email specialty department {{ id name }} consultationFee timeZone slotMinutes active {HOURS} {LEAVE}"
    " version createdAt updatedAt"
)
MUTATIONS = {
    "registerDoctor": "RegisterDoctorInput",
    "updateDoctor": "UpdateDoctorInput",
    "setAvailability": "SetAvailabilityInput",
    "addLeave": "AddLeaveInput",
    "removeLeave": "RemoveLeaveInput",
    "deactivateDoctor": "DeactivateDoctorInput",
}
MONDAY = {"day": "MONDAY", "startTime": "09:00", "endTime": "17:00"}


@pytest.fixture
def logins() -> LoginsInMemory:
    return LoginsInMemory(RoleName.DOCTOR)


@pytest.fixture
async def doctors(make_base, logins) -> DoctorsDomain:
    return build(await make_base("doctors", time_zone="Asia/Kolkata"), logins)


@pytest.fixture
def admin(signer) -> str:
    return signer.bearer("ADMIN")


@pytest.fixture
def query(doctors, ask) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The data of a query, to nobody in particular unless a bearer is given."""

    async def send(document: str, bearer: str | None = None, **variables: Any) -> dict[str, Any]:
        answer = await ask(doctors.subgraph, document, bearer, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    return send


@pytest.fixture
async def make_department(doctors, ask, admin) -> Callable[..., Awaitable[str]]:
    async def make(name: str = "Medicine") -> str:
        document = "mutation ($name: String!) { createDepartment(input: {name: $name}) { department { id } } }"
        answer = await ask(doctors.subgraph, document, admin, name=name)
        return answer["data"]["createDepartment"]["department"]["id"]

    return make


@pytest.fixture
async def medicine(make_department) -> str:
    return await make_department()


@pytest.fixture
def change(doctors, ask, admin) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The payload of a mutation, by an ADMIN unless another bearer (or None) is given; or `{"error": code}`."""

    async def send(mutation: str, bearer: str | None = admin, **given: Any) -> dict[str, Any]:
        given = {name.rstrip("_"): value for name, value in given.items()}
        document = (
            f"mutation ($input: {MUTATIONS[mutation]}!) {{ {mutation}(input: $input)"
            f" {{ doctor {{ {DOCTOR} }} errors {{ code field message }} }} }}"
        )
        answer = await ask(doctors.subgraph, document, bearer, input=given)
        if "errors" in answer:
            return {"error": answer["errors"][0].get("extensions", {}).get("code")}
        return answer["data"][mutation]

    return send


@pytest.fixture
def register(change, medicine) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The payload of registerDoctor, by an ADMIN unless another bearer is given."""

    async def send(**given: Any) -> dict[str, Any]:
        usual = {
            "name": "Dr. Huzaifa",
            "email": "doctor@example.com",
            "password": GOOD_PASSWORD,
            "specialty": "Cardiology",
            "departmentId": medicine,
            "availability": [MONDAY],
        }
        return await change("registerDoctor", **usual | given)

    return send


@pytest.fixture
def new_doctor(register) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A doctor who was registered, with an e-mail made of the name."""

    async def make(name: str = "Dr. Huzaifa", **given: Any) -> dict[str, Any]:
        email = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
        payload = await register(name=name, **{"email": f"{email}@example.com"} | given)
        assert payload["errors"] == []
        return payload["doctor"]

    return make


@pytest.fixture
def look(query, admin) -> Callable[..., Awaitable[dict[str, Any] | None]]:
    """What `doctor(id)` gives, to an ADMIN unless another bearer (or None) is given."""

    async def send(id: str, bearer: str | None = admin) -> dict[str, Any] | None:
        return (await query(f"query ($id: ID!) {{ doctor(id: $id) {{ {DOCTOR} }} }}", bearer, id=id))["doctor"]

    return send


@pytest.fixture
def find(query) -> Callable[..., Awaitable[list[str]]]:
    """The names that `doctors` gives, in order."""

    async def send(**given: Any) -> list[str]:
        document = """
        query ($specialty: String, $departmentId: ID, $search: String) {
          doctors(specialty: $specialty, departmentId: $departmentId, search: $search, first: 100) {
            nodes { name } totalCount
          }
        }
        """
        found = (await query(document, **given))["doctors"]
        assert found["totalCount"] == len(found["nodes"])
        return [node["name"] for node in found["nodes"]]

    return send


@pytest.fixture
def announced(doctors, announced_by) -> Callable[[], Awaitable[list[Envelope]]]:
    """Every event so far, oldest first."""

    return lambda: announced_by(doctors.base)


def codes(payload: dict[str, Any]) -> list[tuple[str, list[str] | None]]:
    """The code and the field of each error of a payload that made or changed nothing."""
    assert payload["doctor"] is None
    return [(error["code"], error["field"]) for error in payload["errors"]]


@pytest.fixture(name="codes")
def _codes() -> Callable[[dict[str, Any]], list[tuple[str, list[str] | None]]]:
    return codes
