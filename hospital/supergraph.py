"""Where the composed schema is."""

from pathlib import Path

import schema

SUPERGRAPH = Path(schema.__file__ or "").parent / "supergraph.graphql"
