"""What every request passes: a log line, security headers, and the gate for declared views."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url

from salesbridge.portal import errors
from salesbridge.portal.access import declared
from salesbridge.telemetry import in_context

Handler = Callable[[HttpRequest], HttpResponseBase]
_BEGAN, _SEEN = "session began", "session seen"
#: Seconds between two notes of a session being used: each is a write.
_SEEN_EVERY_S = 60
_log = structlog.get_logger(__name__)
_PERMISSIONS = ", ".join(
    f"{name}=()" for name in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
)


class RequestLog:
    """Gives each request an id, and writes one line about it: the page, never who asked or for what."""

    def __init__(self, get_response: Handler) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        request.id = uuid.uuid4().hex  # type: ignore[attr-defined]
        began = time.perf_counter()
        with in_context(request=request.id):  # type: ignore[attr-defined]
            response = self._next(request)
            match = request.resolver_match
            if match is not None:
                _log.info(
                    "answered", method=request.method, page=match.view_name or match.route,
                    status=response.status_code, ms=round((time.perf_counter() - began) * 1000),
                )  # fmt: skip
        response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
        return response


class SecurityHeaders:
    """Headers that Django and django-csp do not set."""

    def __init__(self, get_response: Handler) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        response = self._next(request)
        response.setdefault("Permissions-Policy", _PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.resolver_match is not None:  # a page, and pages show customers' data: no copies are kept
            response.setdefault("Cache-Control", "no-store")
        if getattr(request, "signed_out", False):
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class SessionAges:
    """Ends a session that is too old, or that nobody used for too long; live parts of a page are no use of it.

    How long is in ``SESSION_COOKIE_AGE`` (from the sign-in on) and ``SESSION_IDLE_AGE``, in seconds.
    """

    def __init__(self, get_response: Handler) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        if request.user.is_authenticated:
            self._look(request)
        response = self._next(request)
        return _to_the_page(request, response)

    def _look(self, request: HttpRequest) -> None:
        now, kept = int(time.time()), request.session
        began, seen = kept.get(_BEGAN), kept.get(_SEEN, 0)
        if began is None:
            kept[_BEGAN] = kept[_SEEN] = now
        elif now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_AGE:
            logout(request)
            messages.info(request, "You were signed out because the session had ended. Sign in again to go on.")
        elif now - seen >= _SEEN_EVERY_S and not _is_live_part(request):
            kept[_SEEN] = now


def _is_live_part(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers and "HX-Trigger-Name" not in request.headers and request.method == "GET"


def _to_the_page(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Lead the whole page to the sign-in, where only a part of it was asked for."""
    to = response.get("Location", "")
    if "HX-Request" in request.headers and to.startswith(resolve_url(settings.LOGIN_URL)):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return response


class NoBareRefusals:
    """Shows a page where Django would answer 405 with nothing at all."""

    def __init__(self, get_response: Handler) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        response = self._next(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not getattr(response, "content", b""):
            page = errors.only_for_forms(request)
            page["Allow"] = response.get("Allow", "")
            return page
        return response


class OnlyDeclaredViews:
    """Never runs a view of which nobody said who may see it."""

    def __init__(self, get_response: Handler) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        return self._next(request)

    def process_view(self, _request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> None:
        """Look at a view before it is run.

        Raises:
            RuntimeError: It is not declared.
        """
        if declared(view) is None:
            raise RuntimeError(f"{view} is not declared: see salesbridge.portal.access.")
