"""Searching names by the beginnings of their words, whatever the case and the accents."""

import unicodedata

MAXIMUM_WORD = 40


def normalise(text: str) -> str:
    """Case-folded, without accents, words parted by one space: what is compared and sorted by."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = (character for character in decomposed if not unicodedata.combining(character))
    return " ".join("".join(letter if _stands_in_words(letter) else " " for letter in letters).split())


def words(text: str) -> list[str]:
    """The distinct words of a text, each cut to what an index keeps."""
    return sorted({word[:MAXIMUM_WORD] for word in normalise(text).split()})


def _stands_in_words(character: str) -> bool:
    """Letters, digits, the vowel signs of Indic scripts; `%` and `_`, which are no wildcards here."""
    return character.isalnum() or character in "%_" or unicodedata.category(character).startswith("M")


def next_prefix(prefix: str) -> str:
    """The least text that sorts after every text beginning with `prefix` (for `>= prefix AND < next`)."""
    return prefix + "\U0010ffff"
