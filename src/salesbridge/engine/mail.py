"""Messages to people. The message id follows from what it is about, so that a repeat is recognised as one."""

from __future__ import annotations

from django.core.mail import EmailMessage

from salesbridge.settings import settings


def send(about: str, subject: str, body: str, to: list[str]) -> None:
    """Send one message.

    Args:
        about: What it is about, for example ``run-<id>``; a repeat of it carries the same message id.
        subject: Subject line.
        body: Plain text.
        to: Addresses; nothing is sent when there are none.
    """
    if not to:
        return
    headers = {"Message-ID": f"<{about}@salesbridge>"}
    EmailMessage(subject, body, settings().mail_from, to, headers=headers).send()
