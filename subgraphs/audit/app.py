"""Wiring audit."""

from dataclasses import dataclass

from subgraphs.audit.context import Context
from subgraphs.audit.heads import Heads
from subgraphs.audit.schema import make_schema
from subgraphs.audit.service import RECHECKED, AuditService
from subgraphs.kernel.events import topic_of
from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.principal import Principal

CONSUMER = "audit.trail"
AUDITED = ("accounts", "patients", "doctors", "appointments", "records", "billing", "notifications", "audit")


@dataclass(frozen=True)
class AuditDomain:
    """What the composition root needs of audit."""

    base: Foundation
    service: AuditService
    subgraph: Subgraph
    subscribers: tuple[Subscriber, ...]


def build(base: Foundation, heads: Heads, *, recheck: int = RECHECKED) -> AuditDomain:
    """`recheck`: how many of the newest events `auditChain` checks again though they were verified before."""
    service = AuditService(base, heads, recheck)

    def context(principal: Principal | None) -> Context:
        return Context(principal, service)

    topics = tuple(topic_of(domain) for domain in AUDITED)
    subscriber = Subscriber(CONSUMER, topics, base.database, base.clock, service.record)
    subgraph = Subgraph(base.name, make_schema(), context, base.tokens, base.denials)
    return AuditDomain(base, service, subgraph, (subscriber,))
