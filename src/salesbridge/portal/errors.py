"""Pages for when something is wrong: what happened, and what to do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from salesbridge.portal.access import RoleTooLow


def _page(request: HttpRequest, status: int, title: str, text: str, **more: Any) -> HttpResponse:
    shown = {"status": status, "title": title, "text": text, "request_id": getattr(request, "id", ""), **more}
    return render(request, "portal/error.html", shown, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """400."""
    return _page(
        request, 400, "This request cannot be read", "Go back, reload the page and try again. A file may be too large."
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the role is too low."""
    text = str(exception) if isinstance(exception, RoleTooLow) else "Ask an administrator of your organisation."
    return _page(request, 403, "Your role does not allow this", text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - as above
    """404: there is nothing here, or nothing for this person."""
    text = "The address may be mistyped, or it leads to something you have not been given access to."
    return _page(request, 404, "There is nothing here", text)


def only_for_forms(request: HttpRequest) -> HttpResponse:
    """405: the address takes what a form sends, and shows nothing."""
    return _page(
        request, 405, "There is no page here", "Forms are sent to this address. Go back to the page with the form."
    )


def too_many(request: HttpRequest) -> HttpResponse:
    """429: throttled."""
    return _page(
        request, 429, "Too many attempts", "Wait a few minutes, then try again. Nothing is lost, nobody is locked out."
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """403: a form came without the token of the page it was on."""
    text = "The page was open for a long time, or cookies are switched off. Go back, reload the page and send it again."
    return _page(request, 403, "This form has expired", text)


def failed(request: HttpRequest) -> HttpResponse:
    """500: our fault. It needs no database, because that may be what is missing."""
    shown = {"status": 500, "request_id": getattr(request, "id", ""), "theme": "auto"}
    return HttpResponse(_failed_page(shown), status=500)


def _failed_page(shown: dict[str, Any]) -> str:
    from django.template.loader import render_to_string  # noqa: PLC0415 - only when something is wrong

    return render_to_string("portal/failed.html", shown)
