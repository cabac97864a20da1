"""Records as a component."""

from functools import partial

from hospital.components.building import House
from hospital.components.wired import Wired
from hospital.preparing import fill_codes
from subgraphs.kernel.foundation import Foundation
from subgraphs.records.app import build


def wire(house: House, base: Foundation) -> Wired:
    domain = build(base)
    return Wired(domain, prepare=[partial(fill_codes, domain.service)])
