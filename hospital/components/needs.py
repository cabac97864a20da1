"""What a component needs before it begins: asked for once, and said in one line where it is not there."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import col

from hospital.domains import NAMES
from hospital.problems import CannotDo, NotThere
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import topic_of
from subgraphs.kernel.tables import OutboxRow
from workers.kafka.settings import KafkaSettings

_NOT_LET_IN = {1044, 1045, 1698}
_NO_DATABASE, _NO_TABLE = 1049, 1146
_ANSWER_MS = 5_000
_ONE_EVENT = select(col(OutboxRow.sequence)).limit(1)


def opened(setting: str, url: str) -> Database:
    """Nothing is connected yet. Raises CannotDo for an address that is none."""
    try:
        return Database(url)
    except (SQLAlchemyError, ImportError, ValueError):
        raise CannotDo(f"{setting} is no address such as mysql+asyncmy://user:password@host/database.") from None


async def check_database(setting: str, database: Database) -> None:
    """Raises CannotDo where nobody of that name and password is let in, NotThere for all that may heal."""
    try:
        async with database.reading() as session:
            await (await session.connection()).execute(_ONE_EVENT)
    except DBAPIError as error:
        raise why_not(setting, error) from None
    except OSError as error:
        raise NotThere(f"{setting}: the database cannot be reached: {error.strerror or error}.") from None


def why_not(setting: str, error: DBAPIError) -> CannotDo:
    code = (getattr(error.orig, "args", None) or (None,))[0]
    if code in _NOT_LET_IN:
        return CannotDo(f"{setting}: the database lets nobody in with this user and password: {error.orig}.")
    if code == _NO_DATABASE:
        return NotThere(f"{setting}: there is no such database: run `hospital databases`.")
    if code == _NO_TABLE or "no such table" in str(error.orig):
        return NotThere(f"{setting}: the database was not migrated: run `hospital databases`.")
    return NotThere(f"{setting}: the database cannot be used: {error.orig}.")


async def check_broker(settings: KafkaSettings) -> None:
    """Raises CannotDo where the broker lets nobody in, NotThere where it does not answer or lacks a topic."""
    missing = sorted({topic_of(name) for name in NAMES} - await _topics(settings))
    if missing:
        raise NotThere(f"HOSPITAL_KAFKA: there is no topic {', '.join(missing)}: run `hospital topics`.")


async def _topics(settings: KafkaSettings) -> set[str]:
    with _heard(logging.getLogger("aiokafka")) as heard:
        try:
            return await _listed(_connection(settings))
        except ValueError:
            raise CannotDo(f"HOSPITAL_KAFKA: {settings.servers!r} is no address such as host:9092.") from None
        except (KafkaError, OSError) as error:
            raise _why_no_broker(settings, heard.errors[-1] if heard.errors else error) from None


def _connection(settings: KafkaSettings) -> dict[str, Any]:
    try:
        return settings.connection()
    except ssl.SSLError:
        raise CannotDo(f"HOSPITAL_KAFKA_CA_FILE: {settings.ca_file} holds no certificates.") from None


async def _listed(connection: dict[str, Any]) -> set[str]:
    admin = AIOKafkaAdminClient(**connection, request_timeout_ms=_ANSWER_MS)
    try:
        await admin.start()
        return set(await admin.list_topics())
    finally:
        await admin.close()


def _why_no_broker(settings: KafkaSettings, error: BaseException) -> CannotDo:
    if isinstance(error, AuthenticationFailedError | SaslAuthenticationFailed | UnsupportedSaslMechanismError):
        return CannotDo(f"HOSPITAL_KAFKA_USER, HOSPITAL_KAFKA_PASSWORD: Kafka lets nobody in with these: {error}.")
    return NotThere(f"HOSPITAL_KAFKA: {settings.servers} cannot be reached: {str(error) or type(error).__name__}.")


class _Errors(logging.Handler):
    """The client writes down why a broker does not answer, and raises only that none did."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors += [each for each in record.args or () if isinstance(each, BaseException)]


@contextmanager
def _heard(logger: logging.Logger) -> Iterator[_Errors]:
    handler, propagated = _Errors(), logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.propagate = propagated
        logger.removeHandler(handler)
