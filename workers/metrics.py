"""What workers count. No label names a person or an id."""

from prometheus_client import Counter

HANDLED = Counter(
    "hospital_messages_handled", "Messages that had their effect (also before), by consumer.", ["consumer", "topic"]
)
RETRIED = Counter(
    "hospital_messages_retried", "Times that a message failed and was waited for, by consumer.", ["consumer", "topic"]
)
SOURCE_FAILED = Counter(
    "hospital_source_failures",
    "Times that nothing could be fetched or committed, by consumer.",
    ["consumer", "topic"],
)
BURIED = Counter(
    "hospital_dead_letters",
    "Messages that could not be handled and were laid aside, by consumer.",
    ["consumer", "topic"],
)
PUBLISHED = Counter("hospital_events_published", "Events that the broker took, by domain.", ["domain"])
