"""Seeing messages leave the hospital, on behalf of the request that they come from."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from subgraphs.kernel.correlation import Correlation, correlated
from subgraphs.kernel.tracing import consumer_span
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.service.sending import Outgoing

log = structlog.get_logger(__name__)


@contextmanager
def watched_sending(channel: Channel, message: Outgoing) -> Iterator[None]:
    with (
        correlated(Correlation(traceparent=message.traceparent)),
        consumer_span(f"send {channel.value}", message.traceparent) as span,
    ):
        span.set_attribute("hospital.notification", message.id)
        yield
        log.debug("message.sent", channel=channel.value, notification=message.id)
