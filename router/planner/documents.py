"""The text of a fetch, and which of the operation's variables it uses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from router.planner.branches import Branch, Item
from router.planner.conditions import ALWAYS, Clause, Condition, left_of, variables_of
from router.planner.naming import RESERVED
from router.planner.selections import TYPENAME

MOST_TIMES = 16
"""A text is written once for each clause of a condition, and that within one another."""


@dataclass
class Writer:
    """Writes selection sets, each for when a `given` condition holds.

    What would be written too many times is asked without its condition, and so at times in vain. A mutation never is:
    it is given the very condition that its request stands under.
    """

    variables: set[str] = field(default_factory=set)

    def selection_set(self, branch: Branch, given: Condition, times: int = 1) -> str:
        return f"{{ {' '.join(self._parts(branch, given, times)) or _anything(branch)} }}"

    def _parts(self, branch: Branch, given: Condition, times: int) -> Iterator[str]:
        needs_type = bool(branch.types) and not branch.always_asks(TYPENAME)
        if needs_type:
            yield TYPENAME
        for key, item in branch.items.items():
            if not (needs_type and key == TYPENAME):
                yield self._field(item, given, times)
        for name, part in branch.types.items():
            inner = " ".join(self._parts(part, given, times))
            if inner:
                yield f"... on {name} {{ {inner} }}"

    def _field(self, item: Item, given: Condition, times: int) -> str:
        left = left_of(item.field.condition, given)
        if times * len(left) > MOST_TIMES:
            return self._item(item, given, times)
        return self._under(left, self._item(item, item.field.condition, times * len(left)))

    def _item(self, item: Item, given: Condition, times: int) -> str:
        self.variables |= item.field.variables
        alias = "" if item.alias == item.field.name else f"{item.alias}: "
        below = f" {self.selection_set(item.below, given, times)}" if item.below else ""
        return f"{alias}{item.field.name}{item.field.arguments}{below}"

    def _under(self, condition: Condition, text: str) -> str:
        if condition == ALWAYS:
            return text
        self.variables |= variables_of(condition)
        return " ".join(_fragment(clause, text) for clause in sorted(condition, key=sorted))


def _anything(branch: Branch) -> str:
    """What an interface object calls its type is not the type of the object."""
    return f"{RESERVED}type: {TYPENAME}" if branch.is_interface_object else TYPENAME


def _fragment(clause: Clause, text: str) -> str:
    for name, value in sorted(clause):
        text = f"... @{'include' if value else 'skip'}(if: ${name}) {{ {text} }}"
    return text


def operation(kind: str, declared: Mapping[str, str], body: str) -> str:
    """`declared` gives each variable its type and default, as in `{"id": "ID! = 1"}`."""
    variables = ", ".join(f"${name}: {type_}" for name, type_ in declared.items())
    if not variables:
        return body if kind == "query" else f"{kind} {body}"
    return f"{kind}({variables}) {body}"
