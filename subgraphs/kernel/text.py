"""Text that people give: how long it may be, and that all of it can be read."""

import unicodedata

from subgraphs.kernel.errors import InvalidInput

_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_UNSEEN = frozenset(
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
)
"""Without width, or turning what follows them round: two texts that look alike would differ, or one look like another.

Not the joiners (U+200C, U+200D), without which Persian and the scripts of India cannot be spelt.
"""
_BREAKS = "\n\r\t"


def one_line(text: str, what: str, maximum: int, *field: str) -> str:
    """Without blanks around it. Raises InvalidInput for nothing, too much, and what does not stand on one line."""
    kept = text.strip()
    if not 1 <= len(kept) <= maximum or not is_plain(kept):
        raise InvalidInput(f"{what} is one line of 1 to {maximum} characters.", *field)
    return kept


def name(text: str, what: str, maximum: int, *field: str) -> str:
    """A line with a letter or a digit in it, whatever the script. Raises InvalidInput."""
    kept = text.strip()
    if len(kept) > maximum or not is_plain(kept) or not any(map(str.isalnum, kept)):
        raise InvalidInput(f"{what} is one line of 1 to {maximum} characters, with a letter or a digit.", *field)
    return kept


def lines(text: str | None, what: str, maximum: int, *field: str) -> str | None:
    """Without blanks around it; nothing where nothing is left. It may have several lines. Raises InvalidInput.

    What is not seen may stand in it: it comes with text that is pasted, and nobody is known by a note.
    """
    kept = (text or "").strip()
    if len(kept) > maximum or not is_printable(kept, _BREAKS):
        raise InvalidInput(f"{what} has {maximum} printable characters at most.", *field)
    return kept or None


def is_printable(text: str, besides: str = "") -> bool:
    """Whether there is no control character, break of a line or half of a character in it, but for those `besides`."""
    return not any(unicodedata.category(each) in _UNPRINTABLE and each not in besides for each in text)


def is_plain(text: str) -> bool:
    """Printable, and all of it is seen."""
    return is_printable(text) and not any(each in _UNSEEN or _is_tag(each) for each in text)


def _is_tag(character: str) -> bool:
    """Without width, and no part of any writing."""
    return "\U000e0000" <= character <= "\U000e0fff"


def is_text(text: str) -> bool:
    """Whether it is Unicode at all: a lone surrogate is none, and no database takes it."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
