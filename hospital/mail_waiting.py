"""What Prometheus is told of what waits to be mailed."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import func, select
from sqlmodel import col

from hospital.measures import age_of, rows_of
from router.entrypoints.metrics import Measure
from subgraphs.kernel.foundation import Foundation
from subgraphs.notifications.rules import Channel, Status
from subgraphs.notifications.tables import NotificationRow

_QUEUED = (
    select(col(NotificationRow.channel), func.count(), func.min(NotificationRow.created_at))
    .where(col(NotificationRow.status) == Status.QUEUED.value)
    .group_by(col(NotificationRow.channel))
)


def mail_of(notifications: Foundation) -> Measure:
    async def measure() -> Iterable[Metric]:
        rows = await rows_of(notifications.database, _QUEUED)
        found = {channel: (number, oldest) for channel, number, oldest in rows}
        depth = GaugeMetricFamily("hospital_mail_waiting", "Messages that wait to be sent.", labels=["channel"])
        age = GaugeMetricFamily(
            "hospital_mail_oldest_seconds", "Age of the oldest message that waits to be sent.", labels=["channel"]
        )
        for channel in Channel:
            number, oldest = found.get(channel.value, (0, None))
            depth.add_metric([channel.value], number)
            age.add_metric([channel.value], age_of(notifications.clock, oldest))
        return [depth, age]

    return measure
