"""Whether a broker lets us in and has our topics: what time does not mend is said once, before the work."""

import ssl
from collections.abc import Iterable

from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from workers.kafka.settings import KafkaSettings

_ANSWER_MS = 10_000


class BrokerRefuses(Exception):
    """One line that names the setting to look at, or the command to run."""


class TopicsMissing(BrokerRefuses):
    """They may be made at any moment."""


async def check_broker(settings: KafkaSettings, topics: Iterable[str] = ()) -> str | None:
    """Why no broker can be reached, which passes by itself; None where one answers. Raises BrokerRefuses."""
    unreached: list[str] = []
    for server in settings.servers.split(","):
        try:
            missing = set(topics) - await _topics_at(settings, server)
        except (KafkaError, OSError) as error:
            unreached.append(_reason(settings, server, error))
            continue
        if missing:
            raise TopicsMissing(f"HOSPITAL_KAFKA: {server} lacks {', '.join(sorted(missing))}: `hospital topics`.")
        return None
    return ", ".join(dict.fromkeys(unreached))


async def _topics_at(settings: KafkaSettings, server: str) -> set[str]:
    host, port = _parted(server)
    options = {name: value for name, value in settings.connection().items() if name != "bootstrap_servers"}
    connection: AIOKafkaConnection = await create_conn(
        host, port, client_id="hospital", request_timeout_ms=_ANSWER_MS, **options
    )
    try:
        answer = await connection.send(MetadataRequest(None))
        return {topic["topic"] for topic in answer.to_object()["topics"]}
    finally:
        connection.close()


def _parted(server: str) -> tuple[str, int]:
    host, _, port = server.strip().rpartition(":")
    if not host or not port.isdecimal():
        raise BrokerRefuses(f"HOSPITAL_KAFKA: {server!r} is no address such as host:9092.")
    return host.strip("[]"), int(port)


def _reason(settings: KafkaSettings, server: str, error: Exception) -> str:
    """In words. Raises BrokerRefuses where `error` does not pass by itself."""
    match error:
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            told = f"HOSPITAL_KAFKA_PASSWORD: {server} does not let {settings.user} in with it"
        case UnsupportedSaslMechanismError():
            told = f"HOSPITAL_KAFKA_SASL_MECHANISM: {server} does not take {settings.sasl_mechanism}"
        case ssl.SSLCertVerificationError():
            told = f"HOSPITAL_KAFKA_CA_FILE: {server} is not trusted: {error.verify_message}"
        case ssl.SSLEOFError() | KafkaConnectionError():  # so does one that is starting, behind a proxy
            spoken = f"{settings.security} (HOSPITAL_KAFKA_SECURITY)"
            return f"it ends the connection: it is starting, or does not speak {spoken}"
        case ssl.SSLError():
            told = f"HOSPITAL_KAFKA_SECURITY: {server} does not speak {settings.security}"
        case _:
            return str(error) or type(error).__name__
    raise BrokerRefuses(f"{told}.") from error
