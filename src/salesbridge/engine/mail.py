"""Messages to people. The message id follows from what it is about, so that a repeat is recognised as one."""

from __future__ import annotations

from typing import Any

from django.core.mail import EmailMessage, get_connection

from salesbridge.settings import settings

_BACKENDS = "django.core.mail.backends"


def send(about: str, subject: str, body: str, to: list[str]) -> None:
    """Send one message by SMTP, or write it to the mail folder where there is no server.

    Args:
        about: What it is about, for example ``run-<id>``; a repeat of it carries the same message id.
        subject: Subject line.
        body: Plain text.
        to: Addresses; nothing is sent when there are none.
    """
    if not to:
        return
    headers = {"Message-ID": f"<{about}@salesbridge>"}
    EmailMessage(subject, body, settings().mail_from, to, headers=headers, connection=_connection()).send()


def _connection() -> Any:
    chosen = settings()
    if not chosen.mail_host:
        return get_connection(f"{_BACKENDS}.filebased.EmailBackend", file_path=str(chosen.mail_folder))
    return get_connection(
        f"{_BACKENDS}.smtp.EmailBackend",
        host=chosen.mail_host,
        port=chosen.mail_port,
        username=chosen.mail_user,
        password=chosen.mail_password.get_secret_value(),
        use_tls=chosen.mail_tls,
        timeout=30,
    )
