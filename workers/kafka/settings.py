"""How the broker is reached."""

import ssl
from typing import Any, Literal

from pydantic import Field, FilePath, PositiveInt, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
