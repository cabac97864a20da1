"""Wiring appointments."""

from dataclasses import dataclass

from subgraphs.appointments import copies
from subgraphs.appointments.context import Context
from subgraphs.appointments.schema import make_schema
from subgraphs.appointments.service import AppointmentService
from subgraphs.appointments.stream import ChangeSignal, ChangeStream
from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.principal import Principal


@dataclass(frozen=True)
class AppointmentsDomain:
    """What the composition root needs of appointments; whoever runs it starts the stream and stops it."""

    base: Foundation
    service: AppointmentService
    subgraph: Subgraph
    subscribers: tuple[Subscriber, ...]
    stream: ChangeStream


def build(base: Foundation) -> AppointmentsDomain:
    signal = ChangeSignal()
    service, stream = AppointmentService(base, signal), ChangeStream(base.database, signal, base.clock)

    def context(principal: Principal | None) -> Context:
        return Context(principal, service, stream)

    subgraph = Subgraph(base.name, make_schema(), context, base.tokens, base.denials)
    return AppointmentsDomain(base, service, subgraph, (copies.subscriber(base),), stream)
