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


@pytest.mark.parametrize("name", NAMES)
def test_a_subgraph_imports_its_own_domain_alone(name: str):
    modules = imported_by("hospital.command_line", "hospital.commands.components", f"hospital.components.wiring.{name}")
    assert domains_in(modules) == {name}
    assert modules.isdisjoint({"alembic", "aiokafka", "hospital.runtime"})


def test_what_starts_any_component_imports_no_domain():
    modules = imported_by("hospital.command_line", "hospital.commands.components", "hospital.components.router")
    assert domains_in(modules) == set()
    assert modules.isdisjoint({"alembic", "aiokafka", "hospital.runtime"})


@pytest.mark.parametrize(("worker", "of"), [("relay", set()), ("senders", {"notifications"})])
def test_a_worker_imports_the_domains_that_it_works_for(worker: str, of: set[str]):
    assert domains_in(imported_by(f"hospital.components.work.{worker}")) == of


def test_a_command_imports_no_other_command():
    assert not any(name.startswith("hospital.commands.") for name in imported_by("hospital.command_line"))
