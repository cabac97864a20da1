"""The two mails of accounts."""

from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def invitation(link: str) -> Letter:
    return _letter(
        "Your login at the hospital",
        link,
        "A login was made ready for you at the hospital.",
        "Open this link within 24 hours to choose your password. It can be used once:",
        "If you did not expect this mail, you need not do anything.",
    )


def password_reset(link: str) -> Letter:
    return _letter(
        "Choose a new password",
        link,
        "Somebody, probably you, asked for a new password for your login at the hospital.",
        "Open this link within one hour to choose it. It can be used once:",
        "If it was not you, you need not do anything: your password stays as it is.",
    )


def _letter(subject: str, link: str, opening: str, instruction: str, closing: str) -> Letter:
    text = f"{opening}\n\n{instruction}\n\n{link}\n\n{closing}\n"
    address = escape(link)
    paragraphs = (escape(opening), escape(instruction), f'<a href="{address}">{address}</a>', escape(closing))
    return Letter(subject, text, "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs))
