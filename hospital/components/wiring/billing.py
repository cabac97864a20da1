"""Billing as a component."""

from hospital.components.building import House
from hospital.components.wired import Wired
from subgraphs.billing.app import build
from subgraphs.kernel.foundation import Foundation


def wire(house: House, base: Foundation) -> Wired:
    return Wired(build(base))
