"""What the operator of this installation decides, read from the environment once."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _home_of_data() -> Path:
    """Return where this platform keeps a program's data, for root the machine's own place."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if os.geteuid() == 0:
        return Path("/var/lib")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


class Settings(BaseSettings):
    """Every setting of the product, from environment variables named ``SALESBRIDGE_<NAME>``.

    ``DATABASE_URL`` is read as well, because platforms set it without a prefix. Secret values are
    masked in ``repr`` and the database URL, which may hold a password, is left out of it.

    Attributes:
        data_dir: Folder of everything kept on this machine (own database, vault key, reports).
        database_url: libpq URL of PostgreSQL; none means that we start our own in ``data_dir``.
        database_pool: Connections that one process may hold; 0 opens one per thread instead.
        vault_key: Key-encryption keys as ``id:base64 ...``, the first seals; none means a key
            file in ``data_dir``.
        mail_host: SMTP server; none means that messages are files in ``mail_dir``.
        mail_port: Port of the SMTP server.
        mail_user: Name to sign in to the SMTP server with, empty for none.
        mail_password: Password for ``mail_user``.
        mail_tls: Whether the SMTP session is encrypted by STARTTLS.
        mail_from: Sender of our messages.
        mail_dir: Folder of messages when there is no SMTP server.
        public_url: Address under which people reach the portal, used in messages.
        edge_url: Address under which billing systems reach ``salesbridge edge``.
        ca_file: Certificates to trust beside the system's, for proxies and sandboxes.
        sandbox: Whether addresses of this machine itself are allowed as counterparties.
        workdir: Folder of CSV parts and reports; ``data_dir/work`` when none is given.
        log_json: Whether log lines are JSON (else for people's eyes).
        log_level: Least severity that is logged.
    """

    model_config = SettingsConfigDict(env_prefix="SALESBRIDGE_", extra="ignore", populate_by_name=True)

    data_dir: Path = Field(default_factory=lambda: _home_of_data() / "salesbridge")
    database_url: str | None = Field(
        default=None,
        repr=False,
        validation_alias=AliasChoices("SALESBRIDGE_DATABASE_URL", "DATABASE_URL"),
    )
    database_pool: int = Field(default=20, ge=0)
    vault_key: SecretStr | None = None
    mail_host: str | None = None
    mail_port: int = 587
    mail_user: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_tls: bool = True
    mail_from: str = "Salesbridge <salesbridge@localhost>"
    mail_dir: Path | None = None
    public_url: str = "http://127.0.0.1:8000"
    edge_url: str = "http://127.0.0.1:8100"
    sandbox: bool = False
    ca_file: Path | None = None
    workdir: Path | None = None
    log_json: bool = False
    log_level: str = "INFO"

    @property
    def work_folder(self) -> Path:
        """Folder of CSV parts and reports, wherever it was put."""
        return self.workdir or self.data_dir / "work"

    @property
    def mail_folder(self) -> Path:
        """Folder of messages that no SMTP server takes."""
        return self.mail_dir or self.data_dir / "mail"


@cache
def settings() -> Settings:
    """Return the settings of this process, read at the first call.

    A test that changes the environment calls ``settings.cache_clear()``.
    """
    return Settings()
