"""What takes mail and SMS out of this hospital: an SMTP server and a provider, or the mailbox."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hospital.mailbox.durable import DurableMailbox
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


@dataclass(frozen=True)
class SendingSettings:
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    sms: SmsSettings = field(default_factory=SmsSettings)


def senders(service: NotificationService, mailbox: DurableMailbox, settings: SendingSettings) -> list[Sender]:
    return [email_of(service, mailbox, settings.smtp), sms_of(service, mailbox, settings.sms)]


def email_of(service: NotificationService, mailbox: DurableMailbox, settings: SmtpSettings) -> Sender:
    """By SMTP, or into the mailbox where no server is named."""
    clock, bell = service.base.clock, service.bells[Channel.EMAIL]
    if settings.host is None:
        return email_sender(service, mailbox, clock, bell=bell, lanes=1)
    host = urlsplit(service.base.settings.public_url).hostname or "localhost"
    post = SmtpMailbox(settings, f"no-reply@{host}")
    return email_sender(service, post, clock, bell=bell, rest=post.rest, lanes=settings.connections)


def sms_of(service: NotificationService, mailbox: DurableMailbox, settings: SmsSettings) -> Sender:
    """By the provider, or into the mailbox where that is the console."""
    clock, bell = service.base.clock, service.bells[Channel.SMS]
    if settings.provider is Provider.CONSOLE:
        return sms_sender(service, ConsoleSms(mailbox), clock, bell=bell, lanes=1)
    provider = TwilioSms(settings)
    return sms_sender(service, provider, clock, bell=bell, rest=provider.rest)
