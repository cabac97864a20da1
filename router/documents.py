"""From the text of a document to an operation that may be planned: parsed, within its limits, valid."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    VariableDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values

from router.errors import ErrorCode, OperationRefused, asks_too_much, too_large
from router.limits.cost import Cost, cost_of, page_sizes
from router.limits.scale import DocumentScale
from router.settings import Limits

MAX_ERRORS = 10
_VALUE_SENT = re.compile(
    r"(?:[,.]? [Ff]ound|(cannot represent (?:a )?non[\w -]+ value|ID cannot represent value)): .*", re.DOTALL
)


def parse_document(text: str, limits: Limits) -> DocumentNode:
    if len(text) > limits.document_characters:
        message = f"The document is longer than {limits.document_characters} characters."
        raise OperationRefused([GraphQLError(message)], ErrorCode.GRAPHQL_PARSE_FAILED)
    try:
        document = parse(
            text,
            max_lexical_tokens=limits.tokens,
            max_comments=limits.tokens,
            allow_empty_selection_sets=False,
        )
    except GraphQLSyntaxError as error:
        raise OperationRefused([error], ErrorCode.GRAPHQL_PARSE_FAILED) from None
    if len(document.definitions) > limits.definitions:
        raise too_large(f"The document has more than {limits.definitions} definitions.")
    return document


def validate_document(document: DocumentNode, schema: GraphQLSchema, introspection: bool) -> None:
    rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
    errors = [not_executable(node) for node in document.definitions if not isinstance(node, ExecutableDefinitionNode)]
    errors = errors or validate(schema, document, rules, MAX_ERRORS, hide_suggestions=not introspection)
    if errors:
        raise OperationRefused(errors, ErrorCode.GRAPHQL_VALIDATION_FAILED)


def not_executable(node: Any) -> GraphQLError:
    return GraphQLError("A request holds operations and fragments only.", node)


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    named = [node for node in operations if node.name and node.name.value == name] if name else operations
    if len(named) == 1:
        return named[0]
    raise OperationRefused([GraphQLError(not_one_operation(operations, name))], ErrorCode.BAD_USER_INPUT)


def not_one_operation(operations: list[OperationDefinitionNode], name: str | None) -> str:
    if not operations:
        return "The document has no operation."
    if name:
        return f"The document has no operation named '{name[:100]}'."
    return "The document has several operations: say which in 'operationName'."


@dataclass(frozen=True, slots=True)
class Inputs:
    """The variables of an operation: how they are declared, and what they may cost."""

    definitions: tuple[VariableDefinitionNode, ...]
    cost: Cost
    page_sizes: Mapping[str, int]

    def check(self, sent: Mapping[str, Any], schema: GraphQLSchema, limits: Limits) -> Mapping[str, Any]:
        """The values to forward: as the client sent them. What is absent stays so: each fetch declares its defaults."""
        if not self.definitions:
            return {}
        declared = (definition.variable.name.value for definition in self.definitions)
        given = {name: sent[name] for name in declared if name in sent}
        checked = get_variable_values(schema, self.definitions, given, MAX_ERRORS)
        if isinstance(checked, list):
            raise OperationRefused([without_values(error) for error in checked], ErrorCode.BAD_USER_INPUT)
        if self.page_sizes and cost_of(self.cost, self.page_sizes, given, limits.assumed_page_size) > limits.cost:
            raise asks_too_much(
                f"The operation is too large: more than {limits.cost} points of cost. Ask for less at a time."
            )
        return given


def without_values(error: GraphQLError) -> GraphQLError:
    """The same without the value that was sent, which may be a password, where clients log what they are told."""
    return GraphQLError(_VALUE_SENT.sub(lambda found: f"{found[1] or ''}.", error.message), error.nodes)


def unlink_tokens(document: DocumentNode) -> None:
    """Parts the chain of the document's tokens: a single node that is kept would keep all of them alive."""
    token = document.loc.start_token if document.loc else None
    while token:
        following, token.prev, token.next = token.next, None, None
        token = following


def inputs_of(operation: OperationDefinitionNode, cost: Cost, limits: Limits) -> Inputs:
    definitions = operation.variable_definitions or ()
    return Inputs(
        definitions=tuple(definitions),
        cost=cost,
        page_sizes=page_sizes(operation, cost, limits.assumed_page_size),
    )


def weigh_all(document: DocumentNode, schema: GraphQLSchema, limits: Limits) -> dict[int, Cost]:
    scale = DocumentScale(document, schema, limits)
    return {id(node): scale.weigh(node) for node in document.definitions if isinstance(node, OperationDefinitionNode)}
