"""The options by which people choose what of the package is installed, the same for every command that renders it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, get_type_hints

import typer

from salesbridge.cli import show
from salesbridge.package import Application, Callout, Choices


class App(StrEnum):
    """The app by which the connector signs in."""

    NONE = "none"
    EXTERNAL_CLIENT_APP = "external-client-app"
    CONNECTED_APP = "connected-app"


def choose(
    *,
    initial: Annotated[
        bool, typer.Option("--initial", help="Only what the initial data synchronisation needs: fields, no triggers.")
    ] = False,
    live: Annotated[
        bool, typer.Option(help="The event, Apex and triggers too, or only fields and the permission set.")
    ] = True,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Object that the org lacks, such as Quote; may be repeated.")
    ] = None,
    prefix: Annotated[
        str, typer.Option(help="Before TriggerHandler and the triggers' names, where these are taken.")
    ] = "",
    triggers: Annotated[
        bool, typer.Option("--triggers-active/--triggers-inactive", help="Whether the triggers are switched on.")
    ] = True,
    list_views: Annotated[bool, typer.Option("--list-views", help="A list of linked records for each object.")] = False,
    layouts: Annotated[
        bool, typer.Option("--layouts", help="A page layout for each object, assigned to nobody.")
    ] = False,
    application: Annotated[App, typer.Option(help="The app by which the connector signs in.")] = App.NONE,
    contact_email: Annotated[str, typer.Option(help="Whom Salesforce writes to about the app.")] = "",
    run_as: Annotated[str, typer.Option(help="Username of the service account that the app acts for.")] = "",
    callout: Annotated[str, typer.Option(help="Named credential: address of the gateway to billing's APIs.")] = "",
    token_url: Annotated[str, typer.Option(help="Named credential: address of the token endpoint.")] = "",
) -> Choices:
    """What people chose.

    Raises:
        ValueError: No org could take it.
    """
    app = Application(contact_email, run_as) if application is not App.NONE else None
    return Choices(
        live=live,
        initial_only=initial,
        leave_out=frozenset(leave_out or ()),
        prefix=prefix,
        triggers_active=triggers,
        list_views=list_views,
        layouts=layouts,
        application=app if application is App.EXTERNAL_CLIENT_APP else None,
        connected_app=app if application is App.CONNECTED_APP else None,
        callout=Callout(callout, token_url) if callout or token_url else None,
    )


def with_choices(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of :func:`choose`; it gets what they say as ``choices``.

    Args:
        command: A command with a keyword ``choices``.
    """
    options = inspect.signature(choose).parameters

    @functools.wraps(command)
    def chosen(**given: Any) -> None:
        picked = {name: given.pop(name) for name in options}
        try:
            choices = choose(**picked)
        except ValueError as error:
            show.stop(show.plain(f"{error}."), "See --help.", show.Exit.USAGE)
        command(**given, choices=choices)

    own = [each for name, each in inspect.signature(command).parameters.items() if name != "choices"]
    hints = {**get_type_hints(choose, include_extras=True), **get_type_hints(command, include_extras=True)}
    kind = inspect.Parameter.KEYWORD_ONLY
    every = [each.replace(kind=kind, annotation=hints[each.name]) for each in (*own, *options.values())]
    chosen.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    chosen.__annotations__ = {each.name: each.annotation for each in every}
    del chosen.__wrapped__  # or typer would look at the command's own options
    return chosen
