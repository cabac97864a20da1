"""Which parts of an operation are told later: each @defer, wherever it stands, makes a block with a number.

Block 0 is what is told first. A block has a higher number than the block around it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    StringValueNode,
    VariableNode,
    Visitor,
    visit,
)

from router.planner.conditions import NEVER, Condition, either
from router.planner.errors import PlanningError
from router.planner.nodes import Place
from router.planner.selections import Field, Selections

PRIMARY = 0
MOST_BLOCKS = 64
DEFER = "defer"


@dataclass(frozen=True, slots=True)
class Deferring:
    """When a document defers: `always`, or where one of the variables says so."""

    always: bool
    variables: frozenset[str]

    def switched_on(self, switches: Mapping[str, object]) -> frozenset[str] | None:
        """The variables that are on; None if nothing at all is deferred."""
        on = frozenset(name for name in self.variables if switches.get(name) is not False)
        return on if self.always or on else None


@dataclass(eq=False, slots=True)
class Block:
    """`on` says for which object types it counts (None: all of its place), and when.

    `borrows` are other blocks that fetch some of its fields, as they ask for them too.
    """

    number: int
    parent: int
    label: str | None
    place: Place
    type_name: str
    on: dict[str | None, Condition] = field(default_factory=dict)
    borrows: set[int] = field(default_factory=set)


class Blocks:
    """The blocks of one operation. Those `joined` are told apart, but fetched with the block around them."""

    def __init__(self, switched_on: frozenset[str], joined: frozenset[int] = frozenset()) -> None:
        self.found: dict[int, Block] = {}
        self._switched_on, self.joined = switched_on, joined
        self._numbers: dict[tuple[int, Place, int], int] = {}

    def enter(self, node: SelectionNode, parent: int, place: Place, type_name: str) -> Block | None:
        """The block that the fragment opens, if it does."""
        directive = defer_of(node)
        if directive is None or not self._is_on(directive):
            return None
        key = parent, place, id(node)
        if key not in self._numbers:
            number = self._numbers[key] = len(self._numbers) + 1
            if number > MOST_BLOCKS:
                raise PlanningError(f"The operation has more than {MOST_BLOCKS} deferred parts.")
            self.found[number] = Block(number, parent, _label(directive), place, type_name)
        return self.found[self._numbers[key]]

    def fetching(self, asked: Iterable[int]) -> int:
        """The block that fetches what all these ask for: the first, as none waits for one that comes later."""
        return min(self._placed(number) for number in asked)

    def _placed(self, number: int) -> int:
        while number in self.joined:
            number = self.found[number].parent
        return number

    def before(self, number: int) -> frozenset[int]:
        """The block and those around it, as far as they are fetched by themselves."""
        found = {self._placed(number)}
        while number != PRIMARY:
            number = self.found[number].parent
            found.add(self._placed(number))
        return frozenset(found)

    def shares(self, meanings: Iterable[Iterable[int]]) -> None:
        """Notes that blocks ask for one field, each perhaps for other types."""
        asked = {number for numbers in meanings for number in numbers}
        first = self.fetching(asked)
        for number in asked - {PRIMARY}:
            if first not in self.before(number):
                self.found[number].borrows.add(first)

    def _is_on(self, directive: DirectiveNode) -> bool:
        value = _argument(directive, "if")
        if isinstance(value, VariableNode):
            return value.name.value in self._switched_on
        return not isinstance(value, BooleanValueNode) or value.value


def enable(block: Block, on: Iterable[str | None], condition: Condition) -> None:
    for name in on:
        block.on[name] = either(block.on.get(name, NEVER), condition)


def defer_of(node: SelectionNode) -> DirectiveNode | None:
    return next((d for d in node.directives or () if d.name.value == DEFER), None)


def deferring_of(document: DocumentNode) -> Deferring | None:
    """None if nothing in the document is ever deferred."""
    search = _Search()
    visit(document, search)
    found = Deferring(search.always, frozenset(search.variables))
    return found if found.always or found.variables else None


class _Search(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.always = False
        self.variables: set[str] = set()

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: object) -> None:
        self._look_at(node)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self._look_at(node)

    def _look_at(self, node: SelectionNode) -> None:
        if directive := defer_of(node):
            value = _argument(directive, "if")
            if isinstance(value, VariableNode):
                self.variables.add(value.name.value)
            else:
                self.always |= not isinstance(value, BooleanValueNode) or value.value


def _argument(directive: DirectiveNode, name: str) -> object:
    return next((a.value for a in directive.arguments or () if a.name.value == name), None)


def _label(directive: DirectiveNode) -> str | None:
    value = _argument(directive, "label")
    return value.value if isinstance(value, StringValueNode) else None


def told_by(selections: Selections, block: int) -> Selections:
    """What of these a block tells the client, in the order in which it asks."""
    told = sorted((field for field in selections if block in field.asked), key=lambda field: field.asked[block][0])
    return tuple(
        replace(field, condition=field.asked[block][1], children=told_by(field.children, block)) for field in told
    )


def leading_to(selections: Selections, block: int) -> Selections:
    """The same from the root: with the fields on the way, and nothing else beside them."""
    kept = (_leading_to(field, block) for field in selections)
    return tuple(field for field in kept if field)


def _leading_to(field: Field, block: int) -> Field | None:
    children = leading_to(field.children, block)
    return field.with_children(children) if children or block in field.asked else None


def at_place(selections: Selections, place: Place) -> Selections:
    for step in place:
        selections = next((f.children for f in selections if (f.on, f.key) == (step.on, step.key)), ())
    return selections


def blocks_in(selections: Selections) -> set[int]:
    """The deferred blocks that fetch the innermost fields."""
    found: set[int] = set()
    for each in selections:
        found |= blocks_in(each.children) if each.children else {each.block}
    return {number for number in found if number > PRIMARY}
