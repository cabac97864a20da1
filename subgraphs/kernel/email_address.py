"""The form of an e-mail address, the same wherever one is given: who may be a patient's contact may have a login."""

import re

from subgraphs.kernel.errors import InvalidInput

MAXIMUM = 254

_ODD = r"""\s@<>()\[\]\\,;:\""""
_FORM = re.compile(rf"[^{_ODD}]{{1,64}}@([^{_ODD}.]{{1,63}}\.)+[^{_ODD}.]{{1,63}}")


def email_address(text: str, *field: str) -> str:
    """As it was written, without blanks around it. Raises InvalidInput for what is no address."""
    kept = text.strip()
    if not may_be_address(kept) or _FORM.fullmatch(kept) is None:
        raise InvalidInput("An e-mail address is written like name@example.com.", *field)
    return kept


def compared(text: str) -> str:
    """What addresses are compared by, and logins kept by; of any text, though it be no address."""
    return text.strip().lower()


def may_be_address(text: str) -> bool:
    """Whether it is worth looking for: what is too long or cannot be printed is nobody's."""
    return len(text) <= MAXIMUM and text.isprintable()
