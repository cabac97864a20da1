"""Every setting of the hospital with its value and where that comes from."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsError

from hospital.components.settings import AdminSettings, ComponentSettings
from hospital.logs import LogSettings
from hospital.problems import CannotDo, as_it_is_set
from hospital.sending_settings import SendingSettings
from router.settings import RouterSettings
from subgraphs.kernel.settings import Settings
from workers.email.settings import SmtpSettings
from workers.kafka.settings import KafkaSettings
from workers.sms.settings import SmsSettings

ALL: tuple[type[BaseSettings], ...] = (
    Settings,
    RouterSettings,
    SmtpSettings,
    SmsSettings,
    ComponentSettings,
    AdminSettings,
    KafkaSettings,
    LogSettings,
)
MASK = "********"

_PREFIX = "HOSPITAL_"
_SECRET_IN_URL = re.compile(r"(?<=://)([^/\s:@]*:)?[^/\s@]+@")
_QUOTED = re.compile(r'"(\w+)"')

S = TypeVar("S", bound=BaseSettings)


@dataclass(frozen=True, slots=True)
class Setting:
    """`value` as it may be shown; `source` is `environment` or `default`."""

    name: str
    value: str
    source: str
    description: str


def read_settings() -> tuple[Settings, RouterSettings]:
    """Raises CannotDo, naming the variable that is wrong."""
    return _read(Settings), _read(RouterSettings)


def read_sending_settings() -> SendingSettings:
    """Raises CannotDo, naming the variable that is wrong."""
    return SendingSettings(_read(SmtpSettings), _read(SmsSettings))


def read_kafka_settings() -> KafkaSettings:
    """Raises CannotDo, naming the variable that is wrong or missing."""
    return _read(KafkaSettings)


def read_log_settings() -> LogSettings:
    """Raises CannotRun, naming the variable that is wrong: components read it as well, before all else."""
    with as_it_is_set():
        return _read(LogSettings)


def read_component_settings() -> ComponentSettings:
    """Raises CannotDo, naming the variable that is wrong."""
    return _read(ComponentSettings)


def _read(model: type[S]) -> S:
    prefix = str(model.model_config.get("env_prefix", ""))
    try:
        return model()
    except ValidationError as error:
        raise CannotDo("\n".join(_problems(error, model, prefix))) from None
    except SettingsError as error:
        field = _QUOTED.search(str(error))
        name = f"{prefix}{field[1]}".upper() if field else f"A {prefix} variable"
        raise CannotDo(f"{name}: this is not JSON") from None


def every_setting() -> list[Setting]:
    """Raises CannotDo, naming the variable that is wrong."""
    read = [_read(model) for model in ALL]
    found = [setting for each in read for setting in _of(each, str(each.model_config.get("env_prefix", "")))]
    return list({setting.name: setting for setting in found}.values())


def meaningless_variables(known: list[Setting]) -> list[str]:
    """Variables of the environment that look like settings and are none: misspelt, most likely."""
    names = {setting.name for setting in known}
    return sorted(name for name in os.environ if name.startswith(_PREFIX) and not _means_something(name.upper(), names))


def _of(model: BaseModel, prefix: str) -> Iterator[Setting]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        variable = str(field.validation_alias or f"{prefix}{name}").upper()
        if isinstance(value, BaseModel):
            yield from _of(value, f"{variable}__")
        else:
            source = "environment" if name in model.model_fields_set else "default"
            yield Setting(variable, shown(value), source, field.description or "")


def shown(value: Any) -> str:
    """As text, without what is secret in it."""
    match value:
        case _ if value in (None, "", (), {}):
            return "–"
        case SecretStr():
            return MASK
        case tuple() | list():
            return ", ".join(shown(item) for item in value)
        case dict():
            return ", ".join(f"{name}={shown(item)}" for name, item in value.items())
        case _:
            return _SECRET_IN_URL.sub(rf"\1{MASK}@", str(value))


def _means_something(variable: str, names: set[str]) -> bool:
    """A group of settings may be given as one JSON object under the name that its own begin with."""
    return variable in names or any(name.startswith(f"{variable}__") for name in names) or "_TEST_" in variable


def _problems(error: ValidationError, model: type[BaseSettings], prefix: str) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_input=False):
        first, *rest = problem["loc"]
        field = model.model_fields.get(str(first))
        steps = [field.validation_alias if field and field.validation_alias else first, *rest]
        path = "__".join(str(step) for step in steps if step != "[key]").upper()
        name = path if path.startswith(_PREFIX) else prefix + path
        yield f"{name}: {_said(problem['type'], problem['msg'], field)}"


def _said(kind: str, message: str, field: FieldInfo | None) -> str:
    if kind == "path_not_file" and field and field.description:
        return f"there is no such file. {field.description}"
    return message.removeprefix("Value error, ")
