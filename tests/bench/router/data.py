"""What the four subgraphs of a library hold, made up by arithmetic so that it is the same on every machine."""

from collections.abc import Callable, Mapping
from typing import Any

_WORDS = ("anchor", "birch", "candle", "ebony", "fable", "harbour", "juniper", "lantern", "pebble", "saffron", "violet")
_READERS = ("Ines Bravo", "Tomas Reyes", "Wanda Kowal", "Priya Nair", "Lars Holm", "Aiko Mori")
_BOOKS = ("Tides", "Salt", "Maps", "Glass", "Ferns", "Clay", "Rivers", "Stone", "Wool")
_OPINION_LENGTHS_AND_BOOKS = (
    *((445, 1), (291, 1), (274, 1), (145, 1)),
    *((445, 2), (291, 2), (274, 2), (145, 2)),
    *((145, 3), (145, 4), (848, 4)),
)
_WRITES = 2
"""How many of the opinions any reader is said to have written."""

Entity = dict[str, Any]
FindEntity = Callable[[Mapping[str, Any]], Entity | None]


def _text(length: int, seed: int) -> str:
    words, size = [], 0
    while size <= length:
        seed = (seed * 48_271 + 11) % 2_147_483_647
        words.append(_WORDS[seed % len(_WORDS)])
        size += len(words[-1]) + 1
    return " ".join(words)[: length - 1] + "."


def _handle(name: str) -> str:
    return name.lower().replace(" ", "")


_readers = {
    str(number): {"id": str(number), "name": name, "handle": _handle(name), "joined": 1_990 + number}
    for number, name in enumerate(_READERS, 1)
}
_books = {
    str(number): {"isbn": str(number), "title": title, "pages": 90 * number, "grams": 210 * number}
    for number, title in enumerate(_BOOKS, 1)
}
_writer: Entity = {"__typename": "Reader", "id": "1", "handle": _handle(_READERS[0])}
_judged: dict[str, Entity] = {isbn: {"__typename": "Book", "isbn": isbn, "opinions": []} for isbn in _books}
_opinions: list[Entity] = [
    {"id": str(number), "text": _text(length, number), "book": _judged[str(book)], "writer": _writer}
    for number, (length, book) in enumerate(_OPINION_LENGTHS_AND_BOOKS, 1)
]
_writer["opinions"] = _opinions[:_WRITES]
for _opinion in _opinions:
    _opinion["book"]["opinions"].append(_opinion)


def _volume(id: str) -> Entity:
    number = int(id)
    return {
        "id": id,
        "title": f"Volume {id}",
        "pages": 100 + number,
        "summary": _text(140, number),
        "onShelf": number % 3 > 0,
        "copies": number * 3 % 50,
        "room": f"R{number % 7}",
        "stars": (number * 7 % 41) / 10 + 0.5,
        "opinionCount": number * 13 % 200,
    }


def _stocked(book: Mapping[str, Any]) -> Entity:
    postage = 3 * book["grams"] // 100 + book["pages"] // 50 if "grams" in book and "pages" in book else None
    return {"isbn": book["isbn"], "onShelf": int(book["isbn"]) % 4 > 0, "postage": postage}


def _judging(reader: Mapping[str, Any]) -> Entity:
    return {"id": reader["id"], "handle": "of another subgraph", "opinions": _opinions[:_WRITES]}


def _volume_of(known: Mapping[str, Any]) -> Entity:
    return _volume(known["id"])


ROOTS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "readers": {"readers": lambda *_: list(_readers.values()), "reader": lambda *_, id: _readers.get(id)},
    "catalogue": {
        "newBooks": lambda *_, first: list(_books.values())[:first],
        "volume": lambda *_, id: _volume(id),
        "volumes": lambda *_, first: [_volume(str(number)) for number in range(1, first + 1)],
    },
    "shelves": {"rooms": lambda *_: [f"R{number}" for number in range(7)]},
    "opinions": {"opinion": lambda *_, id: _opinions[int(id) - 1]},
}
ENTITIES: Mapping[str, Mapping[str, FindEntity]] = {
    "readers": {"Reader": lambda known: _readers.get(known["id"])},
    "catalogue": {"Book": lambda known: _books.get(known["isbn"]), "Volume": _volume_of},
    "shelves": {"Book": _stocked, "Volume": _volume_of},
    "opinions": {
        "Reader": _judging,
        "Book": lambda known: _judged[known["isbn"]],
        "Volume": _volume_of,
        "Opinion": lambda known: _opinions[int(known["id"]) - 1],
    },
}
