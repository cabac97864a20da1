"""Text that people give: how long it may be, and that all of it can be read."""

import unicodedata

from subgraphs.kernel.errors import InvalidInput

_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_BREAKS = "\n\r\t"


def one_line(text: str, what: str, maximum: int, *field: str) -> str:
    """Without blanks around it. Raises InvalidInput for nothing, too much, and what does not stand on one line."""
    kept = text.strip()
    if not 1 <= len(kept) <= maximum or not is_printable(kept):
        raise InvalidInput(f"{what} is one line of 1 to {maximum} characters.", *field)
    return kept


def name(text: str, what: str, maximum: int, *field: str) -> str:
    """A line with a letter or a digit in it, whatever the script. Raises InvalidInput."""
    kept = text.strip()
    if len(kept) > maximum or not is_printable(kept) or not any(map(str.isalnum, kept)):
        raise InvalidInput(f"{what} is one line of 1 to {maximum} characters, with a letter or a digit.", *field)
    return kept


def lines(text: str | None, what: str, maximum: int, *field: str) -> str | None:
    """Without blanks around it; nothing where nothing is left. It may have several lines. Raises InvalidInput."""
    kept = (text or "").strip()
    if len(kept) > maximum or not is_printable(kept, _BREAKS):
        raise InvalidInput(f"{what} has {maximum} printable characters at most.", *field)
    return kept or None


def is_printable(text: str, besides: str = "") -> bool:
    """Whether it holds no control character, no break of a line, and no half of a character, but those `besides`."""
    return all(character in besides or unicodedata.category(character) not in _UNPRINTABLE for character in text)


def is_text(text: str) -> bool:
    """Whether it is Unicode at all: a lone surrogate is none, and no database takes it."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
