"""What notifications announces."""

from subgraphs.kernel.events import Action, Event


class TemplateUpdated(Event):
    """The template for that event and channel has other words now, at `version`."""

    type = "template.updated"
    action = Action.UPDATE
    resource_type = "NotificationTemplate"

    template_id: str
    event: str
    channel: str
    locale: str
    version: int

    def key(self) -> str:
        return self.template_id


EVENTS = (TemplateUpdated,)
