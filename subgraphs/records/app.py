"""Wiring records."""

from dataclasses import dataclass

from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.principal import Principal
from subgraphs.records import copies
from subgraphs.records.context import Context
from subgraphs.records.schema import make_schema
from subgraphs.records.service import RecordService


@dataclass(frozen=True)
class RecordsDomain:
    """What the composition root needs of records."""

    base: Foundation
    service: RecordService
    subgraph: Subgraph
    subscribers: tuple[Subscriber, ...]


def build(base: Foundation) -> RecordsDomain:
    service = RecordService(base)

    def context(principal: Principal | None) -> Context:
        return Context(principal, service)

    subgraph = Subgraph(base.name, make_schema(), context, base.tokens, base.denials)
    return RecordsDomain(base, service, subgraph, (copies.subscriber(base),))
