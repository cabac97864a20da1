"""What takes mail and SMS out of this hospital: an SMTP server and a provider, or the mailbox."""

from functools import partial
from urllib.parse import urlsplit

from hospital.mailbox.durable import DurableMailbox
from hospital.sending_settings import SendingSettings
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.service import NotificationService
from workers.email.sender import email_sender
from workers.email.settings import SmtpSettings
from workers.email.smtp import SmtpMailbox
from workers.sending import Sender
from workers.sms.console import ConsoleSms
from workers.sms.sender import sms_sender
from workers.sms.settings import Provider, SmsSettings
from workers.sms.twilio import TwilioSms


def senders(service: NotificationService, mailbox: DurableMailbox, settings: SendingSettings) -> list[Sender]:
    return [email_of(service, mailbox, settings.smtp), sms_of(service, mailbox, settings.sms)]


def email_of(
    service: NotificationService, mailbox: DurableMailbox, settings: SmtpSettings, poll_seconds: float = 2.0
) -> Sender:
    """By SMTP, or into the mailbox where no server is named."""
    sender = partial(email_sender, service, clock=service.base.clock, bell=service.bells[Channel.EMAIL])
    if settings.host is None:
        return sender(mailbox, lanes=1, poll_seconds=poll_seconds)
    host = urlsplit(service.base.settings.public_url).hostname or "localhost"
    post = SmtpMailbox(settings, f"no-reply@{host}")
    return sender(post, rest=post.rest, lanes=settings.connections, poll_seconds=poll_seconds)


def sms_of(
    service: NotificationService, mailbox: DurableMailbox, settings: SmsSettings, poll_seconds: float = 2.0
) -> Sender:
    """By the provider, or into the mailbox where that is the console."""
    sender = partial(sms_sender, service, clock=service.base.clock, bell=service.bells[Channel.SMS])
    if settings.provider is Provider.CONSOLE:
        return sender(ConsoleSms(mailbox), lanes=1, poll_seconds=poll_seconds)
    provider = TwilioSms(settings)
    return sender(provider, rest=provider.rest, poll_seconds=poll_seconds)
