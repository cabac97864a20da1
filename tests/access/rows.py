"""The rows of all domains put together, and which of them a field of the public schema stands in."""

from collections.abc import Iterable
from pathlib import Path

from graphql import GraphQLObjectType, GraphQLSchema

import schema as generated
from router.supergraph import read_supergraph
from subgraphs.accounts import access as accounts
from subgraphs.appointments import access as appointments
from subgraphs.audit import access as audit
from subgraphs.billing import access as billing
from subgraphs.doctors import access as doctors
from subgraphs.kernel.access import Deed, Thing
from subgraphs.notifications import access as notifications
from subgraphs.patients import access as patients
from subgraphs.records import access as records

DOMAINS = (accounts, patients, doctors, appointments, records, billing, notifications, audit)
THINGS: tuple[Thing, ...] = tuple(thing for domain in DOMAINS for thing in domain.THINGS)
DEEDS: tuple[Deed, ...] = tuple(deed for domain in DOMAINS for deed in domain.DEEDS)
SUPERGRAPH = read_supergraph((Path(generated.__file__ or "").parent / "supergraph.graphql").read_text("utf-8"))
PUBLIC: GraphQLSchema = SUPERGRAPH.public_schema

PLUMBING = {
    "PageInfo": "says where a page stands; who sees the list sees it",
    "UserError": "what is wrong with one's own input",
    "Session": "the tokens that were just given to who signed in",
}
"""Types that hold nothing of anybody, and why."""


def is_plumbing(name: str) -> bool:
    """Payloads, connections and edges only carry what has a row of its own."""
    return name in PLUMBING or name.endswith(("Payload", "Connection", "Edge"))


def things_of(coordinate: str) -> list[Thing]:
    """The rows that name the coordinate; where none does, those that name its whole type."""
    whole = f"{coordinate.partition('.')[0]}.*"
    return [thing for thing in THINGS if coordinate in thing.fields] or [
        thing for thing in THINGS if whole in thing.fields
    ]


def thing_of(coordinate: str) -> Thing:
    [thing] = things_of(coordinate)
    return thing


def deeds_of(mutation: str) -> list[Deed]:
    return [deed for deed in DEEDS if mutation in deed.mutations]


def object_types() -> Iterable[GraphQLObjectType]:
    """Of the public schema, the mutations apart."""
    for named in PUBLIC.type_map.values():
        if (
            isinstance(named, GraphQLObjectType)
            and not named.name.startswith("__")
            and named is not PUBLIC.mutation_type
        ):
            yield named
