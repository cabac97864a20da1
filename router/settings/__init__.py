"""Everything about the router that an operator may choose."""

from router.settings.clients import Authorization, Persisted, SharedSubscriptions, SocketTimes, StreamTimes
from router.settings.headers import matches
from router.settings.limits import Limits, Planning
from router.settings.router import RouterSettings
from router.settings.supergraphs import Overrides, ReloadTimes
from router.settings.traffic import Breaker, Caps, Connections, HeaderRules, Retries, Sharing, SubgraphEvents, Traffic

__all__ = [
    "Authorization",
    "Breaker",
    "Caps",
    "Connections",
    "HeaderRules",
    "Limits",
    "Overrides",
    "Persisted",
    "Planning",
    "ReloadTimes",
    "Retries",
    "RouterSettings",
    "SharedSubscriptions",
    "Sharing",
    "SocketTimes",
    "StreamTimes",
    "SubgraphEvents",
    "Traffic",
    "matches",
]
