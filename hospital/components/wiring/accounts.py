"""Accounts as a component."""

from functools import partial

from hospital.components.building import House
from hospital.components.wired import Wired
from hospital.preparing import check_secret
from subgraphs.accounts.app import build
from subgraphs.accounts.oauth import oauth_app
from subgraphs.kernel import calls
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.peers import RemoteOwner
from subgraphs.kernel.principal import RoleName


def wire(house: House, base: Foundation) -> Wired:
    domain = build(base, house.secret())
    domain.owners.add(RoleName.PATIENT, RemoteOwner(house.peer("patients", "accounts")))
    domain.owners.add(RoleName.DOCTOR, RemoteOwner(house.peer("doctors", "accounts")))
    asked = calls.of_logins(domain.service) | calls.of_links(domain.service)
    return Wired(
        domain,
        answered=asked | calls.of_keys(domain.published_keys.document),
        routes=oauth_app(domain.service).routes,
        prepare=[partial(check_secret, domain.service), domain.service.rotate_keys],
    )
