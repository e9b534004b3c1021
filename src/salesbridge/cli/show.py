"""How the command line shows things: the same facts as tables for people and as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum
from typing import Annotated, Any, NoReturn

import typer
from django.db import InterfaceError, OperationalError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError as SqlAlchemyError

from salesbridge.billing import BillingError
from salesbridge.engine.instances import SetupRefusedError
from salesbridge.engine.live.problems import ProblemError
from salesbridge.engine.live.relink import RelinkRefusedError
from salesbridge.model import OverrideError
from salesbridge.salesforce import SalesforceError
from salesbridge.store.postgres import DatabaseUnavailable
from salesbridge.store.runs import RunActive
from salesbridge.sync.event_mapping import MappingError
from salesbridge.sync.life import TransitionError

#: The option of every command that a program may ask.
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    WITH_ERRORS = 3
    CANCELLED = 4


def stop(message: str, mend: str = "", code: Exit = Exit.FAILED) -> NoReturn:
    """Say what is wrong and what to do, then leave."""
    err.print(f"[bold red]Error:[/] {message}", soft_wrap=True, markup=True)
    if mend:
        err.print(f"[bold]What to do:[/] {mend}", soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn errors that people can mend into one clear message."""
    try:
        yield
    except (SalesforceError, BillingError) as error:
        stop(plain(error.message), plain(error.mend))
    except (SetupRefusedError, OverrideError, ProblemError, RelinkRefusedError, MappingError) as error:
        stop(plain(str(error)), code=Exit.USAGE)
    except RunActive as error:
        stop(str(error), "See: salesbridge load status. Go on with it: salesbridge load resume.")
    except TransitionError as error:
        stop(f"The instance is in another state: {error}.", "See: salesbridge status. Pause it first, or wait.")
    except DatabaseUnavailable as error:
        stop(plain(str(error)))
    except (OperationalError, InterfaceError, SqlAlchemyError) as error:
        stop(plain(f"The database does not answer: {str(error).strip().splitlines()[0]}"), "Start it, then try again.")
    except KeyboardInterrupt:
        stop("Interrupted.", "The run itself goes on when a worker is there: salesbridge load resume.", Exit.CANCELLED)


def plain(text: str) -> str:
    """Text that is shown as it is, whatever brackets it holds."""
    return text.replace("[", "\\[")


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def table(columns: Mapping[str, str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print a table.

    Args:
        columns: Heading -> ``left``, ``right``, or ``name`` for a word that is never broken.
        rows: Cells.
        title: Heading above the table.
    """
    shown = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for heading, justify in columns.items():
        right = justify == "right"
        shown.add_column(
            heading, justify="right" if right else "left", no_wrap=right or justify == "name", overflow="fold"
        )
    for row in rows:
        shown.add_row(*(_cell(cell) for cell in row))
    out.print(shown)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return plain(str(value))


def moment(at: datetime | None) -> str:
    """A moment as people read it, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else "-"


def age(seconds: float) -> str:
    """A length of time as people read it."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago something was; ``never`` where it has not been."""
    return f"{age(max((now - at).total_seconds(), 0.0))} ago" if at else "never"
