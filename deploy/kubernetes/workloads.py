"""What runs the pods, and finds, scales and keeps them."""

from deploy.kubernetes.components import DOMAINS, PORT, Component
from deploy.kubernetes.pods import Manifest, labels, selector, template

_LEAST, _MOST, _BUSY_PERCENT = 2, 10, 70


def answering(component: Component) -> list[Manifest]:
    """A router or a subgraph: two at the least, and more when they are busy."""
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(component)},
    }
    deployment = {
        "selector": {"matchLabels": selector(component)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": template(component, topologySpreadConstraints=[spread]),
    }
    return [
        _named(component, "apps/v1", "Deployment", deployment),
        _service(component),
        _disruption(component),
        _named(component, "autoscaling/v2", "HorizontalPodAutoscaler", _scaling(component)),
    ]


def working(component: Component) -> list[Manifest]:
    """A worker. Its ordinal is its place in Kafka's groups: a StatefulSet never runs one twice."""
    spec = {
        "serviceName": component.name,
        "replicas": 1,
        "selector": {"matchLabels": selector(component)},
        "podManagementPolicy": "Parallel",
        "template": template(component),
    }
    return [_named(component, "apps/v1", "StatefulSet", spec), _disruption(component)]


def job(component: Component) -> list[Manifest]:
    spec = {"backoffLimit": 6, "template": template(component, restartPolicy="OnFailure")}
    return [_named(component, "batch/v1", "Job", spec)]


def configuration() -> list[Manifest]:
    settings = {
        "HOSPITAL_CALLERS": "/keys/callers.json",
        "HOSPITAL_LOG_FORMAT": "json",
        "HOSPITAL_PUBLIC_URL": "https://hospital.example",
        "HOSPITAL_TIME_ZONE": "UTC",
        "HOSPITAL_LOCALE": "en",
        "HOSPITAL_CURRENCY": "INR",
        "HOSPITAL_PHONE_REGION": "IN",
        "HOSPITAL_KAFKA": "kafka:9092",
        "HOSPITAL_KAFKA_REPLICAS": "3",
        "HOSPITAL_SMTP_HOST": "smtp.hospital.example",
    }
    settings |= {f"HOSPITAL_{name.upper()}_URL": f"http://{name}:{PORT}" for name in DOMAINS}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hospital"}, "data": settings}]


def data() -> list[Manifest]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    named = {"metadata": {"name": "hospital-data"}, "spec": spec}
    return [{"apiVersion": "v1", "kind": "PersistentVolumeClaim", **named}]


def _named(component: Component, version: str, kind: str, spec: Manifest) -> Manifest:
    named = {"name": component.name, "labels": labels(component)}
    return {"apiVersion": version, "kind": kind, "metadata": named, "spec": spec}


def _service(component: Component) -> Manifest:
    ports = [{"name": "http", "port": PORT, "targetPort": "http"}]
    return _named(component, "v1", "Service", {"selector": selector(component), "ports": ports})


def _disruption(component: Component) -> Manifest:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector(component)}}
    return _named(component, "policy/v1", "PodDisruptionBudget", spec)


def _scaling(component: Component) -> Manifest:
    busy = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": _BUSY_PERCENT}}
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": component.name},
        "minReplicas": _LEAST,
        "maxReplicas": _MOST,
        "metrics": [{"type": "Resource", "resource": busy}],
    }
