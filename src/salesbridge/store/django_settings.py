"""Django's settings: the least that the store needs.

Importing this module starts nothing: the database is named by ``salesbridge.store.setup()``,
which may have to start it first.
"""

from __future__ import annotations

from typing import Any

INSTALLED_APPS = ["salesbridge.store"]
DATABASES: dict[str, dict[str, Any]] = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": ""}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# our logging is set up by salesbridge.telemetry; Django's own would add handlers of its own
LOGGING_CONFIG = None
