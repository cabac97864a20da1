"""A supergraph in which operations can grow without end."""

TREES = """
type Query @join__type(graph: A) @join__type(graph: B) { tree: Tree @join__field(graph: A) }
type Tree @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  left: Tree @join__field(graph: A)
  right: Tree @join__field(graph: B)
  size: Int @join__field(graph: B)
}
"""


def doubling(levels: int) -> str:
    """A short text that stands for two to the power of `levels` fields."""
    fragments = (
        f"fragment F{n} on Tree {{ a: right {{ ...F{n + 1} }} b: left {{ ...F{n + 1} }} }}" for n in range(levels)
    )
    return f"{{ tree {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on Tree {{ size }}"
