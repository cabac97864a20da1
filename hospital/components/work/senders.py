"""The workers that send what is queued, each by one channel."""

from hospital.components.building import House
from hospital.components.workers import FINISHED_WITHIN_SECONDS, Worker, databases_of, reachable
from hospital.mail_waiting import mail_of
from hospital.sending import email_of, sms_of
from hospital.settings import read_sending_settings
from subgraphs.notifications.app import NotificationsDomain
from subgraphs.notifications.rules import Channel

_POLL_SECONDS = 0.05
"""A sender alone hears no bell: who queues its messages is another process."""


def email(house: House, _: str | None) -> Worker:
    return _sender(house, Channel.EMAIL)


def sms(house: House, _: str | None) -> Worker:
    return _sender(house, Channel.SMS)


def _sender(house: House, channel: Channel) -> Worker:
    domain, sending, mailbox = house.domain("notifications"), read_sending_settings(), house.mailbox()
    assert isinstance(domain, NotificationsDomain)
    if channel is Channel.EMAIL:
        sender = email_of(domain.service, mailbox, sending.smtp, _POLL_SECONDS)
    else:
        sender = sms_of(domain.service, mailbox, sending.sms, _POLL_SECONDS)
    closing = [domain.base.database.close, mailbox.close, house.session.aclose]
    databases = databases_of([domain])
    mail = {"mail": mail_of(domain.base)}
    return Worker([sender], closing, reachable(databases), databases, mail, FINISHED_WITHIN_SECONDS)
