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
    unreached: list[BaseException] = []
    for server in settings.servers.split(","):
        try:
            missing = set(topics) - await _topics_at(settings, server)
        except (KafkaError, OSError) as error:
            _explain(settings, server, error)
            unreached.append(error)
            continue
        if missing:
            raise TopicsMissing(f"HOSPITAL_KAFKA: {server} lacks {', '.join(sorted(missing))}: `hospital topics`.")
        return None
    return ", ".join(dict.fromkeys(str(error) or type(error).__name__ for error in unreached))


async def _topics_at(settings: KafkaSettings, server: str) -> set[str]:
    host, _, port = server.strip().rpartition(":")
    options = {name: value for name, value in settings.connection().items() if name != "bootstrap_servers"}
    connection: AIOKafkaConnection = await create_conn(
        host.strip("[]"), int(port), client_id="hospital", request_timeout_ms=_ANSWER_MS, **options
    )
    try:
        answer = await connection.send(MetadataRequest(None))
        return {topic["topic"] for topic in answer.to_object()["topics"]}
    finally:
        connection.close()


def _explain(settings: KafkaSettings, server: str, error: Exception) -> None:
    """Raises BrokerRefuses where `error` does not pass by itself."""
    match error:
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            told = f"HOSPITAL_KAFKA_PASSWORD: {server} does not let {settings.user} in with it"
        case UnsupportedSaslMechanismError():
            told = f"HOSPITAL_KAFKA_SASL_MECHANISM: {server} does not take {settings.sasl_mechanism}"
        case ssl.SSLCertVerificationError():
            told = f"HOSPITAL_KAFKA_CA_FILE: {server} is not trusted: {error.verify_message}"
        case ssl.SSLError() | KafkaConnectionError():
            told = f"HOSPITAL_KAFKA_SECURITY: {server} does not speak {settings.security}"
        case _:
            return
    raise BrokerRefuses(f"{told}.") from error
