"""The pods of components: what they are given, and what they may do on their node."""

from typing import Any

from deploy.kubernetes.components import ALL, PORT, Component

Manifest = dict[str, Any]

PART_OF = {"app.kubernetes.io/part-of": "hospital"}
_USER = 10001


def labels(component: Component) -> dict[str, str]:
    """By these the network's policies know it."""
    reached = {f"hospital.database/{name}": "reached" for name in component.databases}
    kafka = {"hospital.kafka": "reached"} if component.uses_kafka else {}
    asks = {"hospital.subgraphs": "reached"} if component.asks_subgraphs else {}
    return selector(component) | {"app.kubernetes.io/component": component.role} | asks | kafka | reached


def selector(component: Component) -> dict[str, str]:
    return PART_OF | {"app.kubernetes.io/name": component.name}


def template(component: Component, **spec: Any) -> Manifest:
    return {"metadata": {"labels": labels(component)}, "spec": _pod(component) | spec}


def _pod(component: Component) -> Manifest:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 40,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(component)],
        "volumes": [{"name": name, **source} for name, (_, source) in _volumes(component).items()],
        **(_beside_the_data() if component.keeps_data else {}),
    }


def _beside_the_data() -> Manifest:
    """On the node of another that keeps data, if one runs: the claim is mounted on one node at a time."""
    names = [component.name for component in ALL if component.keeps_data]
    keeping = {"key": "app.kubernetes.io/name", "operator": "In", "values": names}
    term = {
        "labelSelector": {"matchLabels": PART_OF, "matchExpressions": [keeping]},
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _container(component: Component) -> Manifest:
    return {
        "name": "hospital",
        "image": "hospital",
        "args": [*component.arguments, *(["--ordinal", "$(ORDINAL)"] if component.role == "worker" else [])],
        "env": _variables(component),
        "envFrom": [
            {"configMapRef": {"name": "hospital"}},
            *({"secretRef": {"name": name, "optional": True}} for name in _options(component)),
        ],
        "resources": {"requests": {"cpu": "100m", "memory": "160Mi"}, "limits": {"memory": "384Mi"}},
        "securityContext": {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": name, "mountPath": path, **({"readOnly": True} if name == "callers" else {})}
            for name, (path, _) in _volumes(component).items()
        ],
        **(_answering() if component.role != "job" else {}),
        **(_asked() if component.role in {"router", "subgraph"} else {}),
    }


def _answering() -> Manifest:
    """Its port, and its probes."""
    return {
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": _probe("/readyz", periodSeconds=2, failureThreshold=90),
        "readinessProbe": _probe("/readyz", periodSeconds=5, failureThreshold=2),
        "livenessProbe": _probe("/healthz", periodSeconds=10, failureThreshold=3),
    }


def _asked() -> Manifest:
    """The seconds that others take to hear that it goes."""
    return {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}


def _probe(path: str, **times: int) -> Manifest:
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 5, **times}


def _variables(component: Component) -> list[Manifest]:
    own = [_secret(f"HOSPITAL_{name.upper()}_DATABASE_URL", "database-urls", name) for name in component.databases]
    if component.name == "databases":
        own.append(_secret("HOSPITAL_DATABASE_ADMIN_URL", "database-admin", "url"))
    if component.signs_with_secret_key:
        own.append(_secret("HOSPITAL_SECRET_KEY", "secret-key", "key"))
    if component.role == "worker":
        index = {"fieldRef": {"fieldPath": "metadata.labels['apps.kubernetes.io/pod-index']"}}
        own.append({"name": "ORDINAL", "valueFrom": index})
    return own


def _secret(variable: str, name: str, key: str) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def _options(component: Component) -> tuple[str, ...]:
    return (*component.options, *(("kafka",) if component.uses_kafka else ()))


def _volumes(component: Component) -> dict[str, tuple[str, Manifest]]:
    """By name, where each is mounted and where it comes from."""
    volumes: dict[str, tuple[str, Manifest]] = {"tmp": ("/tmp", {"emptyDir": {"sizeLimit": "64Mi"}})}
    if component.is_signing:
        volumes["callers"] = ("/keys", {"secret": {"secretName": "callers", "defaultMode": 0o440}})
    if component.keeps_data:
        volumes["data"] = ("/data", {"persistentVolumeClaim": {"claimName": "hospital-data"}})
    return volumes
