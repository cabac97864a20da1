"""`python -m tests.containers`: builds the image, starts docker-compose.yml, lives in it, and ends all of it."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.containers.compose import ROOT, STAND_INS, Compose, Failed, images, run
from tests.containers.day import Staff, Town
from tests.containers.engine import engine
from tests.containers.restoring import what_was_saved_comes_back
from tests.containers.routers import two_routers
from tests.containers.telling import a_visit, say, told
from tests.e2e.hospital import PASSWORD, Gate
from tests.services.ports import spare_port

ADMIN = "admin@hospital.test"


def found_images() -> bool:
    """Whether some are stand-ins, which are made where CI=true of what is not here and cannot be pulled."""
    wanted = [image for image in dict.fromkeys(images()) if image != "hospital"]
    missing = [image for image in wanted if not _is_here(image)]
    if missing and os.environ.get("CI") != "true":
        sys.exit(f"There is no {', '.join(missing)} here, and it cannot be pulled. With CI=true stand-ins are made.")
    if missing:
        say(f"stand-ins for {', '.join(missing)}")
        subprocess.run([STAND_INS / "make.sh", *missing], check=True)
    labels = run("docker", "image", "inspect", "--format", '{{index .Config.Labels "stand-in"}}', *wanted)
    return b"yes" in labels


def _is_here(image: str) -> bool:
    return _succeeds("image", "inspect", image) or _succeeds("pull", "--quiet", image)


def _succeeds(*command: str) -> bool:
    return subprocess.run(["docker", *command], capture_output=True).returncode == 0


@asynccontextmanager
async def opened(compose: Compose) -> AsyncIterator[Town]:
    address = f"http://{compose.environment['HOSPITAL_LISTEN']}"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=2)) as session:
        yield Town(Gate(address, session), f"http://{compose.environment['HOSPITAL_MAIL_LISTEN']}")


async def live(compose: Compose) -> None:
    compose("exec", "--no-TTY", "accounts", "hospital", "create-admin", "--email", ADMIN, "--password", PASSWORD)
    async with opened(compose) as town:
        staff = await town.hire(ADMIN)
        await a_visit(town, staff)
        await a_visit_while_components_restart(compose, town, staff)
        await two_routers(compose, town, staff)
        await what_was_saved_comes_back(compose, town, staff)


async def a_visit_while_components_restart(compose: Compose, town: Town, staff: Staff) -> None:
    visit = await town.booked(staff)
    compose("kill", "--signal", "KILL", "relay", "copies", "audit-trail", "email", "appointments")
    compose.start()
    await town.accepted(staff, visit)
    await town.treated(staff, visit)
    compose("restart", "billing", "accounts")
    compose.start()
    await town.paid(staff, visit)
    compose("restart", "kafka")
    await told(town, staff, visit)
    say("a visit while components were killed and restarted, and Kafka restarted: each mail and event once")


def main() -> None:
    with engine(), tempfile.TemporaryDirectory() as folder:
        compose = Compose(_secrets(Path(folder)), _ports(), found_images())
        try:
            run_through(compose)
        except BaseException:
            sys.stderr.write(compose("logs", "--no-color", "--tail", "40").decode())
            raise
        finally:
            compose.end()


def run_through(compose: Compose) -> None:
    compose("config", "--quiet")
    compose("build")
    say("built")
    compose.start()
    say("open: every component is healthy")
    asyncio.run(live(compose))
    for name, used in compose.memory().items():
        say(f"memory of {name}: {used}")


def _secrets(folder: Path) -> Path:
    file = folder / "secrets"
    run(str(ROOT / "deploy/secrets"), str(file))
    return file


def _ports() -> dict[str, str]:
    listen, mail = (f"127.0.0.1:{spare_port()}" for _ in range(2))
    return {"HOSPITAL_LISTEN": listen, "HOSPITAL_MAIL_LISTEN": mail, "HOSPITAL_PUBLIC_URL": f"http://{listen}"}


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(str(failed))
