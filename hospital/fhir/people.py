"""Names, contacts and addresses as FHIR has them, in one line each as the hospital keeps them."""

from collections.abc import Iterable, Sequence

from hospital.fhir.elements import Address, ContactPoint, HumanName, Unreadable

_NAME_USES = ("official", "usual", None, "temp", "nickname", "anonymous", "old", "maiden")
_ADDRESS_USES = ("home", None, "work", "temp", "billing")
_LAST_RANK = 99


def one_line(parts: Iterable[str | None], separator: str = " ") -> str:
    """The parts that are there, their white space and line breaks made single spaces."""
    words = (" ".join(part.split()) for part in parts if part)
    return separator.join(word for word in words if word)


def full_name(names: Sequence[HumanName]) -> str:
    """The official name where there is one. Raises Unreadable where nobody is named."""
    for name in sorted(names, key=lambda name: _place(_NAME_USES, name.use)):
        text = one_line([name.text]) or one_line([*name.prefix, *name.given, name.family, *name.suffix])
        if text:
            return text
    raise Unreadable("there is no name")


def telephone(contacts: Sequence[ContactPoint]) -> str | None:
    """As it is written: the preferred by rank, else a mobile one, else the first that is not old."""
    return _first(contacts, "phone")


def email(contacts: Sequence[ContactPoint]) -> str | None:
    return _first(contacts, "email")


def address(addresses: Sequence[Address]) -> str | None:
    current = [address for address in addresses if address.use != "old"]
    for found in sorted(current, key=lambda address: _place(_ADDRESS_USES, address.use)):
        town = one_line([found.city, found.state, found.postal_code])
        if text := one_line([found.text]) or one_line([*found.line, town, found.country], ", "):
            return text
    return None


def _first(contacts: Sequence[ContactPoint], system: str) -> str | None:
    wanted = [contact for contact in contacts if contact.system == system and contact.value and contact.use != "old"]
    wanted.sort(key=lambda contact: (contact.rank or _LAST_RANK, contact.use != "mobile"))
    return wanted[0].value if wanted else None


def _place(uses: Sequence[str | None], use: str | None) -> int:
    return uses.index(use) if use in uses else len(uses)
