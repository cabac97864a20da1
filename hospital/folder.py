"""The data folder of a hospital: its databases, its secret, and the lock of the one process that has it open."""

import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from hospital.problems import CannotDo

_LONGEST_SOCKET_PATH = 100  # the system's limit is 107 bytes
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Occupant:
    """The process that has the folder open, and the socket at which it takes commands, if it takes any."""

    pid: int
    socket: str | None


class InUse(Exception):
    def __init__(self, occupant: Occupant) -> None:
        super().__init__(f"in use by process {occupant.pid}")
        self.occupant = occupant


@dataclass(frozen=True)
class DataFolder:
    path: Path

    def database_url(self, name: str) -> str:
        return f"sqlite+aiosqlite:///{self.path.resolve() / name}.db"

    @property
    def is_hospital(self) -> bool:
        """Whether one was made here."""
        return (self.path / "accounts.db").exists()

    @property
    def audit_heads(self) -> Path:
        return self.path / "audit-heads.jsonl"

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """Holds the folder for this process, and gives where to take commands. Raises InUse, CannotDo."""
        self._make()
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(descriptor)
            with self._socket_path() as socket:
                _write(descriptor, {"pid": os.getpid(), "socket": str(socket)})
                yield socket
                os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def secret_key(self) -> bytes:
        """Made on the first call; only its owner may read it. Call it with the folder opened."""
        path = self.path / "secret-key"
        if not path.exists():
            write_privately(path, secrets.token_urlsafe(_SECRET_BYTES) + "\n")
        return path.read_bytes().strip()

    @property
    def _lock(self) -> Path:
        return self.path / "lock"

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except FileExistsError:
            raise CannotDo(f"{self.path} is no folder: name another with --data.") from None
        except OSError as error:
            raise CannotDo(f"The data folder {self.path} cannot be made: {error.strerror}.") from None
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise CannotDo(f"The data folder {self.path} cannot be written to.")

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(_occupant(self._lock)) from None

    @contextmanager
    def _socket_path(self) -> Iterator[Path]:
        path = self.path.resolve() / "control.sock"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
            path.unlink(missing_ok=True)
            yield path
            path.unlink(missing_ok=True)
        else:
            with tempfile.TemporaryDirectory(prefix="hospital-") as elsewhere:
                yield Path(elsewhere) / "control.sock"


def write_privately(path: Path, text: str) -> None:
    """Whole or not at all, on the disk when it returns, readable for its owner alone."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, fields: dict[str, object]) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, orjson.dumps(fields), 0)


def _occupant(lock: Path) -> Occupant:
    """What the lock's holder has written; a pid of 0 where it has not written yet."""
    try:
        fields = orjson.loads(lock.read_bytes())
        return Occupant(int(fields["pid"]), fields["socket"])
    except (OSError, ValueError, KeyError, TypeError):
        return Occupant(0, None)
