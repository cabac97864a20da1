"""The texts that a hospital begins with, by locale, event and channel: an e-mail's subject and body, an SMS's body."""

from subgraphs.notifications.rules import KINDS, Channel, locales
from subgraphs.notifications.templates import Letter

_WHEN = "{{ date }} at {{ time }} ({{ time_zone }})"
_DEAR = "Dear {{ patient_name }},\n\n"

_ENGLISH: dict[str, tuple[str, str, str]] = {
    "appointment.booked": (
        "Appointment requested for {{ date }}",
        f"{_DEAR}You asked for an appointment with {{{{ doctor_name }}}} on {_WHEN}.\n\n"
        "You hear from us as soon as the doctor has decided.",
        f"You asked for an appointment with {{{{ doctor_name }}}} on {_WHEN}. You hear from us soon.",
    ),
    "appointment.accepted": (
        "Appointment accepted for {{ date }}",
        f"{_DEAR}{{{{ doctor_name }}}} has accepted your appointment on {_WHEN}.",
        f"{{{{ doctor_name }}}} has accepted your appointment on {_WHEN}.",
    ),
    "appointment.rejected": (
        "Appointment declined for {{ date }}",
        f"{_DEAR}{{{{ doctor_name }}}} cannot see you on {_WHEN}.\n\nPlease choose another time.",
        f"{{{{ doctor_name }}}} cannot see you on {_WHEN}. Please choose another time.",
    ),
    "appointment.cancelled": (
        "Appointment cancelled for {{ date }}",
        f"{_DEAR}Your appointment with {{{{ doctor_name }}}} on {_WHEN} is cancelled.",
        f"Your appointment with {{{{ doctor_name }}}} on {_WHEN} is cancelled.",
    ),
    "appointment.rescheduled": (
        "Appointment moved to {{ date }}",
        f"{_DEAR}Your appointment with {{{{ doctor_name }}}} was moved from {{{{ previous_date }}}} at "
        f"{{{{ previous_time }}}} to {_WHEN}.",
        f"Your appointment with {{{{ doctor_name }}}} was moved from {{{{ previous_date }}}} at "
        f"{{{{ previous_time }}}} to {_WHEN}.",
    ),
    "appointment.reminder": (
        "Reminder: appointment on {{ date }}",
        f"{_DEAR}This is to remind you of your appointment with {{{{ doctor_name }}}} on {_WHEN}.",
        f"Reminder: you have an appointment with {{{{ doctor_name }}}} on {_WHEN}.",
    ),
    "bill.created": (
        "Your bill {{ bill_number }}",
        f"{_DEAR}There is a new bill for you.\n\nNumber: {{{{ bill_number }}}}\nAmount: {{{{ amount }}}}",
        "There is a new bill for you, {{ bill_number }}, of {{ amount }} {{ currency }}.",
    ),
    "payment.succeeded": (
        "Payment Status - SUCCESS",
        f"{_DEAR}Your payment of {{{{ amount }}}} is successful!\n\n"
        "Bill: {{ bill_number }}\nAmount: {{ amount }}\n\nThank you.",
        "Your payment of {{ amount }} {{ currency }} for bill {{ bill_number }} is successful!",
    ),
    "payment.failed": (
        "Payment Status - FAILED",
        f"{_DEAR}Your payment of {{{{ amount }}}} did not go through, and nothing was taken.\n\n"
        "Bill: {{ bill_number }}\nAmount: {{ amount }}",
        "Your payment of {{ amount }} {{ currency }} for bill {{ bill_number }} did not go through.",
    ),
    "payment.refunded": (
        "Payment Status - REFUNDED",
        f"{_DEAR}We have paid you back {{{{ amount }}}}.\n\nBill: {{{{ bill_number }}}}\nAmount: {{{{ amount }}}}",
        "We have paid you back {{ amount }} {{ currency }} for bill {{ bill_number }}.",
    ),
    "claim.decided": (
        "Your insurance claim was decided",
        f"{_DEAR}Your insurance has decided on the claim for bill {{{{ bill_number }}}}.\n\n"
        "It pays: {{ amount }} {{ currency }}",
        "Your insurance has decided on the claim for bill {{ bill_number }}: it pays {{ amount }} {{ currency }}.",
    ),
    "account.invited": (
        "Your login at the hospital",
        "A login was made ready for you at the hospital.\n\n"
        "Open this link within 24 hours to choose your password. It can be used once:\n\n{{ link }}\n\n"
        "If you did not expect this mail, you need not do anything.",
        "",
    ),
    "password.reset": (
        "Choose a new password",
        "Somebody, probably you, asked for a new password for your login at the hospital.\n\n"
        "Open this link within one hour to choose it. It can be used once:\n\n{{ link }}\n\n"
        "If it was not you, you need not do anything: your password stays as it is.",
        "",
    ),
}
SHIPPED = {"en": _ENGLISH}


def default(event: str, channel: Channel, locale: str) -> Letter:
    """The text of that locale, or where there is none the one that it falls back to."""
    texts = next(SHIPPED[name] for name in locales(locale) if name in SHIPPED)
    subject, mail, sms = texts[event]
    return Letter(subject, mail) if channel is Channel.EMAIL else Letter(None, sms)


def every() -> list[tuple[str, Channel]]:
    """Each event with each of its channels."""
    return [(event, channel) for event, kind in KINDS.items() for channel in kind.channels]
