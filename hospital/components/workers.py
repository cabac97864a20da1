"""The workers as processes: what each runs until it is told to stop."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TypeAlias

from hospital.components.building import House
from hospital.components.needs import check_database
from hospital.components.wired import Domain
from hospital.problems import CannotDo
from router.entrypoints.metrics import Measure
from subgraphs.kernel.database import Database
from workers.draining import Runner
from workers.kafka.saying import say_less
from workers.kafka.settings import ORDINAL

_BUILDERS = {
    "relay": ("relay", "relay"),
    "copies": ("consumers", "copies"),
    "audit-trail": ("consumers", "audit_trail"),
    "email": ("senders", "email"),
    "sms": ("senders", "sms"),
    "timers": ("timers", "timers"),
}
"""By name, the module of hospital.components.work, imported where that worker runs, and what builds it there."""

WORKERS = tuple(_BUILDERS)
"""None of them is named as a domain is."""

_WORK = "hospital.components.work"
MODULES = frozenset(f"{_WORK}.{module}" for module, _ in _BUILDERS.values())

FINISHED_WITHIN_SECONDS = 30.0
"""A mail or a job in hand."""

Need: TypeAlias = Callable[[], Awaitable[None]]
Closing: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Worker:
    """What is asked for first, what then runs, and what is closed when all of that has ended."""

    runners: Sequence[Runner]
    closing: Sequence[Closing]
    needs: Sequence[Need]
    """Each raises CannotDo where something is not there."""

    databases: Mapping[str, Database]
    """By domain: what it works on, and is not ready without."""

    measures: Mapping[str, Measure] = field(default_factory=dict)
    drained_within_seconds: float = 8.0
    """What still runs then is cancelled: a broker that is away hears no stop, and what waits for it does not either."""


def worker(house: House, name: str, ordinal: str | None) -> Worker:
    """`ordinal` is that of the settings where none is given. Raises CannotDo."""
    if name not in _BUILDERS:
        raise CannotDo(f"There is no worker {name}: it is one of {', '.join(WORKERS)}.")
    if ordinal is not None and not re.fullmatch(ORDINAL, ordinal):
        raise CannotDo(f"--ordinal {ordinal}: it has 1 to 32 letters, digits, dots, hyphens and underscores.")
    module, builder = _BUILDERS[name]
    build: Callable[[House, str | None], Worker] = getattr(import_module(f"{_WORK}.{module}"), builder)
    say_less("aiokafka")
    return build(house, ordinal)


def databases_of(domains: Iterable[Domain]) -> dict[str, Database]:
    return {domain.base.name: domain.base.database for domain in domains}


def reachable(databases: Mapping[str, Database]) -> list[Need]:
    return [partial(check_database, name, database) for name, database in databases.items()]
