"""An Apache Kafka of one node in KRaft mode, on spare ports, from jars that `make services` has put aside.

Where it is locked, it is spoken to by SASL over TLS alone, and nobody knows who vouches for its certificate.
`python -m tests.services.kafka` keeps the classes of a broker, loaded, and the folder that each begins with: the next
ones start in a third of the time.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.services.ports import spare_port

MISSING = "no Kafka: `make services` says what it needs"
HOME = Path(os.environ.get("HOSPITAL_TEST_CACHE", Path.home() / ".cache/hospital")) / "kafka"
JARS, CLASSES, BEGINNING = HOME / "lib", HOME / "classes.jsa", HOME / "beginning"
BRIEF = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")
"""A broker of a test ends before it has been worth while to compile more of it."""

TOGETHER = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
"""What is begun so ends with the tests, also where those are killed."""

USER, PASSWORD = "hospital", "a password of the broker"
_SECONDS = 180  # on a busy machine, after a kill

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},BROKERS://127.0.0.1:{brokers}
advertised.listeners=CLIENTS://127.0.0.1:{port},BROKERS://127.0.0.1:{brokers}
controller.listener.names=CONTROLLER
inter.broker.listener.name=BROKERS
listener.security.protocol.map=CLIENTS:{protocol},CONTROLLER:PLAINTEXT,BROKERS:PLAINTEXT
log.dirs={logs}
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
QUIET = """\
metadata.max.idle.interval.ms=0
num.io.threads=2
num.network.threads=1
group.coordinator.threads=1
"""
"""It costs next to nothing while nobody speaks to it."""

MORTAL = """\
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
"""
"""It is missed that soon when it is killed, and is not let in again before."""

LOCKED = """\
ssl.keystore.type=PEM
ssl.keystore.location={certificate}
listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=\\
org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


def can_run() -> bool:
    return shutil.which("java") is not None and JARS.is_dir()


def options_of_tests() -> list[str]:
    return [*BRIEF, *([f"-XX:SharedArchiveFile={CLASSES}"] if CLASSES.exists() else [])]


def keep() -> None:
    fresh = CLASSES.with_suffix(".fresh")
    with TemporaryDirectory() as folder:
        broker = Broker(Path(folder), options=[*BRIEF, f"-XX:ArchiveClassesAtExit={fresh}"])
        beginning = shutil.copytree(broker.logs, Path(folder) / "beginning")
        broker.start()
        broker.stop()
        if not BEGINNING.exists():
            shutil.copytree(beginning, HOME / "begun", dirs_exist_ok=True).rename(BEGINNING)
    fresh.replace(CLASSES)


class Reached(NamedTuple):
    """How one that is locked is spoken to: among brokers plainly."""

    plain: str
    locked: str
    certificate: Path


class Broker:
    """May be killed and started again on what it has. `options` are those of its Java."""

    def __init__(
        self, folder: Path, *, locked: bool = False, mortal: bool = False, options: Sequence[str] | None = None
    ) -> None:
        self._options = options_of_tests() if options is None else options
        self.folder, self.logs = folder, folder / "logs"
        self.port, self._plain_port = spare_port(), spare_port()
        self.certificate = folder / "certificate.pem"
        self.settings = folder / "server.properties"
        self.settings.write_text(
            self._settings(locked) + (QUIET if options is None else "") + (MORTAL if mortal else "")
        )
        self._process: subprocess.Popen[bytes] | None = None
        if BEGINNING.exists():
            shutil.copytree(BEGINNING, self.logs)
        else:
            user = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
            arguments = ("format", "-t", str(uuid4()), "-c", str(self.settings), "--add-scram", user)
            self._java("kafka.tools.StorageTool", *arguments).wait()

    def _settings(self, locked: bool) -> str:
        protocol = "SASL_SSL" if locked else "PLAINTEXT"
        ports = {"port": self.port, "controller": spare_port(), "brokers": self._plain_port}
        text = SETTINGS.format(**ports, protocol=protocol, logs=self.logs)
        if not locked:
            return text
        keystore = self.folder / "keystore.pem"
        certificate, key = certified()
        self.certificate.write_bytes(certificate)
        keystore.write_bytes(key + certificate)
        return text + LOCKED.format(certificate=keystore)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def reached(self) -> Reached:
        return Reached(f"127.0.0.1:{self._plain_port}", self.address, self.certificate)

    def start(self) -> None:
        self.begin()
        self.wait()

    def begin(self) -> None:
        """By a thread that lives as long as the broker may: it ends with the thread that began it."""
        self._process = self._java("kafka.Kafka", str(self.settings))

    def wait(self) -> None:
        """Until it answers."""
        assert self._process is not None
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Kafka did not start: {self.folder / 'kafka.log'}")
            time.sleep(0.1)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()

    @contextmanager
    def away(self, how: signal.Signals) -> Iterator[None]:
        """Killed, or stopped so that it holds its connections and says nothing."""
        assert self._process is not None
        self._process.send_signal(how)
        try:
            yield
        finally:
            if how is signal.SIGSTOP:
                self._process.send_signal(signal.SIGCONT)
            else:
                self._process.wait()
                self.start()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _java(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [*TOGETHER, "java", "-Xmx512m", *self._options, "-cp", f"{JARS}/*", *arguments]
        with (self.folder / "kafka.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)


def certified() -> tuple[bytes, bytes]:
    """A certificate of 127.0.0.1 that vouches for itself, and its key, as PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kafka")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = builder.add_extension(addresses, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(pem)
    return certificate, key.private_bytes(pem, pkcs8, serialization.NoEncryption())


@contextmanager
def broker(
    folder: Path, *, locked: bool = False, mortal: bool = False, options: Sequence[str] | None = None
) -> Iterator[Broker]:
    opened = Broker(folder, locked=locked, mortal=mortal, options=options)
    opened.start()
    try:
        yield opened
    finally:
        opened.kill()


if __name__ == "__main__":
    keep()
