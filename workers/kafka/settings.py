"""How the broker is reached, who reads from it under which number, and for how long events are kept on both sides."""

import ssl
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, FilePath, PositiveInt, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ORDINAL = r"^[A-Za-z0-9._-]{1,32}$"


class KafkaSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOSPITAL_KAFKA", env_ignore_empty=True, frozen=True, extra="ignore")

    servers: str = Field(
        "127.0.0.1:9092", validation_alias="HOSPITAL_KAFKA", description="The brokers, as host:port, parted by commas."
    )
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", validation_alias="HOSPITAL_KAFKA_SECURITY", description="How it is spoken to."
    )
    ca_file: FilePath | None = Field(
        None,
        validation_alias="HOSPITAL_KAFKA_CA_FILE",
        description="Who vouches for the brokers; else the system does.",
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", validation_alias="HOSPITAL_KAFKA_SASL_MECHANISM", description="How one signs in there."
    )
    user: str | None = Field(None, validation_alias="HOSPITAL_KAFKA_USER", description="Who signs in there.")
    password: SecretStr | None = Field(
        None,
        validate_default=True,
        validation_alias="HOSPITAL_KAFKA_PASSWORD",
        description="Needed where SASL is used.",
    )
    ordinal: str = Field(
        "0",
        pattern=ORDINAL,
        validation_alias="HOSPITAL_ORDINAL",
        description="Tells workers of one name apart; one that starts again under its own goes on with its partitions.",
    )
    partitions: PositiveInt = Field(
        6, validation_alias="HOSPITAL_KAFKA_PARTITIONS", description="How many a topic is made with."
    )
    replicas: PositiveInt = Field(
        1,
        validation_alias="HOSPITAL_KAFKA_REPLICAS",
        description="How many brokers keep each of them; three in earnest.",
    )
    retention_hours: PositiveInt = Field(
        168, validation_alias="HOSPITAL_KAFKA_RETENTION_HOURS", description="How long a topic keeps its messages."
    )
    outbox_kept_days: PositiveInt = Field(
        14,
        validation_alias="HOSPITAL_OUTBOX_KEPT_DAYS",
        description="How long events that a broker has can be published again (`hospital replay`).",
    )
    inbox_kept_days: PositiveInt = Field(
        30,
        validate_default=True,
        validation_alias="HOSPITAL_INBOX_KEPT_DAYS",
        description="How long a consumer knows what it has handled.",
    )

    @field_validator("ca_file")
    @classmethod
    def _with_certificates(cls, value: FilePath | None) -> FilePath | None:
        if value is not None:
            try:
                ssl.create_default_context(cafile=value)
            except (ssl.SSLError, OSError) as error:
                raise ValueError(f"{value} holds no certificates that can be read") from error
        return value

    @field_validator("inbox_kept_days")
    @classmethod
    def _longer_than_an_event_may_come_again(cls, value: int, info: ValidationInfo) -> int:
        """Replayed on its last day, it is on its topic for the retention, and for the day until a segment closes."""
        kept, hours = info.data.get("outbox_kept_days"), info.data.get("retention_hours")
        if kept is not None and hours is not None and timedelta(days=value) < timedelta(days=kept + 1, hours=hours):
            raise ValueError(
                f"{value} days are too few: an event may come again HOSPITAL_OUTBOX_KEPT_DAYS ({kept}) and "
                f"HOSPITAL_KAFKA_RETENTION_HOURS ({hours}) and a day later, and would have its effect twice"
            )
        return value

    @field_validator("password")
    @classmethod
    def _there_where_it_is_needed(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if "SASL" in str(info.data.get("security")) and (value is None or not info.data.get("user")):
            raise ValueError("SASL needs HOSPITAL_KAFKA_USER and HOSPITAL_KAFKA_PASSWORD")
        return value

    def connection(self) -> dict[str, Any]:
        """What aiokafka's clients want to be given."""
        options: dict[str, Any] = {"bootstrap_servers": self.servers.split(","), "security_protocol": self.security}
        if "SSL" in self.security:
            options["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        if "SASL" in self.security and self.password is not None:
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password.get_secret_value(),
            }
        return options
