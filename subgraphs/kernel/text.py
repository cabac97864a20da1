"""Text that people give: how long it may be, and that all of it can be read."""

import unicodedata

from subgraphs.kernel.errors import InvalidInput

_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_UNSEEN = frozenset(
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
    "\u034f\u115f\u1160\u2800\u3164\uffa0"
)
"""Nothing but room, or turning what follows round: two texts that look alike would differ, or one look like another.

Not the joiners (U+200C, U+200D), without which Persian and the scripts of India cannot be spelt.
"""
_AROUND = "".join([*filter(str.isspace, map(chr, range(0x3001))), *_UNSEEN])
_BREAKS = "\n\r\t"


def one_line(text: str, what: str, maximum: int, *field: str) -> str:
    """Without blanks and what is not seen around it.

    Raises InvalidInput for nothing, too much, what does not stand on one line, and what is not seen inside.
    """
    kept = text.strip(_AROUND)
    if not 1 <= len(kept) <= maximum or not is_printable(kept):
        raise InvalidInput(f"{what} is one line of 1 to {maximum} characters.", *field)
    return _all_seen(kept, what, *field)


def name(text: str, what: str, maximum: int, *field: str) -> str:
    """A line with a letter or a digit in it, whatever the script. Raises InvalidInput."""
    kept = text.strip(_AROUND)
    if len(kept) > maximum or not is_printable(kept) or not any(map(str.isalnum, kept)):
        raise InvalidInput(f"{what} is one line of 1 to {maximum} characters, with a letter or a digit.", *field)
    return _all_seen(kept, what, *field)


def lines(text: str | None, what: str, maximum: int, *field: str) -> str | None:
    """Without blanks around it; nothing where nothing is left. It may have several lines. Raises InvalidInput.

    What is not seen may stand inside: it comes with text that is pasted, and nobody is known by a note.
    """
    kept = (text or "").strip(_AROUND)
    if len(kept) > maximum or not is_printable(kept, _BREAKS):
        raise InvalidInput(f"{what} has {maximum} printable characters at most.", *field)
    return kept or None


def is_printable(text: str, besides: str = "") -> bool:
    """Whether there is no control character, break of a line or half of a character in it, but for those `besides`."""
    return not any(unicodedata.category(each) in _UNPRINTABLE and each not in besides for each in text)


def is_plain(text: str) -> bool:
    """Printable, and all of it is seen."""
    return is_printable(text) and not any(map(_is_unseen, text))


def _all_seen(text: str, what: str, *field: str) -> str:
    unseen = next(filter(_is_unseen, text), None)
    if unseen is not None:
        raise InvalidInput(f"{what} holds a character that is not seen (U+{ord(unseen):04X}).", *field)
    return text


def _is_unseen(character: str) -> bool:
    return character in _UNSEEN or _is_tag(character)


def _is_tag(character: str) -> bool:
    """Among the tags, but for the selectors that say which form of a character a Japanese name is written with."""
    return "\U000e0000" <= character <= "\U000e0fff" and not "\U000e0100" <= character <= "\U000e01ef"


def is_text(text: str) -> bool:
    """Whether it is Unicode at all: a lone surrogate is none, and no database takes it."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
