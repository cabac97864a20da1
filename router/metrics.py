"""What the router counts. No label names a person, an id or a text that a client chose."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUEST_SECONDS = Histogram(
    "hospital_request_seconds",
    "Time from a request's headers to its answer, by kind of operation (none: it was not understood) and outcome.",
    ["kind", "outcome"],
    buckets=SECONDS,
)
FETCH_SECONDS = Histogram(
    "hospital_fetch_seconds",
    "Time that a subgraph took to answer the router, by subgraph and outcome (none: it gave no answer).",
    ["subgraph", "outcome"],
    buckets=SECONDS,
)
UNLISTED_OPERATIONS = Counter(
    "hospital_unlisted_operations", "Operations of clients that are not on the safe list, whether they were run or not."
)
SUBSCRIPTIONS = Gauge("hospital_subscriptions", "Subscriptions of clients that are open.")
