"""An Apache Kafka of one node in KRaft mode, on spare ports, from jars that `make services` has put aside."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

JARS = Path(os.environ.get("HOSPITAL_TEST_CACHE", Path.home() / ".cache/hospital")) / "kafka/lib"
_SECONDS = 60

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/logs
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
"""


def can_run() -> bool:
    return shutil.which("java") is not None and JARS.is_dir()


class Broker:
    """May be killed and started again on what it has."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.controller = folder, spare_port(), spare_port()
        self.settings = folder / "server.properties"
        self.settings.write_text(SETTINGS.format(port=self.port, controller=self.controller, folder=folder))
        self._process: subprocess.Popen[bytes] | None = None
        self._java(
            "kafka.tools.StorageTool", "format", "--standalone", "-t", str(uuid4()), "-c", str(self.settings)
        ).wait()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = self._java("kafka.Kafka", str(self.settings))
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Kafka did not start: {self.folder / 'kafka.log'}")
            time.sleep(0.1)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _java(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = ["java", "-Xmx512m", "-cp", f"{JARS}/*", *arguments]
        with (self.folder / "kafka.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)


def spare_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    opened = Broker(folder)
    opened.start()
    try:
        yield opened
    finally:
        opened.kill()
