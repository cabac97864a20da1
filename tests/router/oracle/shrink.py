"""From a case that fails to a small one: whatever can be left out, is, as long as it still fails."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Failing:
    subject: Subject
    operation: Operation

    async def kinds(self) -> set[str]:
        return {
            difference.split(":")[0].split(" at ")[0] for difference in await self.subject.differences(self.operation)
        }


async def shrink(case: Failing, composer: Composer, seconds: float = 30.0) -> Failing:
    kinds, before = await case.kinds(), None
    ends_at = time.monotonic() + seconds

    async def failing(candidate: Failing) -> bool:
        return time.monotonic() < ends_at and bool(kinds & await candidate.kinds())

    while before is not case:
        before = case
        case = await _smaller(case, _operations, failing)
        case = await _smaller(case, lambda found: _subjects(found, composer), failing)
    return case


async def _smaller(case: Failing, candidates: Callable[[Failing], Iterator[Failing]], failing: Fails) -> Failing:
    shrunk = True
    while shrunk:
        shrunk = False
        for candidate in candidates(case):
            if await failing(candidate):
                case, shrunk = candidate, True
                break
    return case


def _operations(case: Failing) -> Iterator[Failing]:
    document = parse(case.operation.text, no_location=True)
    for changed in (*_each_without(document, OF_OPERATIONS), *_each_opened(document)):
        text = print_ast(_tidy(changed))
        variables = {name: value for name, value in case.operation.variables.items() if f"${name}" in text}
        operation = Operation(text, variables)
        if operation.text and _is_valid(case.subject, operation):
            yield replace(case, operation=operation)


def _is_valid(subject: Subject, operation: Operation) -> bool:
    try:
        return subject.is_valid(operation)
    except Exception:
        return False


def _subjects(case: Failing, composer: Composer) -> Iterator[Failing]:
    for sdls in _smaller_schemas(case.subject.sdls):
        try:
            subject = replace(case.subject, sdls=sdls, composed=composer.compose(sdls))
        except (Refused, Exception):
            continue
        if _is_valid(subject, case.operation):
            yield replace(case, subject=subject)


def _smaller_schemas(sdls: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    for name in sdls:
        if len(sdls) > 1:
            yield {other: sdl for other, sdl in sdls.items() if other != name}
    for name, sdl in sdls.items():
        for changed in _each_without(parse(sdl, no_location=True), OF_SCHEMAS):
            yield sdls | {name: print_ast(changed)}


def _each_without(document: DocumentNode, kinds: tuple[type[Node], ...]) -> Iterator[DocumentNode]:
    for node in _nodes(document, kinds, in_lists=True):
        yield without(document, node)


def _each_opened(document: DocumentNode) -> Iterator[DocumentNode]:
    """Each inline fragment replaced by what stands in it."""
    for fragment in _nodes(document, (InlineFragmentNode,)):
        yield visit(document, _Opened(fragment))


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
