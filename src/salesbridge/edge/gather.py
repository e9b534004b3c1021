"""Group commit: what comes in while the database writes is written together by the next transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

from salesbridge.edge.rows import lent

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
A = TypeVar("A")

#: Most pieces that are written by one transaction.
MOST = 200
#: Most pieces of one group that wait; whoever comes then is told to come again.
WAITING = 2000
#: Seconds for which a group that is busy gathers more.
_LINGER_S = 0.005


class FullError(Exception):
    """Too many pieces of the group wait already."""


class Gathering(Generic[K, T, A]):
    """Pieces of work by group; a group is worked on by one thread at a time, with all that has gathered meanwhile.

    A piece that comes alone does not wait. Each is answered only after the work it was part of has ended.

    Args:
        work: Called in a thread with a group and its pieces; gives one answer each, in their order.
    """

    def __init__(self, work: Callable[[K, Sequence[T]], Sequence[A]]) -> None:
        self._work = work
        self._waiting: dict[K, list[tuple[T, asyncio.Future[A]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, group: K, piece: T) -> A:
        """Hand in a piece and wait for its answer.

        Raises:
            FullError: Too many wait already.
        """
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(group)
        if waiting is None:
            self._waiting[group] = [(piece, answer)]
            task = asyncio.create_task(self._drain(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(waiting) >= WAITING:
            raise FullError
        else:
            waiting.append((piece, answer))
        return await answer

    async def _drain(self, group: K) -> None:
        while self._waiting[group]:
            taken = self._waiting[group][:MOST]
            del self._waiting[group][:MOST]
            await self._answer(group, taken)
            if len(taken) > 1:
                await asyncio.sleep(_LINGER_S)
        del self._waiting[group]

    async def _answer(self, group: K, taken: list[tuple[T, asyncio.Future[A]]]) -> None:
        try:
            answers = await run_in_threadpool(lent, self._work, group, [piece for piece, _ in taken])
        except Exception as error:  # noqa: BLE001 - it is raised again, to each who waits
            for _, future in taken:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(taken, answers, strict=True):
            if not future.done():  # whoever asked may have gone away
                future.set_result(answer)
