"""What takes mail and SMS out of this hospital: an SMTP server and a provider, or the mailbox."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hospital.domains import Domains
from subgraphs.notifications.rules import Channel
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


def senders(domains: Domains, settings: SendingSettings) -> list[Sender]:
    return [_email(domains, settings.smtp), _sms(domains, settings.sms)]


def _email(domains: Domains, settings: SmtpSettings) -> Sender:
    service = domains.notifications.service
    clock, bell = service.base.clock, service.bells[Channel.EMAIL]
    if settings.host is None:
        return email_sender(service, domains.mailbox, clock, bell=bell, lanes=1)
    host = urlsplit(service.base.settings.public_url).hostname or "localhost"
    mailbox = SmtpMailbox(settings, f"no-reply@{host}")
    return email_sender(service, mailbox, clock, bell=bell, rest=mailbox.rest, lanes=settings.connections)


def _sms(domains: Domains, settings: SmsSettings) -> Sender:
    service = domains.notifications.service
    clock, bell = service.base.clock, service.bells[Channel.SMS]
    if settings.provider is Provider.CONSOLE:
        return sms_sender(service, ConsoleSms(domains.mailbox), clock, bell=bell, lanes=1)
    provider = TwilioSms(settings)
    return sms_sender(service, provider, clock, bell=bell, rest=provider.rest)
