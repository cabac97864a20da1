"""An `SmsProvider` that sends nothing: what would have been sent stands in the mailbox, where people see it."""

from subgraphs.kernel.mail import Mail, Mailbox, Sms


class ConsoleSms:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def send(self, message: Sms) -> None:
        """An SMS in the mailbox has neither a subject nor HTML."""
        await self._mailbox.put(
            Mail(
                id=message.id,
                to=message.to,
                subject="",
                text=message.text,
                html="",
                message_id=f"<{message.id}@sms.hospital>",
                at=message.at,
            )
        )
