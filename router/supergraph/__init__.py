"""The composed schema of all subgraphs, read into a model."""

from router.supergraph.model import SubgraphInfo, Supergraph, SupergraphError
from router.supergraph.read import read_supergraph

__all__ = ["SubgraphInfo", "Supergraph", "SupergraphError", "read_supergraph"]
