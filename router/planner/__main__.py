"""`python -m router.planner --supergraph FILE [--operation-file FILE]` prints how an operation is planned."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from graphql import GraphQLError, parse, validate

from router.planner.deferral import deferring_of
from router.planner.errors import PlanningError
from router.planner.planner import Planner
from router.planner.show import show_stages
from router.supergraph import SupergraphError, read_supergraph


def main(arguments: list[str]) -> int:
    parser = ArgumentParser(prog="python -m router.planner", description="Print each stage of planning an operation.")
    parser.add_argument("--supergraph", type=Path, required=True)
    parser.add_argument("--operation-file", type=Path, help="the operation; read from standard input if not given")
    parser.add_argument("--operation-name", default=None)
    given = parser.parse_args(arguments)
    text = given.operation_file.read_text() if given.operation_file else sys.stdin.read()
    try:
        sys.stdout.write(explain(given.supergraph.read_text(), text, given.operation_name) + "\n")
    except (GraphQLError, PlanningError, SupergraphError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def explain(sdl: str, text: str, operation_name: str | None) -> str:
    supergraph = read_supergraph(sdl)
    document = parse(text)
    for error in validate(supergraph.public_schema, document):
        raise error
    deferring = deferring_of(document)
    switched_on = deferring.switched_on({}) if deferring else None
    return show_stages(Planner(supergraph).stages(document, operation_name, switched_on))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
