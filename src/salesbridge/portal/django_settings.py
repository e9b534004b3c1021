"""Django's settings for the portal: the store's, and what people need.

Importing this module starts nothing; what the operator decides comes from ``salesbridge.settings``.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.functional import SimpleLazyObject

from salesbridge.portal.key import secret_key
from salesbridge.settings import settings
from salesbridge.store.django_settings import *  # noqa: F403 - built upon

_chosen = settings()
_address = urlsplit(_chosen.public_url)
_https = _address.scheme == "https"
_host = _address.hostname or "127.0.0.1"
_ROOM = Path(__file__).parent
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

SECRET_KEY: Any = SimpleLazyObject(secret_key)
DEBUG = False
ROOT_URLCONF = "salesbridge.portal.urls"
AUTH_USER_MODEL = "portal.User"
INSTALLED_APPS = [
    "salesbridge.store",
    "salesbridge.portal",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "salesbridge.portal.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "salesbridge.portal.middleware.SecurityHeaders",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "salesbridge.portal.middleware.SessionAges",
    "salesbridge.portal.middleware.NoBareRefusals",
    "salesbridge.portal.middleware.OnlyDeclaredViews",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_ROOM / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "salesbridge.portal.context.layout",
            ],
            "builtins": ["django.templatetags.static", "salesbridge.portal.templatetags.ui"],
        },
    }
]

# who may call, and how cookies travel
ALLOWED_HOSTS = sorted({_host} | (_LOOPBACK if _host in _LOOPBACK else set()))
CSRF_TRUSTED_ORIGINS = [f"{_address.scheme}://{_address.netloc}"]
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "__Host-csrf" if _https else "csrf"
SESSION_COOKIE_NAME = "__Host-session" if _https else "session"
THEME_COOKIE_NAME = "__Host-theme" if _https else "theme"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_IDLE_AGE = int(timedelta(hours=1).total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "salesbridge.portal.errors.csrf_failure"
SECURE_SSL_REDIRECT = _https
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

_oidc_origin = [f"https://{urlsplit(_chosen.oidc_url).netloc}"] if _chosen.oidc_url else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # the QR code of an authenticator app, and the base sheet's own icons
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'", *_oidc_origin],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# what lasts: sessions and throttling in the database, the same for every process
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"}}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.memory.InMemoryStorage"},  # nothing is uploaded to keep
    "staticfiles": {"BACKEND": "salesbridge.portal.static_files.Fingerprinted"},
}
WHITENOISE_USE_FINDERS = True  # served from the packages themselves: nothing is collected first
WHITENOISE_MAX_AGE = int(timedelta(days=365).total_seconds())  # an address changes with what it leads to

EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _chosen.mail_host else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(_chosen.mail_folder)
EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = _chosen.mail_host or "", _chosen.mail_port, _chosen.mail_tls
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _chosen.mail_user, _chosen.mail_password.get_secret_value()
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _chosen.mail_from

# who people are
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email", "name"]}},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": "salesbridge.portal.passwords.NoWordsOfOnesOwn"},
]
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL, LOGIN_REDIRECT_URL = "account_login", "connectors"
ACCOUNT_ADAPTER = "salesbridge.portal.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Salesbridge] "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _address.scheme or "http"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_RATE_LIMITS = {"invite": "30/h/user", "open_invitation": "20/m/ip"}  # beside those of allauth
MFA_ADAPTER = "salesbridge.portal.adapters.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Salesbridge"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _https
SOCIALACCOUNT_ADAPTER = "salesbridge.portal.adapters.SingleSignOn"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": _chosen.oidc_name,
                "client_id": _chosen.oidc_client_id,
                "secret": _chosen.oidc_client_secret.get_secret_value(),
                "settings": {"server_url": _chosen.oidc_url},
            }
        ]
        if _chosen.oidc_url
        else [],
    }
}
