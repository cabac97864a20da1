"""docker-compose.yml without an engine: what must be in it, what must not, and that the manifests say the same."""

import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.kubernetes.components import ALL, DOMAINS, ROUTER, SUBGRAPHS, WORKERS
from hospital.settings import every_setting

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
README = (ROOT / "README.md").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "hospital"}
NEEDED = re.compile(r"\$\{([A-Z_]+):\?")


def databases_of(service: dict[str, Any]) -> set[str]:
    named = re.findall(r"HOSPITAL_([A-Z]+)_DATABASE_URL", " ".join(service.get("environment", {})))
    return {name.lower() for name in named}


def test_every_component_is_a_service_and_does_the_same_as_in_the_cluster():
    assert OURS.keys() - {"keys"} == {component.name for component in ALL}
    for component in ALL:
        service = OURS[component.name]
        environment = service.get("environment", {})
        assert service["command"] == list(component.arguments)
        assert databases_of(service) == set(component.databases), component.name
        assert ("HOSPITAL_SECRET_KEY" in environment) == component.signs_with_secret_key, component.name
        assert ("HOSPITAL_KAFKA" in environment) == component.uses_kafka, component.name
        assert ("HOSPITAL_PAYMENT_PROVIDER" in environment) == ("payments" in component.options), component.name


def test_ours_write_nowhere_but_where_they_must():
    for name, service in OURS.items():
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]
        writable = {volume.split(":")[0] for volume in service["volumes"] if not volume.endswith(":ro")}
        allowed = {"keys": {"keys"}, "databases": {"data"}, "sms": {"data"}, "timers": {"data"}}
        assert writable == allowed.get(name, set()), name


def test_no_container_may_do_more_than_it_needs():
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "mem_limit" in service, name
        assert "privileged" not in service


def test_what_runs_is_asked_whether_it_is_ready():
    for component in (ROUTER, *SUBGRAPHS, *WORKERS):
        assert OURS[component.name]["healthcheck"]["test"] == ["CMD", "ready"]


def test_only_the_front_and_the_mail_are_reached_from_outside_and_from_this_machine_alone():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"front", "mail"}
    assert all(":-127.0.0.1:" in port for ports in published.values() for port in ports)


def test_its_settings_are_settings():
    known = {setting.name for setting in every_setting()}
    for name, service in OURS.items():
        ours = {setting for setting in service.get("environment", {}) if not setting.startswith("OTEL_")}
        assert ours <= known, name


def test_each_setting_of_the_readme_but_the_limits_may_stand_beside_the_secrets():
    told = set(re.findall(r"`(HOSPITAL_[A-Z_]+)`", re.sub(r"^(?!\| `HOSPITAL_).*", "", README, flags=re.MULTILINE)))
    assert len(told) > 20
    assert told - set(re.findall(r"\$\{([A-Z_]+)", TEXT)) == {"HOSPITAL_DATA", "HOSPITAL_LOG_FORMAT"}


def test_every_component_that_is_told_who_collects_traces_sends_them_there():
    for component in (ROUTER, *SUBGRAPHS, *WORKERS):
        environment = OURS[component.name]["environment"]
        assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] is None, component.name


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    file = tmp_path / "secrets"
    subprocess.run([ROOT / "deploy/secrets", file], check=True)
    return file


def test_its_secrets_are_those_that_are_made_and_none_is_in_it(secrets: Path):
    made = dict(line.split("=") for line in secrets.read_text().splitlines())
    assert set(NEEDED.findall(TEXT)) == made.keys()
    assert len(set(made.values())) == len(DOMAINS) + 2
    assert all(len(secret) == 48 for secret in made.values())
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert re.findall(r"(?:PASSWORD|SECRET_KEY|TOKEN): [^$\s]", TEXT) == []
    assert re.findall(r"://\w+:[^$\s]*@", TEXT) == []


def test_secrets_that_were_made_stay(secrets: Path):
    before = secrets.read_text()
    subprocess.run([ROOT / "deploy/secrets", secrets], check=True)
    assert secrets.read_text() == before


def test_the_image_is_made_of_what_the_hospital_is_and_nothing_else():
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set(re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    for path in " ".join(copied).split():
        assert any(path == known or path.startswith(f"{known}/") for known in taken), path
    assert os.access(ROOT / "deploy/ready", os.X_OK)
