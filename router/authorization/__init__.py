"""Who may see what: the needs of types and fields, and what of an operation is withheld from a caller."""

from router.authorization.holding import PolicyCheck, held_by, held_guards, no_policies, with_claim
from router.authorization.needs import Needs
from router.authorization.refusal import refusing
from router.authorization.withholding import guards_of, withhold

__all__ = [
    "Needs",
    "PolicyCheck",
    "guards_of",
    "held_by",
    "held_guards",
    "no_policies",
    "refusing",
    "with_claim",
    "withhold",
]
