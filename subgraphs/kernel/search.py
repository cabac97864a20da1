"""Searching names by the beginnings of their words, whatever the case and the accents."""

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, and_

from subgraphs.kernel.errors import BadUserInput

MAXIMUM_WORD = 40
MAXIMUM_SORT_KEY = MAXIMUM_SEARCH = 200


_FOLDED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take for others with a mark, though people who have no such key do."""


def normalise(text: str) -> str:
    """Case-folded, without accents and joiners, words parted by one space: what is compared and sorted by.

    What is kept of it stands in databases: who changes this adds revisions (`refolding.py`).
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_FOLDED)
    letters = (character for character in decomposed if not _goes(character))
    return " ".join("".join(letter if _stands_in_words(letter) else " " for letter in letters).split())


def _goes(character: str) -> bool:
    return bool(unicodedata.combining(character)) or unicodedata.category(character) == "Cf"


def words(text: str) -> list[str]:
    """The distinct words of a text, each cut to what an index keeps."""
    return sorted({word[:MAXIMUM_WORD] for word in normalise(text).split()})


def _stands_in_words(character: str) -> bool:
    """Letters, digits, the vowel signs of Indic scripts; `%` and `_`, which are no wildcards here."""
    return character.isalnum() or character in "%_" or unicodedata.category(character).startswith("M")


def next_prefix(prefix: str) -> str:
    """The least text that sorts after every text beginning with `prefix` (for `>= prefix AND < next`)."""
    return prefix + "\U0010ffff"


def begins_with(column: Any, prefix: str) -> ColumnElement[bool]:
    """The condition that the words of an indexed column begin so."""
    return and_(column >= prefix, column < next_prefix(prefix))


def search_text(search: str | None) -> str | None:
    """What is searched for; None for a blank search. Raises BadUserInput for one that is too long."""
    text = (search or "").strip()
    if len(text) > MAXIMUM_SEARCH:
        raise BadUserInput(f"`search` has {MAXIMUM_SEARCH} characters at most.")
    return text or None


def sort_key(text: str) -> str:
    """What a name is sorted by, and texts compared by, cut to what an index keeps."""
    return normalise(text)[:MAXIMUM_SORT_KEY].rstrip()
