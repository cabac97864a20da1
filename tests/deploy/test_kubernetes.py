"""The manifests of Kubernetes: by its schemas, and by what must not be in them."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.kubernetes import generate
from deploy.kubernetes.components import ALL, DOMAINS, ROUTER, SUBGRAPHS, WORKERS
from deploy.kubernetes.generate import FOLDER, differing, files, problems_of

KINDS = {
    "router": {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"},
    "subgraph": {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"},
    "worker": {"StatefulSet", "PodDisruptionBudget"},
    "job": {"Job"},
}


@cache
def documents() -> list[dict[str, Any]]:
    return [
        document
        for text in files().values()
        for document in yaml.load_all(text, yaml.CSafeLoader)
        if "metadata" in document
    ]


def pods() -> dict[str, dict[str, Any]]:
    """By the name of what runs them."""
    running = [each for each in documents() if each["kind"] in {"Deployment", "StatefulSet", "Job"}]
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in running}


def policies() -> dict[str, dict[str, Any]]:
    found = [each for each in documents() if each["kind"] == "NetworkPolicy"]
    return {each["metadata"]["name"]: each["spec"] for each in found}


def labels_of(component: str) -> dict[str, str]:
    running = [each for each in documents() if each["kind"] in {"Deployment", "StatefulSet", "Job"}]
    [labels] = [
        each["spec"]["template"]["metadata"]["labels"] for each in running if each["metadata"]["name"] == component
    ]
    return dict(labels)


def test_they_are_current():
    assert differing() == []


@pytest.mark.parametrize("name", ["accounts.yaml", "more.yaml"])
def test_a_file_that_is_changed_by_hand_or_too_much_is_not_current(name, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    generate.write()
    assert differing() == []
    (tmp_path / "components" / name).write_text("kind: Nothing\n")
    assert differing() == [f"components/{name}"]
    generate.write()
    assert differing() == []


def test_the_schemas_of_kubernetes_take_all_of_them():
    texts = [path.read_text() for path in FOLDER.rglob("*.yaml")]
    assert len(texts) > len(ALL)
    assert [problem for text in texts for problem in problems_of(text)] == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("readOnlyRootFilesystem", "readOnlyRootFileSystem"),
        ("  minReplicas: 2", "  minReplicas: two"),
        ("  maxUnavailable: 1\n", "  maxUnavailable: 1\n  atMost: 1\n"),
        ("apiVersion: apps/v1", "apiVersion: apps/v2"),
        ("  scaleTargetRef:", "  scaleTarget:"),
    ],
)
def test_a_field_that_is_wrong_is_refused(right, wrong):
    text = files()["components/accounts.yaml"]
    assert right in text
    assert problems_of(text) == []
    assert problems_of(text.replace(right, wrong, 1)) != []


def test_each_component_has_what_its_role_needs():
    found = documents()
    for component in ALL:
        kinds = {each["kind"] for each in found if each["metadata"]["name"] == component.name}
        assert kinds - {"NetworkPolicy"} == KINDS[component.role], component.name


def test_no_pod_may_do_more_than_it_needs():
    for name, pod in pods().items():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        [container] = pod["containers"]
        allowed = container["securityContext"]
        assert allowed["readOnlyRootFilesystem"], name
        assert not allowed["allowPrivilegeEscalation"], name
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} == container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


def test_what_runs_is_probed():
    for component in (ROUTER, *SUBGRAPHS, *WORKERS):
        [container] = pods()[component.name]["containers"]
        probes = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
        assert probes == {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}


def test_secrets_are_named_and_never_written():
    kinds = {each["kind"] for each in documents()}
    assert "Secret" not in kinds
    for pod in pods().values():
        for variable in pod["containers"][0]["env"]:
            assert variable.keys() == {"name", "valueFrom"}
    [settings] = [each["data"] for each in documents() if each["kind"] == "ConfigMap"]
    assert [name for name in settings if "PASSWORD" in name or "SECRET" in name or "DATABASE" in name] == []


def test_a_component_knows_no_database_but_its_own():
    for component in (ROUTER, *SUBGRAPHS):
        variables = [each["name"] for each in pods()[component.name]["containers"][0]["env"]]
        databases = [name for name in variables if "DATABASE" in name]
        assert databases == [f"HOSPITAL_{name.upper()}_DATABASE_URL" for name in component.databases]
    assert ROUTER.databases == ()


def test_those_that_mount_one_claim_are_on_one_node_and_the_first_of_them_on_any():
    """A pod that is sent to pods like itself goes anywhere while there are none."""
    mounting = [name for name, pod in pods().items() if "persistentVolumeClaim" in str(pod["volumes"])]
    assert sorted(mounting) == ["databases", "timers"]
    for name in mounting:
        [term] = pods()[name]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term["topologyKey"] == "kubernetes.io/hostname"
        [beside] = term["labelSelector"]["matchExpressions"]
        for other in mounting:
            assert term["labelSelector"]["matchLabels"].items() <= labels_of(other).items()
            assert labels_of(other)[beside["key"]] in beside["values"]


def reaching(policy: str) -> set[str]:
    """The components that a policy's ingress lets in."""
    [peer] = policies()[policy]["ingress"][0]["from"]
    wanted = peer["podSelector"]["matchLabels"].items()
    return {each.name for each in ALL if wanted <= labels_of(each.name).items()}


def test_nobody_reaches_anybody_unless_it_is_allowed():
    everybody = policies()["nobody-reaches-anybody"]
    assert everybody["policyTypes"] == ["Ingress", "Egress"]
    for component in ALL:
        assert everybody["podSelector"]["matchLabels"].items() <= labels_of(component.name).items()


def test_the_database_of_a_domain_is_reached_by_that_domain_and_those_that_work_for_it():
    working = {"relay", "copies", "timers", "databases"}
    for name in DOMAINS:
        own = {"audit": {"audit-trail"}, "notifications": {"email", "sms"}}.get(name, set())
        assert reaching(f"who-is-reached-as-the-database-of-{name}") == {name} | own | working


def test_subgraphs_are_reached_by_the_router_and_by_what_asks_them():
    asking = {component.name for component in WORKERS if component.name != "relay"}
    assert reaching("who-is-reached-as-subgraphs") == {"router", *DOMAINS} | asking
    subgraphs = policies()["who-is-reached-as-subgraphs"]["podSelector"]["matchLabels"].items()
    assert {each.name for each in ALL if subgraphs <= labels_of(each.name).items()} == set(DOMAINS)


def test_the_broker_is_reached_by_who_reads_or_writes_there():
    assert reaching("who-is-reached-as-kafka") == {"relay", "copies", "audit-trail", "topics"}
