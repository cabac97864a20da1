"""A query plan: plain data, made once for an operation and run many times."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import DocumentNode, GraphQLSchema

from router.planner.conditions import ALWAYS, Condition
from router.planner.selections import Selections


@dataclass(frozen=True, slots=True)
class PathStep:
    """Into a field, through any lists there; then only to the objects of these types, if any are named."""

    key: str
    types: tuple[str, ...] = ()


Path = tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class PlaceStep:
    """Into a field, which has a name in the data and one for the client; of objects of one type, if it is named."""

    on: str | None
    key: str
    response_key: str


Place = tuple[PlaceStep, ...]


@dataclass(frozen=True, slots=True)
class Flatten:
    """Objects to complete: those at the path, sent as `type_name` with the fields of their `key` and `requires`.

    Where any are named in `lacking`, only those objects that have not all of these. `plain` are the keys that those
    which cannot be sent what is required get all the same.
    """

    path: Path
    type_name: str = ""
    key: Selections = ()
    requires: Selections = ()
    lacking: Selections = ()
    plain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entities:
    """One `_entities` call of a fetch, answered under `alias`; `fields` are the keys it brings."""

    alias: str
    variable: str
    targets: tuple[Flatten, ...]
    fields: tuple[str, ...]
    condition: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Moved:
    """A field fetched under an alias of the planner's, to be put in its place within the objects at the path."""

    path: tuple[str, ...]
    alias: str
    key: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request. Without `entities` it asks a root type, for the objects at `at` (the response itself if empty).

    `plain` asks the fields without @requires for those objects that cannot be sent what the other fields require.
    """

    subgraph: str
    operation: str
    document: str
    variables: tuple[str, ...] = ()
    entities: tuple[Entities, ...] = ()
    fields: tuple[str, ...] = ()
    at: Path = ()
    moved: tuple[Moved, ...] = ()
    plain: "Fetch | None" = None


@dataclass(frozen=True, slots=True)
class Sequence:
    nodes: tuple["PlanNode", ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    nodes: tuple["PlanNode", ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Condition
    node: "PlanNode"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Each event of the primary is completed by the rest."""

    primary: Fetch
    rest: "PlanNode | None"


@dataclass(frozen=True, slots=True)
class Milestone:
    """When the node has run, blocks may begin that wait for the number."""

    number: int
    node: "PlanNode"


@dataclass(frozen=True, eq=False, slots=True)
class Deferred:
    """A block that is told later, for each object at its place.

    It begins after all milestones in `after`. `on` says for which object types it counts (None: all), and when.
    `selections` are what it tells, `from_root` the same with the way there; `borrows` are blocks that fetch parts.
    """

    number: int
    parent: int
    label: str | None
    place: Place
    type_name: str
    on: Mapping[str | None, Condition]
    selections: Selections
    from_root: Selections
    node: "PlanNode | None"
    after: frozenset[int]
    borrows: frozenset[int]


@dataclass(frozen=True, eq=False, slots=True)
class Defer:
    """The primary is told first; `selections` are those of all blocks together."""

    primary: "PlanNode | None"
    blocks: tuple[Deferred, ...]
    selections: Selections


PlanNode = Fetch | Sequence | Parallel | Conditional | Subscription | Milestone | Defer


@dataclass(frozen=True, eq=False)
class QueryPlan:
    """`selections` and `schema` give the shape of the response; `introspection` is what the router answers itself.

    `withheld` are those of the selections that lead to what the caller may not see.
    Of an operation that defers, `selections` are what is told first.
    """

    operation: str
    root: PlanNode | None
    selections: Selections
    schema: GraphQLSchema
    defaults: Mapping[str, bool] = field(default_factory=dict)
    introspection: DocumentNode | None = None
    withheld: Selections = ()

    @property
    def everything(self) -> Selections:
        return self.root.selections if isinstance(self.root, Defer) else self.selections
