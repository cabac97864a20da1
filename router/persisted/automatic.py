"""Texts by their hash, as clients have sent them: those used last, as many and as long as allowed."""

from collections import OrderedDict


class AutomaticStore:
    def __init__(self, most: int, most_characters: int) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._most, self._most_characters = most, most_characters
        self._characters = 0

    def get(self, hash_: str) -> str | None:
        text = self._texts.get(hash_)
        if text is not None:
            self._texts.move_to_end(hash_)
        return text

    def keep(self, hash_: str, text: str) -> None:
        if hash_ in self._texts:
            return
        self._texts[hash_] = text
        self._characters += len(text)
        while len(self._texts) > self._most or self._characters > self._most_characters:
            _, dropped = self._texts.popitem(last=False)
            self._characters -= len(dropped)
