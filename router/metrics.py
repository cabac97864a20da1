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
LISTED_REFUSED = Gauge(
    "hospital_listed_operations_refused", "Operations on the safe list that the schema or the limits refuse."
)
PLANNING = Gauge("hospital_operations_planning", "New operations that are planned, or wait for it.")
UNPLANNED = Counter(
    "hospital_operations_unplanned",
    "Requests whose operation was not planned in time, by reason (too many wait, waited too long).",
    ["reason"],
)
SUBSCRIPTIONS = Gauge("hospital_subscriptions", "Subscriptions of clients that are open.")
SUPERGRAPH = Gauge("hospital_supergraph", "1 for the supergraph that holds, by the hash of its file.", ["sha256"])
SUPERGRAPH_TAKEN = Gauge("hospital_supergraph_taken_seconds", "When the supergraph that holds was taken (Unix time).")
RELOADS = Counter(
    "hospital_supergraph_reloads",
    "New supergraphs, by outcome (taken, refused; unchanged: it is none).",
    ["outcome"],
)
RETRIES = Counter("hospital_fetch_retries", "Queries that were asked again, by subgraph.", ["subgraph"])
UNRETRIED = Counter(
    "hospital_fetch_retries_spared",
    "Queries that were not asked again since too many had been, by subgraph.",
    ["subgraph"],
)
SHARED = Counter("hospital_fetches_shared", "Queries that got the answer to an equal one, by subgraph.", ["subgraph"])
BREAKER = Gauge(
    "hospital_breaker_state", "Whether a subgraph is asked: 0 it is, 1 only to try, 2 it is left alone.", ["subgraph"]
)
ASKING = Gauge("hospital_fetches_running", "Requests to a subgraph that it has not answered yet.", ["subgraph"])
WAITING = Gauge("hospital_fetches_waiting", "Requests that wait until a subgraph has answered others.", ["subgraph"])
NOT_ASKED = Counter(
    "hospital_fetches_not_asked",
    "Requests that a subgraph was spared, by reason (left alone, too many wait, waited too long).",
    ["subgraph", "reason"],
)
