"""Supergraphs of many subgraphs: g0, g1, …, each with a part of one type, or of the members of one union."""

from collections.abc import Iterable

from router.supergraph import Supergraph, read_supergraph
from tests.router.planner.plans import JOIN


def shared(subgraphs: int) -> Supergraph:
    """Each has a field of its own; all resolve `next`, and can be entered by `id`."""
    own = " ".join(f"f{n}: Int {_in(n)}" for n in range(subgraphs))
    return _thing(subgraphs, f"{_known(subgraphs, 'id')} {{ id: ID! next: Thing {own} }}")


def ring(subgraphs: int) -> Supergraph:
    """Each knows two keys, its own and that of the next."""
    keys = " ".join(_type(n, f"k{n}") + _type(n, f"k{(n + 1) % subgraphs}") for n in range(subgraphs))
    fields = (f"k{n}: ID {_in(n)} {_in((n - 1) % subgraphs)} f{n}: Int {_in(n)}" for n in range(subgraphs))
    return _thing(subgraphs, f"{keys} {{ {' '.join(fields)} }}")


def islands(subgraphs: int) -> Supergraph:
    """On each of two islands every subgraph can be entered by all keys of the island; only one of them has `lost`."""
    half = subgraphs // 2
    keys = "".join(
        _type(n, f"k{other}") for n in range(subgraphs) for other in range(subgraphs) if _beside(n, other, half)
    )
    fields = (
        f"k{n}: ID {' '.join(_in(other) for other in range(subgraphs) if _beside(n, other, half))}"
        for n in range(subgraphs)
    )
    return _thing(subgraphs, f"{keys} {{ {' '.join(fields)} lost: Int {_in(subgraphs - 1)} }}")


def _beside(one: int, other: int, half: int) -> bool:
    return (one < half) is (other < half)


def requiring(subgraphs: int, levels: int) -> Supergraph:
    """At each level two fields in two subgraphs, each of which requires both of the level before."""
    fields = (
        f"a{n}: Int {_in(n % subgraphs, before)} b{n}: Int {_in((n + 1) % subgraphs, before)}"
        for n, before in ((n, f"a{n - 1} b{n - 1}") for n in range(1, levels))
    )
    first = f"a0: Int {_in(0)} b0: Int {_in(1)}"
    return _thing(subgraphs, f"{_known(subgraphs, 'id')} {{ id: ID! {first} {' '.join(fields)} }}")


def union(members: int, subgraphs: int) -> Supergraph:
    """Each member has a field in one subgraph, and leads to the union again in the next."""
    names = [f"M{n}" for n in range(members)]
    all_ = "".join(f'@join__unionMember(graph: G{g}, member: "{m}")' for m in names for g in range(subgraphs))
    types = (
        f"type M{n} {_known(subgraphs, 'id')} {{ id: ID! f{n}: Int {_in(here)} u: U {_in((here + 1) % subgraphs)} }}"
        for n, here in ((n, n % subgraphs) for n in range(members))
    )
    query = f"type Query {_known(subgraphs)} {{ u: U {_in(0)} }}"
    return _read(subgraphs, [query, f"union U {_known(subgraphs)} {all_} = {' | '.join(names)}", *types])


def _thing(subgraphs: int, rest: str) -> Supergraph:
    query = f"type Query {_known(subgraphs)} {{ thing: Thing {_in(0)} }}"
    return _read(subgraphs, [query, f"type Thing {rest}"])


def _read(subgraphs: int, types: Iterable[str]) -> Supergraph:
    graphs = "\n".join(f'  G{n} @join__graph(name: "g{n}", url: "http://g{n}")' for n in range(subgraphs))
    join = (JOIN % "").replace("enum join__Graph {", f"enum join__Graph {{\n{graphs}")
    return read_supergraph("\n".join([join, *types]))


def _known(subgraphs: int, key: str = "") -> str:
    return "".join(_type(n, key) for n in range(subgraphs))


def _type(subgraph: int, key: str) -> str:
    return f"@join__type(graph: G{subgraph}" + (f', key: "{key}")' if key else ")")


def _in(subgraph: int, requires: str = "") -> str:
    return f"@join__field(graph: G{subgraph}" + (f', requires: "{requires}")' if requires else ")")
