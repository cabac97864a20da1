"""Logs go to stderr, apart from what a command answers: lines for people, or JSON where a program reads them.

No log holds personal data. So an error is told by its kind and by where it was raised, never by its text, in which
databases and libraries quote what they were given; and of libraries only warnings are told, at every level.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Any, Literal

import structlog
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from structlog.typing import EventDict

from hospital.output import dropping
from subgraphs.kernel.correlation import add_correlation

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class LogSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOSPITAL_LOG_", env_ignore_empty=True, frozen=True, extra="ignore")

    format: Literal["plain", "json"] = Field("plain", description="How logs are written: for people, or for programs.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")


def configure_logs(settings: LogSettings) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            add_correlation,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_errors,
            _rendering(settings),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        logger_factory=structlog.PrintLoggerFactory(dropping(sys.stderr)),
    )
    root = logging.getLogger()
    root.handlers[:] = [_OfLibraries()]
    root.setLevel(logging.WARNING)
    logging.getLogger("asyncmy").setLevel(logging.ERROR)  # it warns of each note that a server has on a statement


def _rendering(settings: LogSettings) -> Any:
    if settings.format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def name_errors(logger: Any, method: str, event: EventDict) -> EventDict:
    """A processor of structlog."""
    told = event.pop("exc_info", None)
    error = told[1] if isinstance(told, tuple) else sys.exc_info()[1] if told is True else told
    if isinstance(error, BaseException):
        event["exception"] = "".join(_trace(error))
    return {name: type(value).__name__ if isinstance(value, BaseException) else value for name, value in event.items()}


def _trace(error: BaseException) -> Iterator[str]:
    """What caused it first. The lines of code are those of the program, and hold no values."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _trace(before)
    yield from traceback.format_list(traceback.extract_tb(error.__traceback__))
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"


class _OfLibraries(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Behind its first line a message about an error quotes it."""
        error, said = record.exc_info, record.getMessage()
        told = said.partition("\n")[0] if error else said
        structlog.get_logger().log(record.levelno, told, logger=record.name, exc_info=error)
