"""Every stage of planning as text, for people and for tests."""

from collections.abc import Iterator, Mapping

from graphql import GraphQLError, parse, print_ast

from router.planner.conditions import ALWAYS, Condition
from router.planner.fetches import FetchGraph
from router.planner.nodes import (
    Conditional,
    Defer,
    Deferred,
    Entities,
    Fetch,
    Flatten,
    Milestone,
    Parallel,
    Path,
    PlanNode,
    QueryPlan,
    Sequence,
    Subscription,
)
from router.planner.planner import Stages
from router.planner.selections import Selections
from router.planner.solution import ENTRY_COST, FIELD_COST, Solution, Taken

INDENT = "  "


def show_stages(stages: Stages) -> str:
    parts = {
        "Normalised operation": show_selections(stages.operation.selections),
        f"Walk, {ENTRY_COST:,} for a request and {FIELD_COST} for a field": "\n".join(
            show_solution(solution) for solution in stages.solutions
        ),
        "Fetch graph": "\n".join(show_fetches(fetches) for fetches in stages.fetches),
        "Plan": show_plan(stages.plan),
    }
    return "\n\n".join(f"# {title}\n{text}" for title, text in parts.items())


def show_selections(selections: Selections) -> str:
    return "\n".join(_selection_lines(selections))


def _selection_lines(selections: Selections) -> Iterator[str]:
    for field in selections:
        alias = "" if field.key == field.name else f"{field.key}: "
        on = f" on {field.on}" if field.on else ""
        yield f"{alias}{field.name}{field.arguments}{on}{show_condition(field.condition)}"
        yield from _indented(_selection_lines(field.children))


def show_condition(condition: Condition) -> str:
    if condition == ALWAYS:
        return ""
    clauses = (" and ".join(f"{'' if v else 'not '}${n}" for n, v in sorted(c)) for c in sorted(condition, key=sorted))
    return f" if {' or '.join(clauses)}"


def show_solution(solution: Solution) -> str:
    return "\n".join(_solution_lines(solution))


def _solution_lines(solution: Solution) -> Iterator[str]:
    yield f"{solution.node if solution.node.subgraph else solution.node.type} costs {solution.cost:,}"
    yield from _indented(_taken_lines(solution.taken))
    for number, entry in enumerate(solution.entries, 1):
        key = f" by {entry.move.text}" if entry.move.text else ""
        yield f"-> {number} {entry.move.node}{key}{show_condition(entry.condition)}"
        yield from _indented(_taken_lines(entry.taken))
    for name, part in solution.by_type.items():
        yield f"... on {name}"
        yield from _indented(_solution_lines(part))


def _taken_lines(taken: tuple[Taken, ...]) -> Iterator[str]:
    for item in taken:
        purpose = "" if item.needed_by is None else f" for {item.needed_by}"
        if item.field:
            yield f"{item.field.key}{purpose}"
        if item.field is None or not item.field.is_leaf:
            yield from _indented(_solution_lines(item.solution))


def show_fetches(fetches: FetchGraph) -> str:
    return "\n".join(_step_lines(fetches))


def _step_lines(fetches: FetchGraph) -> Iterator[str]:
    for step in fetches.steps.values():
        after = f" after {', '.join(map(str, sorted(step.after)))}" if step.after else ""
        yield f"{step.number} {step.subgraph}{after}"
        for call in step.calls:
            place = show_path(call.path) or "the root"
            key = f" by {_names((*call.key, *call.requires))}" if call.key else ""
            yield f"{INDENT}{call.branch.node.type} at {place}{key}{show_condition(call.condition)}"


def show_plan(plan: QueryPlan) -> str:
    lines = list(_node_lines(plan.root)) if plan.root else ["Nothing to fetch"]
    return "\n".join(lines)


def show_path(path: Path) -> str:
    return ".".join(step.key + (f"|{'|'.join(step.types)}" if step.types else "") for step in path)


def _node_lines(node: PlanNode) -> Iterator[str]:
    match node:
        case Sequence(nodes) | Parallel(nodes):
            yield f"{type(node).__name__} {{"
            for child in nodes:
                yield from _indented(_node_lines(child))
            yield "}"
        case Conditional(condition, child):
            yield f"Condition{show_condition(condition)} {{"
            yield from _indented(_node_lines(child))
            yield "}"
        case Subscription(primary, rest):
            yield "Subscription {"
            yield from _indented(_node_lines(primary))
            yield from _indented(_node_lines(rest)) if rest else ()
            yield "}"
        case Milestone(number, child):
            yield f"Milestone {number} {{"
            yield from _indented(_node_lines(child))
            yield "}"
        case Defer(primary, blocks):
            yield "Defer {"
            yield from _indented(_primary_lines(primary))
            for block in blocks:
                yield from _indented(_block_lines(block))
            yield "}"
        case Fetch():
            yield from _fetch_lines(node)


def _primary_lines(node: PlanNode | None) -> Iterator[str]:
    yield "Primary {"
    yield from _indented(_node_lines(node)) if node else ()
    yield "}"


def _block_lines(block: Deferred) -> Iterator[str]:
    label = f" {block.label}" if block.label else ""
    within = f" within {block.parent}" if block.parent else ""
    place = ".".join(step.response_key for step in block.place) or "the root"
    types = ", ".join(f"{name or 'all'}{show_condition(condition)}" for name, condition in block.on.items())
    borrows = f" with {', '.join(map(str, sorted(block.borrows)))}" if block.borrows else ""
    after = f" after {', '.join(map(str, sorted(block.after)))}" if block.after else ""
    yield f"Deferred {block.number}{label}{within} at {place} for {types}{borrows}{after} {{"
    yield from _indented(_selection_lines(block.selections))
    yield from _indented(_node_lines(block.node)) if block.node else ()
    yield "}"


def _fetch_lines(fetch: Fetch) -> Iterator[str]:
    at = f" at {show_path(fetch.at)}" if fetch.at else ""
    yield f"Fetch {fetch.subgraph}{at} {{"
    for entities in fetch.entities:
        yield from _indented(_entities_lines(entities))
    yield from _indented(_document_lines(fetch.document))
    for moved in fetch.moved:
        yield f"{INDENT}{'.'.join((*moved.path, moved.alias))} -> {moved.key}"
    if fetch.plain:
        yield f"{INDENT}Without what is required:"
        yield from _indented(_fetch_lines(fetch.plain))
    yield "}"


def _entities_lines(entities: Entities) -> Iterator[str]:
    condition = show_condition(entities.condition)
    for target in entities.targets:
        yield f"${entities.variable}: {show_path(target.path)} {_representation(target)}{condition}"


def _representation(target: Flatten) -> str:
    fields = _names((*target.key, *target.requires))
    lacking = f" without all of {_names(target.lacking)}" if target.lacking else ""
    return f"{{ __typename: {target.type_name}, {fields} }}{lacking}"


def _names(selections: Selections) -> str:
    parts: Mapping[str, None] = dict.fromkeys(
        f"{'' if field.on is None else f'{field.on}.'}{field.name}"
        + (f" {{ {_names(field.children)} }}" if field.children else "")
        for field in selections
    )
    return ", ".join(parts)


def _document_lines(document: str) -> Iterator[str]:
    try:
        yield from print_ast(parse(document)).splitlines()
    except GraphQLError:
        yield document


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (INDENT + line for line in lines)
