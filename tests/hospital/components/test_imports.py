"""A component imports what it runs and nothing of its neighbours: each process pays for what it imports."""

import subprocess
import sys

import pytest

from hospital.names import NAMES

_MODULES_OF_A_DOMAIN = ("app", "schema", "service", "tables", "copies")


def imported_by(*modules: str) -> set[str]:
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(said.stdout.split())


def domains_in(modules: set[str]) -> set[str]:
    """Those of which more than the events and the rules was imported."""
    return {name for name in NAMES for part in _MODULES_OF_A_DOMAIN if f"subgraphs.{name}.{part}" in modules}


def parts_of_the_router_in(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith(("router.planner", "router.executor", "router.pipeline"))}


@pytest.mark.parametrize("name", NAMES)
def test_a_subgraph_imports_its_own_domain_alone(name: str):
    modules = imported_by("hospital.command_line", "hospital.commands.subgraph", f"hospital.components.wiring.{name}")
    assert domains_in(modules) == {name}
    assert not parts_of_the_router_in(modules)
    assert modules.isdisjoint({"alembic", "aiokafka", "hospital.runtime", "google.protobuf"})


def test_the_router_imports_no_domain():
    modules = imported_by("hospital.command_line", "hospital.commands.router")
    assert domains_in(modules) == set()
    assert parts_of_the_router_in(modules)
    assert modules.isdisjoint({"alembic", "aiokafka", "strawberry", "hospital.runtime", "google.protobuf"})


@pytest.mark.parametrize(("worker", "of"), [("relay", set()), ("senders", {"notifications"})])
def test_a_worker_imports_the_domains_that_it_works_for(worker: str, of: set[str]):
    modules = imported_by("hospital.command_line", "hospital.commands.worker", f"hospital.components.work.{worker}")
    assert domains_in(modules) == of
    assert not parts_of_the_router_in(modules)


def test_a_command_imports_no_other_command():
    assert not any(name.startswith("hospital.commands.") for name in imported_by("hospital.command_line"))
