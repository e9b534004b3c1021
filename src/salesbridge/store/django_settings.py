"""Django's settings, made from ours.

Importing this module starts nothing: the database is named by ``salesbridge.store.setup()``,
which may have to start it first.
"""

from __future__ import annotations

from typing import Any

from salesbridge.settings import settings as _settings

_ours = _settings()

INSTALLED_APPS = ["salesbridge.store"]
DATABASES: dict[str, dict[str, Any]] = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": ""}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# our logging is set up by salesbridge.telemetry; Django's own would add handlers of its own
LOGGING_CONFIG = None

EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _ours.mail_host else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(_ours.mail_folder)
EMAIL_HOST = _ours.mail_host or ""
EMAIL_PORT = _ours.mail_port
EMAIL_HOST_USER = _ours.mail_user
EMAIL_HOST_PASSWORD = _ours.mail_password.get_secret_value()
EMAIL_USE_TLS = _ours.mail_tls
DEFAULT_FROM_EMAIL = _ours.mail_from
