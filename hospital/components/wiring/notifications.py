"""Notifications as a component."""

from hospital.components.building import House
from hospital.components.wired import Wired
from hospital.mail_waiting import mail_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.peers import RemoteLinks
from subgraphs.notifications.app import build


def wire(house: House, base: Foundation) -> Wired:
    domain = build(base, RemoteLinks(house.peer("accounts", base.name)))
    return Wired(domain, measures={"mail": mail_of(base)}, prepare=[domain.service.write_defaults])
