"""Wiring doctors."""

from dataclasses import dataclass

from subgraphs.doctors.context import Context
from subgraphs.doctors.schema import make_schema
from subgraphs.doctors.service import DoctorService
from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.signup import Logins


@dataclass(frozen=True)
class DoctorsDomain:
    """What the composition root needs of doctors. The service is accounts' SubjectOwner of doctors."""

    base: Foundation
    service: DoctorService
    subgraph: Subgraph
    subscribers: tuple[Subscriber, ...] = ()


def build(base: Foundation, logins: Logins) -> DoctorsDomain:
    service = DoctorService(base, logins)

    def context(principal: Principal | None) -> Context:
        return Context(principal, service)

    subgraph = Subgraph(base.name, make_schema(), context, base.tokens, base.denials)
    return DoctorsDomain(base, service, subgraph)
