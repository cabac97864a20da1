"""Appointments as a component."""

from hospital.components.building import House
from hospital.components.wired import Wired
from subgraphs.appointments.app import build
from subgraphs.kernel.foundation import Foundation


def wire(house: House, base: Foundation) -> Wired:
    domain = build(base)
    return Wired(domain, closing=[domain.stream.stop])
