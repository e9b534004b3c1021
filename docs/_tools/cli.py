"""Writes docs/cli.md from the command line itself: ``python docs/_tools/cli.py > docs/cli.md``."""
# ruff: noqa: INP001 - a program of the documentation, no package

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import django
import typer

HEAD = """# Command line

This page is written from the commands themselves by `python docs/_tools/cli.py`; change their help instead.

An instance is called by its name, or by `tenant/instance` where two tenants have one of that name. Every command has
`--help`. Secrets are asked for without echo when neither the option nor its environment variable is given; an option
can be seen in the machine's list of processes, so prefer the other two.

| Exit code | Meaning |
| --- | --- |
"""
_MEANINGS = {
    "OK": "done; for a load: completed",
    "FAILED": "failed",
    "USAGE": "wrong usage: an option, a name or a file that cannot be used",
    "WITH_ERRORS": "a load completed with errors",
    "CANCELLED": "a load was cancelled, or the command interrupted",
}


def page() -> str:
    """The whole page."""
    from salesbridge.cli.main import app  # noqa: PLC0415 - Django is set up first
    from salesbridge.cli.show import Exit  # noqa: PLC0415 - as above

    codes = "".join(f"| {code.value} | {_MEANINGS[code.name]} |\n" for code in Exit)
    root: Any = typer.main.get_command(app)
    return HEAD + codes + "".join(_group("salesbridge", root))


def commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    for word, under in getattr(command, "commands", {}).items():
        yield from commands(f"{name} {word}", under)
    if not hasattr(command, "commands"):
        yield name, command


def _group(name: str, group: Any) -> Iterator[str]:
    for word, command in group.commands.items():
        full = f"{name} {word}"
        yield f"\n## {full}\n\n{command.help}\n" if name == "salesbridge" else f"\n### {full}\n\n{command.help}\n"
        yield from _group(full, command) if hasattr(command, "commands") else _command(full, command)


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = "".join(f" {p.name.upper()}" for p in command.params if p.param_type_name == "argument")
    passes_on = command.context_settings.get("ignore_unknown_options", False)
    options = " [OPTIONS]" if passes_on or len(command.params) > arguments.count(" ") else ""
    yield f"\n```text\n{name}{options}{arguments}\n```\n"
    if passes_on:
        yield "\nIts options are listed in [the simulated systems](sandbox.md).\n"
    if command.params:
        yield "\n| | Meaning | Default |\n| --- | --- | --- |\n"
        yield from (f"| {' | '.join(cell.replace('|', '&#124;') for cell in _cells(p))} |\n" for p in command.params)


def _cells(parameter: Any) -> tuple[str, str, str]:
    spelt = (
        parameter.opts + parameter.secondary_opts if parameter.param_type_name == "option" else [parameter.name.upper()]
    )
    names = ", ".join(f"`{word}`" for word in spelt)
    meaning = parameter.help + (f" Environment variable `{parameter.envvar}`." if parameter.envvar else "")
    if parameter.required:
        return names, meaning, "required"
    silent = parameter.default is None or parameter.default is False or parameter.default == ""
    return names, meaning, "" if silent else f"`{parameter.default}`"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesbridge.store.django_settings")
    django.setup()
    sys.stdout.write(page())
