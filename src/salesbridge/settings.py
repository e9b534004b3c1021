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
        portal_key: Key that signs the portal's cookies and links, at least 50 characters, the same on all its
            machines; none means a key file in ``data_dir``.
        trusted_proxy: Address of the reverse proxy whose ``X-Forwarded-*`` headers the portal believes.
        oidc_url: Issuer of the identity provider people may sign in with; none means that there is none.
        oidc_name: What the sign-in page calls it.
        oidc_client_id: Our client id there.
        oidc_client_secret: Our client secret there.
        edge_url: Address under which billing systems and Salesforce applications reach ``salesbridge edge``.
        ca_file: Certificates to trust beside the system's, for proxies and sandboxes.
        sandbox: Whether addresses of this machine itself are allowed as counterparties.
        workdir: Folder of CSV parts and reports; ``data_dir/work`` when none is given.
        billing_networks: Networks that are not public and in which billing systems may be, such as ``10.20.0.0/16``,
            separated by commas; all others are refused as addresses of billing systems.
        token_life_s: Seconds that an access token of the edge is good for, at most an hour.
        token_requests_per_second: Requests to the token endpoint that one edge process takes from one client, and
            five times as many from one address.
        api_calls_per_second: Calls through the gateway that one edge process lets through for one credential, and
            twice as many for one tenant.
        api_timeout_s: Seconds that the gateway waits for a billing system to go on.
        api_body_limit: Longest request body that the gateway passes on, in bytes.
        api_call_days: Days for which the rows of calls through the gateway are kept.
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
    portal_key: SecretStr | None = None
    trusted_proxy: str | None = None
    oidc_url: str | None = None
    oidc_name: str = "Single sign-on"
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    edge_url: str = "http://127.0.0.1:8100"
    sandbox: bool = False
    ca_file: Path | None = None
    workdir: Path | None = None
    billing_networks: str = ""
    token_life_s: int = Field(default=900, ge=60, le=3600)
    token_requests_per_second: float = Field(default=50.0, gt=0)
    api_calls_per_second: float = Field(default=300.0, gt=0)
    api_timeout_s: float = Field(default=60.0, gt=0)
    api_body_limit: int = Field(default=10_000_000, ge=1)
    api_call_days: int = Field(default=90, ge=1)
    log_json: bool = False
    log_level: str = "INFO"

    @property
    def work_folder(self) -> Path:
        """Folder of CSV parts and reports, wherever it was put."""
        return self.workdir or self.data_dir / "work"

    @property
    def allowed_networks(self) -> list[str]:
        """The networks of ``billing_networks``."""
        return [each.strip() for each in self.billing_networks.split(",") if each.strip()]

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
