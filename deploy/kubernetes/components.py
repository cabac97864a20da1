"""What runs in the cluster, and what each of it reaches: docker-compose.yml says the same, and a test compares them."""

from dataclasses import dataclass

DOMAINS = ("accounts", "patients", "doctors", "appointments", "records", "billing", "notifications", "audit")
PORT = 8000

_HTTPS, _SUBMISSION = 443, 587


@dataclass(frozen=True)
class Component:
    """`options` names secrets that may be there; `outside` the ports of hosts outside the cluster that it reaches."""

    name: str
    arguments: tuple[str, ...]
    databases: tuple[str, ...] = ()
    signs_with_secret_key: bool = False
    uses_kafka: bool = False
    asks_subgraphs: bool = True
    keeps_data: bool = False
    options: tuple[str, ...] = ()
    outside: tuple[int, ...] = ()

    @property
    def role(self) -> str:
        return {"router": "router", "subgraph": "subgraph", "worker": "worker"}.get(self.arguments[0], "job")

    @property
    def is_signing(self) -> bool:
        return self.role != "job"


def _subgraph(
    name: str,
    signs_with_secret_key: bool = False,
    options: tuple[str, ...] = (),
    outside: tuple[int, ...] = (),
) -> Component:
    arguments = ("subgraph", name, "--host", "0.0.0.0", "--port", str(PORT))
    return Component(name, arguments, (name,), signs_with_secret_key, options=options, outside=outside)


def _worker(name: str) -> tuple[str, ...]:
    return ("worker", name, "--host", "0.0.0.0", "--port", str(PORT))


ROUTER = Component("router", ("router", "--host", "0.0.0.0", "--port", str(PORT)))

SUBGRAPHS = (
    _subgraph("accounts", signs_with_secret_key=True),
    _subgraph("patients"),
    _subgraph("doctors"),
    _subgraph("appointments"),
    _subgraph("records"),
    _subgraph("billing", options=("payments",), outside=(_HTTPS,)),
    _subgraph("notifications"),
    _subgraph("audit", signs_with_secret_key=True),
)

WORKERS = (
    Component("relay", _worker("relay"), DOMAINS, uses_kafka=True, asks_subgraphs=False),
    Component("copies", _worker("copies"), DOMAINS, True, uses_kafka=True, options=("payments",)),
    Component("audit-trail", _worker("audit-trail"), ("audit",), True, uses_kafka=True),
    Component("email", _worker("email"), ("notifications",), options=("smtp",), outside=(_SUBMISSION,)),
    Component("sms", _worker("sms"), ("notifications",), options=("sms",), outside=(_HTTPS,)),
    Component(
        "timers",
        _worker("timers"),
        DOMAINS,
        signs_with_secret_key=True,
        keeps_data=True,
        options=("payments",),
        outside=(_HTTPS,),
    ),
)

JOBS = (
    Component("databases", ("databases",), DOMAINS, asks_subgraphs=False, keeps_data=True),
    Component("topics", ("topics",), uses_kafka=True, asks_subgraphs=False),
)

ALL = (ROUTER, *SUBGRAPHS, *WORKERS, *JOBS)
