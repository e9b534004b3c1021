"""One live Subscribe call: read in the background, asked for more in time, closed when it falls silent."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import grpc

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.salesforce.event_channel import STOP_POLL_S, StoppedError, signature
from salesbridge.salesforce.event_errors import rpc_error, stream_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from salesbridge.salesforce.errors import SalesforceError
    from salesbridge.salesforce.event_values import Start
    from salesbridge.salesforce.event_window import Window
    from salesbridge.salesforce.tokens import Token

_CLOSING_S: Final = 5.0
_PRESETS: Final = {"latest": pb.LATEST, "earliest": pb.EARLIEST, "custom": pb.CUSTOM}


class Stream:
    """A Subscribe call and its two threads: gRPC's, which sends requests, and ours, which reads responses.

    Args:
        method: The stub's Subscribe.
        topic: Such as ``/event/Gentrack_Object_Event__e``.
        start: Where it starts.
        token: Signs the call.
        window: Fresh, of this call alone.
        watchdog_s: Seconds of silence after which the call is given up.
    """

    def __init__(
        self, method: Any, topic: str, start: Start, token: Token, window: Window, *, watchdog_s: float
    ) -> None:
        self._topic = topic
        self._window = window
        self._watchdog_s = watchdog_s
        self._secret = token.access.get_secret_value()
        self._changed = threading.Condition()
        self._inbox: deque[pb.FetchResponse] = deque()
        self._end: SalesforceError | None = None
        self._closed = False
        self._heard_at = time.monotonic()
        self._call = method(self._requests(start), metadata=signature(token))
        self._reader = threading.Thread(target=self._read, name=f"events {topic}", daemon=True)
        self._reader.start()

    def receive(self, stop: threading.Event) -> pb.FetchResponse:
        """Waits for the next response, also for an empty one.

        Raises:
            SalesforceError: The call ended, or nothing came for too long (``STREAM_SILENT``).
            StoppedError: ``stop`` was set.
        """
        with self._changed:
            while not stop.is_set():
                if self._inbox:
                    return self._inbox.popleft()
                if self._closed:
                    break
                if self._end:
                    raise self._end
                self._require_life()
                self._changed.wait(STOP_POLL_S)
        raise StoppedError

    def taken(self, count: int) -> None:
        """Notes that the consumer is done with so many events, which makes room for others."""
        with self._changed:
            self._window.taken(count)
            self._changed.notify_all()

    def close(self) -> None:
        """Cancels the call; whoever waits in ``receive`` is told to stop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._call.cancel()
        self._reader.join(_CLOSING_S)

    def _require_life(self) -> None:
        # Nothing is owed to us before we have asked; our clock starts anew with a request.
        silent = time.monotonic() - max(self._heard_at, self._window.requested_at)
        if silent > self._watchdog_s:
            raise stream_error(
                "STREAM_SILENT", f"Nothing came from {self._topic} for {silent:.0f} s, not even a sign of life."
            )

    def _requests(self, start: Start) -> Iterator[pb.FetchRequest]:
        """Runs in gRPC's thread, which sends what this yields."""
        count = self._next_count()
        if count:
            yield pb.FetchRequest(
                topic_name=self._topic,
                replay_preset=_PRESETS[start.preset],
                replay_id=start.replay_id,
                num_requested=count,
            )
        while count := self._next_count():
            yield pb.FetchRequest(topic_name=self._topic, num_requested=count)

    def _next_count(self) -> int:
        """Waits until more events are to be asked for; 0 when the call is closed."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                if count := self._window.due(now):
                    self._window.requested(count, now)
                    return count
                self._changed.wait(self._window.wait_s(now))
        return 0

    def _read(self) -> None:
        end = stream_error("STREAM_ENDED", f"Salesforce ended the subscription of {self._topic}.")
        try:
            for response in self._call:
                self._arrived(response)
        except grpc.RpcError as exc:
            end = rpc_error(exc, self._secret)
        with self._changed:
            self._end = end
            self._changed.notify_all()

    def _arrived(self, response: pb.FetchResponse) -> None:
        with self._changed:
            self._heard_at = time.monotonic()
            self._window.received(len(response.events), response.pending_num_requested, self._heard_at)
            self._inbox.append(response)
            self._changed.notify_all()
