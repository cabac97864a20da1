"""Audit as a component."""

from hospital.components.building import House
from hospital.components.wired import Wired
from hospital.secret import heads_key
from subgraphs.audit.app import build
from subgraphs.audit.heads import HeadsFile
from subgraphs.kernel.foundation import Foundation


def wire(house: House, base: Foundation) -> Wired:
    return Wired(build(base, HeadsFile(house.folder.audit_heads, heads_key(house.secret()))))
