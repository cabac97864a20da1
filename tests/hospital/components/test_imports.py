"""A component imports what it runs and nothing of its neighbours: each process pays for what it imports."""

import pytest

from hospital.names import NAMES
from tests.hospital.components.importing import Row, imported_by

_MODULES_OF_A_DOMAIN = ("app", "schema", "service", "tables", "copies")

_COMMAND: Row = ("hospital.command_line",)
_ROUTER: Row = (*_COMMAND, "hospital.commands.router")
_SUBGRAPHS: dict[str, Row] = {
    name: (*_COMMAND, "hospital.commands.subgraph", f"hospital.components.wiring.{name}") for name in NAMES
}
_WORKERS: dict[str, Row] = {
    name: (*_COMMAND, "hospital.commands.worker", f"hospital.components.work.{name}") for name in ("relay", "senders")
}

Imported = dict[Row, set[str]]


@pytest.fixture(scope="module")
def imported() -> Imported:
    return imported_by([_COMMAND, _ROUTER, *_SUBGRAPHS.values(), *_WORKERS.values()])


def domains_in(modules: set[str]) -> set[str]:
    """Those of which more than the events and the rules was imported."""
    return {name for name in NAMES for part in _MODULES_OF_A_DOMAIN if f"subgraphs.{name}.{part}" in modules}


def parts_of_the_router_in(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith(("router.planner", "router.executor", "router.pipeline"))}


@pytest.mark.parametrize("name", NAMES)
def test_a_subgraph_imports_its_own_domain_alone(name: str, imported: Imported):
    modules = imported[_SUBGRAPHS[name]]
    assert domains_in(modules) == {name}
    assert not parts_of_the_router_in(modules)
    assert modules.isdisjoint({"alembic", "aiokafka", "hospital.runtime", "google.protobuf"})


def test_the_router_imports_no_domain(imported: Imported):
    modules = imported[_ROUTER]
    assert domains_in(modules) == set()
    assert parts_of_the_router_in(modules)
    assert modules.isdisjoint({"alembic", "aiokafka", "strawberry", "hospital.runtime", "google.protobuf"})


@pytest.mark.parametrize(("worker", "of"), [("relay", set()), ("senders", {"notifications"})])
def test_a_worker_imports_the_domains_that_it_works_for(worker: str, of: set[str], imported: Imported):
    modules = imported[_WORKERS[worker]]
    assert domains_in(modules) == of
    assert not parts_of_the_router_in(modules)


def test_a_command_imports_no_other_command(imported: Imported):
    assert not any(name.startswith("hospital.commands.") for name in imported[_COMMAND])
