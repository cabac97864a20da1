"""From a case that fails to a small one: whatever can be left out, is, as long as it still fails."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    InputValueDefinitionNode,
    NamedTypeNode,
    Node,
    ObjectFieldNode,
    TypeDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from tests.router.oracle.composer import Composer, Refused
from tests.router.oracle.operations import Operation, without
from tests.router.oracle.subject import Subject

OF_OPERATIONS = (
    FragmentDefinitionNode,
    InlineFragmentNode,
    FragmentSpreadNode,
    FieldNode,
    DirectiveNode,
    ArgumentNode,
    ObjectFieldNode,
    VariableDefinitionNode,
)
OF_SCHEMAS = (TypeDefinitionNode, FieldDefinitionNode, InputValueDefinitionNode, NamedTypeNode, DirectiveNode)
Fails = Callable[["Failing"], Awaitable[bool]]
Change = Callable[[], DocumentNode]


@dataclass(frozen=True)
class Failing:
    subject: Subject
    operation: Operation

    async def kinds(self) -> set[str]:
        return {
            difference.split(":")[0].split(" at ")[0] for difference in await self.subject.differences(self.operation)
        }


async def shrink(case: Failing, composer: Composer, seconds: float = 60.0) -> Failing:
    kinds, before = await case.kinds(), None
    ends_at = time.monotonic() + seconds

    async def failing(candidate: Failing) -> bool:
        return bool(kinds & await candidate.kinds())

    while before is not case and time.monotonic() < ends_at:
        before = case
        case = await _smaller(case, _operations, failing, ends_at)
        case = await _smaller(case, lambda found: _subjects(found, composer), failing, ends_at)
    return case


Candidates = Iterator[Callable[[], Failing | None]]
"""Made one by one, as making them is dear; None where that is no case at all."""


async def _smaller(
    case: Failing, candidates: Callable[[Failing], Candidates], failing: Fails, ends_at: float
) -> Failing:
    """Each change is tried once: one that succeeds makes the next candidate that of its own number."""
    number = 0
    while time.monotonic() < ends_at and (make := next(islice(candidates(case), number, None), None)):
        candidate = make()
        if candidate and await failing(candidate):
            case = candidate
        else:
            number += 1
    return case


def _operations(case: Failing) -> Candidates:
    document = parse(case.operation.text, no_location=True)
    for changed in (*_each_without(document, OF_OPERATIONS), *_each_opened(document)):
        yield partial(_with_operation, case, changed)


def _with_operation(case: Failing, change: Change) -> Failing | None:
    text = print_ast(_tidy(change()))
    variables = {name: value for name, value in case.operation.variables.items() if f"${name}" in text}
    operation = Operation(text, variables)
    changed = bool(text) and operation != case.operation
    return replace(case, operation=operation) if changed and _is_valid(case.subject, operation) else None


def _is_valid(subject: Subject, operation: Operation) -> bool:
    try:
        return subject.is_valid(operation)
    except Exception:
        return False


def _subjects(case: Failing, composer: Composer) -> Candidates:
    for change in _smaller_schemas(case.subject.sdls):
        yield partial(_with_schemas, case, change, composer)


def _with_schemas(case: Failing, change: Callable[[], Mapping[str, str]], composer: Composer) -> Failing | None:
    try:
        sdls = change()
        subject = replace(case.subject, sdls=sdls, composed=composer.compose(sdls))
    except (Refused, Exception):
        return None
    return replace(case, subject=subject) if _is_valid(subject, case.operation) else None


def _smaller_schemas(sdls: Mapping[str, str]) -> Iterator[Callable[[], Mapping[str, str]]]:
    for name in sdls:
        if len(sdls) > 1:
            yield partial(_without_subgraph, sdls, name)
    for name, sdl in sdls.items():
        for change in _each_without(parse(sdl, no_location=True), OF_SCHEMAS):
            yield partial(_with_sdl, sdls, name, change)


def _without_subgraph(sdls: Mapping[str, str], name: str) -> Mapping[str, str]:
    return {other: sdl for other, sdl in sdls.items() if other != name}


def _with_sdl(sdls: Mapping[str, str], name: str, change: Change) -> Mapping[str, str]:
    return {**sdls, name: print_ast(change())}


def _each_without(document: DocumentNode, kinds: tuple[type[Node], ...]) -> Iterator[Change]:
    for node in _nodes(document, kinds, in_lists=True):
        yield partial(without, document, node)


def _each_opened(document: DocumentNode) -> Iterator[Change]:
    """Each inline fragment replaced by what stands in it."""
    for fragment in _nodes(document, (InlineFragmentNode,)):
        yield partial(visit, document, _Opened(fragment))


class _Opened(Visitor):
    def __init__(self, fragment: Node) -> None:
        super().__init__()
        self.fragment = fragment

    def leave_selection_set(self, node: Any, *_: Any) -> Any:
        if not any(selection is self.fragment for selection in node.selections):
            return None
        opened: list[Any] = []
        for selection in node.selections:
            opened.extend(selection.selection_set.selections if selection is self.fragment else [selection])
        return type(node)(selections=tuple(opened))


class _Gatherer(Visitor):
    def __init__(self, kinds: tuple[type[Node], ...], in_lists: bool) -> None:
        super().__init__()
        self.kinds, self.in_lists = kinds, in_lists
        self.found: list[Node] = []

    def enter(self, node: Node, key: str | int | None, *_: Any) -> None:
        if isinstance(node, self.kinds) and (isinstance(key, int) or not self.in_lists):
            self.found.append(node)


def _nodes(document: DocumentNode, kinds: tuple[type[Node], ...], *, in_lists: bool = False) -> list[Node]:
    gatherer = _Gatherer(kinds, in_lists)
    visit(document, gatherer)
    return gatherer.found


def _tidy(document: DocumentNode) -> DocumentNode:
    """Without the fragments and variables that nothing uses any more."""
    spread = {node.name.value for node in _nodes(document, (FragmentSpreadNode,))}  # type: ignore[attr-defined]
    used = _used_variables(document)
    for node in _nodes(document, (FragmentDefinitionNode, VariableDefinitionNode)):
        gone = isinstance(node, FragmentDefinitionNode) and node.name.value not in spread
        if gone or (isinstance(node, VariableDefinitionNode) and node.variable.name.value not in used):
            document = without(document, node)
    return document


def _used_variables(document: DocumentNode) -> set[str]:
    declared = {id(node.variable) for node in _nodes(document, (VariableDefinitionNode,))}  # type: ignore[attr-defined]
    found = _nodes(document, (VariableNode,))
    return {node.name.value for node in found if id(node) not in declared}  # type: ignore[attr-defined]
