"""``salesbridge sandbox``: the two simulated systems, for trying things without touching a customer's."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Simulated systems on loopback.")
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command(context_settings=_PASS_ON)
def salesforce(context: typer.Context) -> None:
    """Serve a simulated Salesforce org; its options: salesbridge sandbox salesforce --help."""
    from salesbridge.sandbox.salesforce.__main__ import main  # noqa: PLC0415 - other commands start faster without

    main(context.args)


@app.command(context_settings=_PASS_ON)
def billing(context: typer.Context) -> None:
    """Serve a simulated billing system; its options: salesbridge sandbox billing --help."""
    from salesbridge.sandbox.billing.__main__ import main  # noqa: PLC0415 - as above

    main(context.args)
