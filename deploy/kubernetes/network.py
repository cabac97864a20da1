"""Who may reach whom: nobody anybody, but for what is allowed here."""

from typing import Any

from deploy.kubernetes.components import ALL, DOMAINS, PORT, ROUTER, Component
from deploy.kubernetes.pods import PART_OF, Manifest, selector

_MYSQL, _KAFKA, _DNS = 3306, 9092, 53
_PROMETHEUS = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"hospital.metrics": "read"}}}


def policies() -> list[Manifest]:
    reaching = [component for component in ALL if component.outside]
    return [
        _policy("nobody-reaches-anybody", PART_OF, policyTypes=["Ingress", "Egress"]),
        _policy("all-look-up-names", PART_OF, egress=[_to(None, _DNS, "UDP"), _to(None, _DNS, "TCP")]),
        _policy("anybody-reaches-the-router", selector(ROUTER), ingress=[{"ports": _ports(PORT)}]),
        _policy("prometheus-reaches-all", PART_OF, ingress=[{"from": [_PROMETHEUS], "ports": _ports(PORT)}]),
        *_between("subgraphs", {"hospital.subgraphs": "reached"}, _role("subgraph"), PORT),
        *_to_server("kafka", "hospital.kafka", _KAFKA),
        *(
            policy
            for name in DOMAINS
            for policy in _to_server(f"the-database-of-{name}", f"hospital.database/{name}", _MYSQL)
        ),
        *(_outside(component) for component in reaching),
    ]


def _to_server(what: str, label: str, port: int) -> list[Manifest]:
    """One that is no part of the hospital: those of its kind reach each other."""
    server = {label: "kept"}
    reached, reaching = _between(what, {label: "reached"}, server, port)
    reached["spec"]["ingress"].append({"from": [_pods(server)]})
    return [reached, reaching]


def _between(what: str, who: dict[str, str], whom: dict[str, str], port: int) -> list[Manifest]:
    return [
        _policy(f"who-is-reached-as-{what}", whom, ingress=[{"from": [_pods(PART_OF | who)], "ports": _ports(port)}]),
        _policy(f"who-reaches-{what}", PART_OF | who, egress=[_to(whom, port)]),
    ]


def _outside(component: Component) -> Manifest:
    allowed = [{"ports": _ports(*component.outside)}]
    return _policy(f"{component.name}-reaches-outside", selector(component), egress=allowed)


def _role(role: str) -> dict[str, str]:
    return PART_OF | {"app.kubernetes.io/component": role}


def _pods(labels: dict[str, str]) -> Manifest:
    return {"podSelector": {"matchLabels": labels}}


def _to(whom: dict[str, str] | None, port: int, protocol: str = "TCP") -> Manifest:
    ports = {"ports": [{"protocol": protocol, "port": port}]}
    return ports if whom is None else {"to": [_pods(whom)], **ports}


def _ports(*ports: int) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in ports]


def _policy(name: str, pods: dict[str, str], **spec: Any) -> Manifest:
    directions = {"ingress": "Ingress", "egress": "Egress"}
    types = {"policyTypes": [directions[each] for each in spec if each in directions]}
    spec = {"podSelector": {"matchLabels": pods}, **types, **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}
