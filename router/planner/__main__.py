"""`python -m router.planner --supergraph FILE [--operation FILE] [--label NAME]…` prints how it is planned."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from graphql import GraphQLError, parse, validate

from router.planner.deferral import deferring_of
from router.planner.errors import PlanningError
from router.planner.planner import Planner
from router.planner.show import show_stages
from router.supergraph import Supergraph, SupergraphError, read_supergraph


class Unplanned(Exception):
    """Why nothing was planned, in one line."""


def main(arguments: list[str]) -> int:
    parser = ArgumentParser(prog="python -m router.planner", description="Print each stage of planning an operation.")
    parser.add_argument("--supergraph", type=Path, required=True)
    parser.add_argument("--operation", type=Path, help="the operation's file; standard input if not given")
    parser.add_argument("--operation-name", help="which operation of the document")
    parser.add_argument("--label", action="append", default=[], help="a label of @override that holds; may be repeated")
    given = parser.parse_args(arguments)
    try:
        supergraph = read_supergraph(_read(given.supergraph))
        labels = _known(given.label, supergraph)
        text = _read(given.operation) if given.operation else sys.stdin.read()
        sys.stdout.write(explain(supergraph, text, given.operation_name, labels) + "\n")
    except (PlanningError, SupergraphError, Unplanned) as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    return 0


def explain(supergraph: Supergraph, text: str, operation_name: str | None, labels: frozenset[str]) -> str:
    try:
        document = parse(text)
    except GraphQLError as error:
        raise _refused(error) from error
    if invalid := validate(supergraph.public_schema, document):
        raise _refused(invalid[0])
    deferring = deferring_of(document)
    switched_on = deferring.switched_on({}) if deferring else None
    return show_stages(Planner(supergraph, labels).stages(document, operation_name, switched_on=switched_on))


def _refused(error: GraphQLError) -> Unplanned:
    place = error.locations[0] if error.locations else None
    return Unplanned(f"Line {place.line}, column {place.column}: {error.message}" if place else error.message)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Unplanned(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _known(labels: list[str], supergraph: Supergraph) -> frozenset[str]:
    if unknown := sorted(set(labels) - supergraph.override_labels):
        known = ", ".join(sorted(supergraph.override_labels)) or "none"
        raise Unplanned(f"The supergraph has no label {unknown[0]}. Its labels: {known}.")
    return frozenset(labels)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
