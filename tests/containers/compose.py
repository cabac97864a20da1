"""`docker compose` on a project of the test's own, with secrets and ports of its own."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = "hospital-day"
STAND_INS = ROOT / "tests/containers/stand_ins"


class Failed(Exception):
    """What a command said that ended badly."""


def run(*command: str, environment: Mapping[str, str] | None = None, given: bytes | None = None) -> bytes:
    """What it prints. Raises Failed."""
    done = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ) | dict(environment or {}), input=given, capture_output=True
    )
    if done.returncode:
        raise Failed(f"{shlex.join(command)}\n{done.stdout[-4000:].decode()}\n{done.stderr[-4000:].decode()}")
    return done.stdout


@dataclass(frozen=True)
class Compose:
    """`secrets` is the file that `deploy/secrets` has made; `environment` says the ports."""

    secrets: Path
    environment: Mapping[str, str]
    stands_in: bool

    def __call__(self, *arguments: str, given: bytes | None = None) -> bytes:
        """Raises Failed."""
        files = ["--file", "docker-compose.yml"]
        files += ["--file", str(STAND_INS / "compose.yml")] if self.stands_in else []
        command = ("docker", "compose", "--project-name", PROJECT, "--env-file", str(self.secrets), *files)
        builder = {"DOCKER_BUILDKIT": "0"} if self.stands_in else {}
        return run(*command, *arguments, environment={**self.environment, **builder}, given=given)

    def start(self, *options: str) -> None:
        self("up", "--detach", "--wait", "--wait-timeout", "600", *options)

    def memory(self) -> dict[str, str]:
        """By container, what is in use of what it may take."""
        ids = self("ps", "--quiet").decode().split()
        lines = run("docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *ids).decode().splitlines()
        return dict(line.removeprefix(f"{PROJECT}-").split(" ", 1) for line in sorted(lines))

    def mysql(self, *command: str, given: bytes | None = None) -> bytes:
        """A program of MySQL's, in its container, as root."""
        inside = 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec "$0" --user=root "$@"'
        return self("exec", "--no-TTY", "mysql", "sh", "-c", inside, *command, given=given)

    def end(self) -> None:
        self("down", "--volumes", "--timeout", "5")


def images() -> list[str]:
    """The public ones, as docker-compose.yml and the Dockerfile name them."""
    base = re.findall(r"^ARG PYTHON=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    named = re.findall(r"^    image: (\S+)", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE)
    return base + named
