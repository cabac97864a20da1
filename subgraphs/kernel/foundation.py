"""What every domain stands on, made once per domain by whoever starts it."""

from dataclasses import dataclass, field
from typing import Self

from subgraphs.kernel.arrivals import Arrivals
from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.denials import DenialLog
from subgraphs.kernel.outbox import Outbox
from subgraphs.kernel.settings import Settings
from subgraphs.kernel.tokens import TokenChecker


@dataclass(frozen=True)
class Foundation:
    name: str
    database: Database
    settings: Settings
    clock: Clock
    tokens: TokenChecker
    outbox: Outbox
    denials: DenialLog
    arrivals: Arrivals = field(default_factory=Arrivals)

    @classmethod
    def of(cls, name: str, database: Database, settings: Settings, clock: Clock, tokens: TokenChecker) -> Self:
        outbox = Outbox(name, clock)
        return cls(name, database, settings, clock, tokens, outbox, DenialLog(database, outbox, clock))
