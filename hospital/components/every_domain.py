"""All domains of the hospital over their own databases, in one process."""

from typing import Any

from hospital.components.building import House
from hospital.domains import Domains
from hospital.names import NAMES


def domains_of(house: House) -> Domains:
    """Raises CannotDo."""
    built: dict[str, Any] = {name: house.domain(name) for name in NAMES}
    return Domains(**built, mailbox=house.mailbox())
