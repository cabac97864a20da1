"""Subgraphs in process, each by its own SDL: entities are found by what a representation says, and by nothing else."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FieldsOnCorrectTypeRule,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    KnownArgumentNamesRule,
    KnownTypeNamesRule,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    SelectionSetNode,
    ValuesOfCorrectTypeRule,
    VariablesInAllowedPositionRule,
    build_ast_schema,
    concat_ast,
    execute_sync,
    parse,
    print_ast,
    validate,
)

from router.transports.base import SubgraphRequest
from tests.router.oracle.declared import Declared, DeclaredField
from tests.router.oracle.world import Resolved, Session, Thing, World, merge_sent

RULES = [
    FieldsOnCorrectTypeRule,
    ScalarLeafsRule,
    KnownTypeNamesRule,
    KnownArgumentNamesRule,
    ProvidedRequiredArgumentsRule,
    PossibleFragmentSpreadsRule,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    VariablesInAllowedPositionRule,
    ValuesOfCorrectTypeRule,
    OverlappingFieldsCanBeMergedRule,
]
"""By which the router could go wrong; all rules together take half of the time."""


class Trespass(GraphQLError):
    """The router asks what this subgraph cannot know."""


class Subgraph:
    def __init__(self, name: str, declared: Declared, world: World) -> None:
        self.name, self.declared, self.world = name, declared, world
        self.schema = _schema_of(declared)
        self._documents: dict[str, tuple[DocumentNode, list[GraphQLError]]] = {}

    def execute(self, request: SubgraphRequest, session: Session) -> Mapping[str, Any]:
        document, problems = self._document(request.document)
        if problems:
            session.trespasses.append(f"{self.name}: {problems[0].message} in {request.document}")
            return {"errors": [problem.formatted for problem in problems]}
        result = execute_sync(
            self.schema,
            document,
            variable_values=orjson.loads(orjson.dumps(request.variables)),
            context_value=session,
            field_resolver=self.resolve,
            type_resolver=lambda thing, info, type_: self.known_as(thing),
        )
        return orjson.loads(orjson.dumps(result.formatted))  # type: ignore[no-any-return]

    def _document(self, text: str) -> tuple[DocumentNode, list[GraphQLError]]:
        if text not in self._documents:
            document = parse(text, no_location=True)
            self._documents[text] = document, validate(self.schema, document, RULES)
        return self._documents[text]

    def known_as(self, thing: Thing) -> str:
        """Its type; where this subgraph has an interface as an object, that."""
        objects = (t.name for t in self.declared.types.values() if t.interface_object)
        return thing.type if thing.type in self.declared.types else next(objects, thing.type)

    def resolve(self, thing: Thing | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        session: Session = info.context
        name, type_name = info.field_name, info.parent_type.name
        session.resolved[tuple(info.path.as_list())] = Resolved(name, str(info.return_type).count("["))
        try:
            if name == "_entities" and thing is None:
                return [self._entity(sent) for sent in arguments["representations"]]
            thing = thing or Thing(type_name, "")
            declared = self.declared.types[type_name].fields[name]
            return self._provide(declared, thing, name, self._value(declared, thing, name, arguments, session))
        except Trespass as trespass:
            session.trespasses.append(f"{self.name}: {trespass.message}")
            raise

    def _value(
        self, declared: DeclaredField, thing: Thing, name: str, arguments: Mapping[str, Any], session: Session
    ) -> Any:
        if thing.type == "Mutation":
            return self.world.mutation(name, arguments, session)
        if declared.external and not self._is_key(thing, name) and not _provided(thing, name):
            raise Trespass(f"{thing.type}.{name} is external.")
        if self.world.federation.is_pending(declared):
            raise Trespass(f"{thing.type}.{name} is not yet taken over.")
        if self._is_overridden(thing, name) and not self._is_key(thing, name):
            return self.world.value(thing, name, arguments, salt="taken over")
        required = received(thing, declared.requires) if declared.requires else None
        return self.world.value(thing, name, arguments, required)

    def _provide(self, declared: DeclaredField, thing: Thing, name: str, value: Any) -> Any:
        inherited = tuple(node.selection_set for node in _provided(thing, name) if node.selection_set)
        provided = inherited + ((declared.provides,) if declared.provides else ())
        return _with(provided, value) if provided else value

    def _is_key(self, thing: Thing, name: str) -> bool:
        return (thing.type, name) in self.world.federation.keyed

    def _is_overridden(self, thing: Thing, name: str) -> bool:
        declarations = self.world.federation.declarations(thing.type, name)
        taking = (d for other, d in declarations if other != self.name and d.overrides == self.name)
        return any(not self.world.federation.is_pending(d) for d in taking)

    def _entity(self, sent: Mapping[str, Any]) -> Thing | None:
        known = self.declared.types.get(sent["__typename"])
        if known is None or not known.keys:
            raise Trespass(f"{sent['__typename']} has no key.")
        for key in known.keys:
            text = _text(project(sent, key, known.name))
            if text in self._index[known.name, id(key)]:
                return replace(self._index[known.name, id(key)][text], given=sent)
        raise Trespass(f"Nothing is known by {sent}.")

    @cached_property
    def _index(self) -> Mapping[tuple[str, int], Mapping[str, Thing]]:
        return {
            (type_.name, id(key)): {_text(self.world.sent(thing, key)): thing for thing in self.world.named(type_.name)}
            for type_ in self.declared.types.values()
            for key in type_.keys
        }


def _text(found: Any) -> str:
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()


def _with(provided: tuple[SelectionSetNode, ...], value: Any) -> Any:
    if isinstance(value, list):
        return [_with(provided, item) for item in value]
    return replace(value, provided=provided) if isinstance(value, Thing) else value


def _provided(thing: Thing, name: str) -> list[FieldNode]:
    return [node for fields in thing.provided for node in _fields(fields, thing.type) if node.name.value == name]


def _fields(fields: SelectionSetNode, type_name: str) -> list[FieldNode]:
    found: list[FieldNode] = []
    for node in fields.selections:
        if isinstance(node, FieldNode):
            found.append(node)
        elif node.type_condition is None or node.type_condition.name.value == type_name:  # type: ignore[union-attr]
            found.extend(_fields(node.selection_set, type_name))  # type: ignore[union-attr]
    return found


def received(thing: Thing, fields: SelectionSetNode) -> Any:
    """What was sent of what a field requires."""
    if thing.given is None:
        raise Trespass(f"{thing.type} was not named, so what {print_ast(fields)} is has not been sent.")
    found = project(thing.given, fields, thing.type)
    if found is None:
        raise Trespass(f"{thing.given} lacks some of {print_ast(fields)}.")
    return found


def project(sent: Any, fields: SelectionSetNode, type_name: str | None = None) -> Any:
    """None where something is missing."""
    found: dict[str, Any] = {}
    for node in fields.selections:
        if isinstance(node, FieldNode):
            if node.name.value not in sent:
                return None
            merge_sent(found, node.name.value, _projected(sent[node.name.value], node))
        elif sent.get("__typename", type_name) == node.type_condition.name.value:  # type: ignore[union-attr]
            for name, value in (project(sent, node.selection_set) or {}).items():  # type: ignore[union-attr]
                merge_sent(found, name, value)
    return found


def _projected(value: Any, node: FieldNode) -> Any:
    if isinstance(value, list):
        return [_projected(item, node) for item in value]
    return project(value, node.selection_set) if node.selection_set and value is not None else value


def _schema_of(declared: Declared) -> GraphQLSchema:
    entities = [t.name for t in declared.types.values() if t.keys and t.kind == "object"]
    fields = "_service: String"
    added = "scalar _Any"
    if entities:
        added += f" union _Entity = {' | '.join(entities)}"
        fields += " _entities(representations: [_Any!]!): [_Entity]!"
    added += f" {'extend ' if 'Query' in declared.types else ''}type Query {{ {fields} }}"
    document = concat_ast([declared.document, parse(added, no_location=True)])
    return build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)


class InProcess:
    """The transport to all of them, for one operation; keeps what was asked."""

    def __init__(self, subgraphs: Mapping[str, Subgraph], session: Session) -> None:
        self.subgraphs, self.session = subgraphs, session
        self.asked: list[tuple[SubgraphRequest, Mapping[str, Any]]] = []

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        reply = self.subgraphs[request.subgraph].execute(request, self.session)
        self.asked.append((request, reply))
        return reply

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        raise NotImplementedError
