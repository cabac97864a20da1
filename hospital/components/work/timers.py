"""The worker that does what is done from time to time."""

from hospital.components.building import House
from hospital.components.every_domain import domains_of
from hospital.components.workers import FINISHED_WITHIN_SECONDS, Worker, reachable
from hospital.settings import read_kafka_settings
from hospital.timetable import jobs, prune_published
from workers.timers import Timers


def timers(house: House, _: str | None) -> Worker:
    domains = domains_of(house)
    made = Timers(jobs(domains, prune_published(domains, read_kafka_settings())))
    databases = {base.name: base.database for base in domains.bases}
    closing, finished = [domains.close, house.session.aclose], FINISHED_WITHIN_SECONDS
    return Worker([made], closing, reachable(databases), databases, drained_within_seconds=finished)
