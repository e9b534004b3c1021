"""Lending a database connection to one piece of work in a thread of the pool, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import connection

P = ParamSpec("P")
T = TypeVar("T")


def lent(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do some work in this thread; its connection is given back whatever happens.

    A thread of the pool lives on after a request: a connection left with it would outlive a restart of the database,
    and would be missing for others.
    """
    try:
        return work(*args, **kwargs)
    finally:
        connection.close()


def reachable() -> None:
    """Ask the database for nothing.

    Raises:
        DatabaseError: It does not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
