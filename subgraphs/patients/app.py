"""Wiring patients."""

from dataclasses import dataclass

from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.signup import Logins
from subgraphs.patients import copies
from subgraphs.patients.context import Context
from subgraphs.patients.loaders import Loaders
from subgraphs.patients.schema import make_schema
from subgraphs.patients.service import PatientService


@dataclass(frozen=True)
class PatientsDomain:
    """What the composition root needs of patients. The service is accounts' SubjectOwner of patients."""

    base: Foundation
    service: PatientService
    subgraph: Subgraph
    subscribers: tuple[Subscriber, ...]


def build(base: Foundation, logins: Logins) -> PatientsDomain:
    service = PatientService(base, logins)

    def context(principal: Principal | None) -> Context:
        return Context(principal, service, Loaders(base, principal))

    subgraph = Subgraph(base.name, make_schema(), context, base.tokens, base.denials)
    return PatientsDomain(base, service, subgraph, (copies.subscriber(base),))
