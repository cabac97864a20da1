"""Notifications' rows of who may see and do what."""

from subgraphs.kernel.access import Deed, Seat, Thing
from subgraphs.kernel.principal import RoleName

SENT = Thing(
    name="notifications sent",
    fields=("Query.notifications", "Notification.*"),
    seen_by=frozenset({Seat.OWN, Seat.ADMIN}),
)
TEMPLATES = Thing(
    name="notification templates",
    fields=("Query.notificationTemplates", "NotificationTemplate.*"),
    seen_by=frozenset({Seat.ADMIN}),
)
WRITE_TEMPLATES = Deed(
    "departments, staff accounts, templates",
    ("updateNotificationTemplate", "previewNotificationTemplate"),
    frozenset({RoleName.ADMIN}),
)

THINGS = (SENT, TEMPLATES)
DEEDS = (WRITE_TEMPLATES,)
