"""Doctors as a component."""

from hospital.components.building import House
from hospital.components.wired import Wired
from subgraphs.doctors.app import build
from subgraphs.kernel import calls
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.peers import RemoteLogins


def wire(house: House, base: Foundation) -> Wired:
    domain = build(base, RemoteLogins(house.peer("accounts", base.name)))
    return Wired(domain, answered=calls.of_owner(domain.service))
