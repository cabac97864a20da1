"""A container engine and Compose: those that are here, or where CI=true some that are installed for the occasion."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(os.environ.get("HOSPITAL_TEST_CACHE", Path.home() / ".cache/hospital"))
COMPOSE = "github.com/docker/compose/v2"
COMPOSE_VERSION = "v2.40.3"
_PLUGIN = Path.home() / ".docker/cli-plugins/docker-compose"
_SECONDS = 60


@contextmanager
def engine() -> Iterator[None]:
    """One that was started here is ended again. Exits where there is none."""
    if _answers("info"):
        _need_compose()
        yield
        return
    if os.environ.get("CI") != "true":
        sys.exit("No container engine answers `docker info`: start one, or run this with CI=true on Debian as root.")
    _install()
    with _started():
        _need_compose()
        yield


def _answers(*command: str) -> bool:
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, *command], capture_output=True).returncode == 0


def _install() -> None:
    if shutil.which("dockerd") is None:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        packages = ("docker.io", "debootstrap", "iptables")
        subprocess.run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages], check=True)


@contextmanager
def _started() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(["dockerd"], stdout=log, stderr=log, start_new_session=True)
    try:
        until = time.monotonic() + _SECONDS
        while not _answers("info"):
            if process.poll() is not None or time.monotonic() > until:
                sys.exit(f"The engine did not start: {CACHE / 'dockerd.log'}")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def _need_compose() -> None:
    if _answers("compose", "version"):
        return
    if os.environ.get("CI") != "true" or shutil.which("go") is None:
        sys.exit("`docker compose` is missing. With CI=true, and Go, it is built.")
    folder = CACHE / "compose"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text("module compose\n\ngo 1.24.0\n")
    command = f"{COMPOSE}/cmd"
    for arguments in (
        ("get", f"{command}@{COMPOSE_VERSION}"),
        ("build", "-trimpath", "-ldflags", "-s -w", "-o", "docker-compose", command),
    ):
        subprocess.run(["go", *arguments], cwd=folder, check=True, capture_output=True)
    _PLUGIN.parent.mkdir(parents=True, exist_ok=True)
    _PLUGIN.unlink(missing_ok=True)  # one that led to a cache that is gone
    _PLUGIN.symlink_to(folder / "docker-compose")
