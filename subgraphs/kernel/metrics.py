"""What subgraphs count. No label names a person, an id or a text that a client chose."""

from prometheus_client import Histogram

OPERATION_SECONDS = Histogram(
    "hospital_operation_seconds",
    "Time that an operation took in its subgraph, by subgraph, kind of operation and outcome.",
    ["subgraph", "kind", "outcome"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
