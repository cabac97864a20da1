"""Where mail and SMS go."""

from dataclasses import dataclass, field

from workers.email.settings import SmtpSettings
from workers.sms.settings import SmsSettings


@dataclass(frozen=True)
class SendingSettings:
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    sms: SmsSettings = field(default_factory=SmsSettings)
