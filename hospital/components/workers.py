"""The workers as processes: each gives what runs until it is told to stop."""

import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hospital.components.building import House
from hospital.domains import NAMES
from hospital.sending import SendingSettings, email_of, sms_of
from hospital.timetable import jobs_of_processes
from subgraphs.kernel.database import Database
from subgraphs.kernel.inbox import Subscriber
from workers.consumer import Consumer
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings
from workers.kafka.source import KafkaSource
from workers.relay import Relay
from workers.timers import Timers

COPIES = ("accounts", "patients", "appointments", "records", "billing", "notifications")


class Runner(Protocol):
    async def run(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Worker:
    """What it runs, and what is closed at the end."""

    runners: Sequence[Runner]
    close: Callable[[], Awaitable[None]]


def name_of_this_process(ordinal: str | None) -> str:
    return f"{socket.gethostname()}.{ordinal or os.getpid()}"[:64]
