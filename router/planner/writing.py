"""From a step of the fetch graph to a fetch: the document, its variables, and the objects it completes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from router.planner.aliases import separate_clashes
from router.planner.branches import Branch
from router.planner.conditions import Condition
from router.planner.documents import Writer, operation
from router.planner.fetches import Call, Step
from router.planner.nodes import Entities, Fetch, Flatten, Moved

REPRESENTATIONS = "representations"


@dataclass
class _Group:
    """Calls that are answered by one `_entities`: each type with one selection set, that no object of others meets."""

    condition: Condition
    texts: dict[str, str] = field(default_factory=dict)
    branches: dict[str, Branch] = field(default_factory=dict)
    targets: list[Flatten] = field(default_factory=list)

    def takes(self, call: Call, text: str) -> bool:
        if self.condition != call.condition:
            return False
        type_name = call.branch.node.type
        if type_name in self.texts:
            return self.texts[type_name] == text
        return all(branch.may_be.isdisjoint(call.branch.may_be) for branch in self.branches.values())

    def add(self, call: Call, text: str) -> None:
        type_name = call.branch.node.type
        self.texts[type_name] = text
        self.branches.setdefault(type_name, call.branch)
        plain = tuple(keys_of(call.plain().branch)) if call.requires else ()
        self.targets.append(Flatten(call.path, type_name, call.key, call.requires, call.lacking, plain))

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key for branch in self.branches.values() for key in keys_of(branch)))


class FetchWriter:
    """`declared` are the variables of the operation, each with its type and default."""

    def __init__(self, declared: Mapping[str, str]) -> None:
        self.declared = declared

    def fetch(self, step: Step, given: Condition) -> Fetch:
        return self._root(step, given) if step.is_root else self._entities(step, given)

    def _root(self, step: Step, given: Condition) -> Fetch:
        call, writer = step.calls[0], Writer()
        moved = separate_clashes([call.branch])
        body = writer.selection_set(call.branch, given)
        return Fetch(
            subgraph=step.subgraph,
            operation=step.operation,
            document=operation(step.operation, self._declared(writer), body),
            variables=self._used(writer),
            fields=tuple(keys_of(call.branch)),
            at=call.path,
            moved=moved,
        )

    def _entities(self, step: Step, given: Condition) -> Fetch:
        writer = Writer()
        groups = self._groups(step)
        names = self._names(len(groups))
        named = list(zip(names, groups, strict=True))
        moved = [Moved((alias, *m.path), m.alias, m.key) for (alias, _), group in named for m in _separated(group)]
        fields = [_entities_text(alias, variable, group, writer) for (alias, variable), group in named]
        declared = {variable: "[_Any!]!" for _, variable in names} | self._declared(writer)
        return Fetch(
            subgraph=step.subgraph,
            operation="query",
            document=operation("query", declared, f"{{ {' '.join(fields)} }}"),
            variables=self._used(writer),
            entities=tuple(
                Entities(alias, variable, tuple(group.targets), group.fields, group.condition)
                for (alias, variable), group in named
            ),
            moved=tuple(moved),
            plain=self._plain(step, given),
        )

    def _plain(self, step: Step, given: Condition) -> Fetch | None:
        calls = [plain for call in step.calls if call.requires and (plain := call.plain()).branch.is_worth_asking]
        return self._entities(replace(step, calls=calls), given) if calls else None

    def _groups(self, step: Step) -> list[_Group]:
        groups: list[_Group] = []
        for call in step.calls:
            text = Writer().selection_set(call.branch, call.condition)
            group = next((g for g in groups if g.takes(call, text)), None)
            if group is None:
                groups.append(group := _Group(call.condition))
            group.add(call, text)
        return groups

    def _names(self, count: int) -> list[tuple[str, str]]:
        variable = REPRESENTATIONS
        while any(name.startswith(variable) for name in self.declared):
            variable = f"_{variable}"
        if count == 1:
            return [("_entities", variable)]
        return [(f"_e{number}", f"{variable}{number}") for number in range(count)]

    def _used(self, writer: Writer) -> tuple[str, ...]:
        return tuple(name for name in self.declared if name in writer.variables)

    def _declared(self, writer: Writer) -> dict[str, str]:
        return {name: self.declared[name] for name in self._used(writer)}


def keys_of(branch: Branch) -> list[str]:
    return [key for part in branch.flat() for key in part.items]


def _separated(group: _Group) -> tuple[Moved, ...]:
    return separate_clashes(group.branches.values())


def _entities_text(alias: str, variable: str, group: _Group, writer: Writer) -> str:
    prefix = "" if alias == "_entities" else f"{alias}: "
    types = " ".join(
        f"... on {name} {writer.selection_set(branch, group.condition)}" for name, branch in group.branches.items()
    )
    return f"{prefix}_entities(representations: ${variable}) {{ {types} }}"
