"""``salesbridge sandbox``: the two simulated systems, for trying things without touching a customer's."""

from __future__ import annotations

import typer

from salesbridge.sandbox.billing.__main__ import main as billing_main
from salesbridge.sandbox.salesforce.__main__ import main as salesforce_main

app = typer.Typer(no_args_is_help=True, help="Simulated systems on loopback.")
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command(context_settings=_PASS_ON)
def salesforce(context: typer.Context) -> None:
    """Serve a simulated Salesforce org; its options: salesbridge sandbox salesforce --help."""
    salesforce_main(context.args)


@app.command(context_settings=_PASS_ON)
def billing(context: typer.Context) -> None:
    """Serve a simulated billing system; its options: salesbridge sandbox billing --help."""
    billing_main(context.args)
