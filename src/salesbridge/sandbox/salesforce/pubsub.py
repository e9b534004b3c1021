"""The Pub/Sub API of an org over gRPC. Source: Pub/Sub API guide; ``pubsub_api.proto``."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.protocols import pubsub_api_pb2_grpc as rpc

from .pubsub_access import RefusalError, abort, authenticate
from .pubsub_publish import Publication, publish
from .pubsub_subscribe import Subscription

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .access import Session
    from .org import Org

MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest request; a larger one ends the RPC with ``RESOURCE_EXHAUSTED``."""
_SERVICE = "/eventbus.v1.PubSub/"
_THREADS = 128
# Clients may ping an idle connection every 10 s; gRPC's own default of 5 minutes would end idle streams as abuse. What
# Salesforce allows is not documented; its examples for slow consumers keep streams open for hours.
_PINGS = (("grpc.http2.min_ping_interval_without_data_ms", 10_000), ("grpc.http2.max_ping_strikes", 2))
_OPTIONS = (("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.so_reuseport", 0), *_PINGS)


class PubSubService(rpc.PubSubServicer):
    """The RPCs of one org.

    Args:
        org: The org.
    """

    def __init__(self, org: Org) -> None:
        self._org = org

    def GetTopic(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """Tell what may be done with a topic, and its schema's id."""

        def answer(_session: Session, rpc_id: str) -> Any:
            if not request.topic_name:
                raise RefusalError("topic.validation.empty", "The topic name can't be empty.")
            schema = self._org.bus.schema(request.topic_name)
            if schema is None:
                raise RefusalError("topic.not.found", f"The topic {request.topic_name} was not found.")
            return pb.TopicInfo(
                topic_name=request.topic_name,
                tenant_guid=str(uuid.uuid5(uuid.NAMESPACE_OID, self._org.id)),
                can_publish=True,
                can_subscribe=True,
                schema_id=schema.id,
                rpc_id=rpc_id,
            )

        return self._unary("GetTopic", context, answer)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Give the schema of that id."""

        def answer(_session: Session, rpc_id: str) -> Any:
            if not request.schema_id:
                raise RefusalError("schema.validation.failed", "The schema id can't be empty.")
            schema = self._org.bus.schema_by_id(request.schema_id)
            if schema is None:
                raise RefusalError("schema.meta.permission", f"There is no schema {request.schema_id!r} to be seen.")
            return pb.SchemaInfo(schema_json=schema.json, schema_id=schema.id, rpc_id=rpc_id)

        return self._unary("GetSchema", context, answer)

    def Publish(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Publish one batch of events."""
        return self._unary(
            "Publish", context, lambda _, rpc_id: publish(self._org, request.topic_name, request, rpc_id)
        )

    def Subscribe(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:  # noqa: N802
        """Deliver events as they are asked for."""

        def stream(session: Session, rpc_id: str) -> Subscription:
            return Subscription(self._org, session, rpc_id, f"{_SERVICE}Subscribe")

        yield from self._stream("Subscribe", requests, context, stream)

    def PublishStream(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:  # noqa: N802
        """Publish batch after batch."""
        yield from self._stream("PublishStream", requests, context, lambda _, rpc_id: Publication(self._org, rpc_id))

    def _unary(self, name: str, context: Any, answer: Callable[[Session, str], Any]) -> Any:
        rpc_id = str(uuid.uuid4())
        try:
            return answer(self._enter(name, context), rpc_id)
        except RefusalError as refusal:
            abort(context, refusal, rpc_id)

    def _stream(
        self,
        name: str,
        requests: Iterator[Any],
        context: Any,
        open_stream: Callable[[Session, str], Subscription | Publication],
    ) -> Iterator[Any]:
        rpc_id = str(uuid.uuid4())
        try:
            stream = open_stream(self._enter(name, context), rpc_id)
            context.add_callback(stream.leave)
            stream.listen(requests)
            yield from stream.answers()
        except RefusalError as refusal:
            abort(context, refusal, rpc_id)

    def _enter(self, name: str, context: Any) -> Session:
        """Let an RPC in; what armed faults do to it before it begins."""
        org, path = self._org, _SERVICE + name
        if org.faults.strikes("pubsub_unavailable", path):
            raise RefusalError("service.unavailable", "The service is temporarily unavailable.")
        if org.faults.strikes("stream_reset", path):
            org.bus.reset()
        return authenticate(org, context)


class PubSubServer:
    """A gRPC server of one org's Pub/Sub API, in threads of its own.

    Args:
        org: The org.
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        certfile: PEM certificate chain; with it the API is served over TLS.
        keyfile: PEM private key; by default it stands in ``certfile``.

    Raises:
        OSError: The port is taken.
    """

    def __init__(
        self, org: Org, host: str, port: int = 0, *, certfile: str | None = None, keyfile: str | None = None
    ) -> None:
        self._org = org
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="pubsub")
        self._server = grpc.server(self._pool, options=_OPTIONS)
        rpc.add_PubSubServicer_to_server(PubSubService(org), self._server)  # type: ignore[no-untyped-call]
        try:
            self.port: int = self._bind(f"{host}:{port}", certfile, keyfile)
        except RuntimeError as error:
            raise OSError(f"The Pub/Sub API can't listen on {host}:{port}: {error}") from None
        self.address = f"{host}:{self.port}"

    def _bind(self, address: str, certfile: str | None, keyfile: str | None) -> int:
        if certfile is None:
            return int(self._server.add_insecure_port(address))
        chain = Path(certfile).read_bytes()
        key = Path(keyfile).read_bytes() if keyfile is not None else chain
        return int(self._server.add_secure_port(address, grpc.ssl_server_credentials([(key, chain)])))

    def start(self) -> None:
        """Listen."""
        self._server.start()
        self._org.pubsub_address = self.address

    def stop(self) -> None:
        """Cut every RPC off and wait for its thread to end."""
        self._server.stop(grace=0).wait()
        with self._org.bus.changed:
            self._org.bus.changed.notify_all()
        self._pool.shutdown()
        self._org.pubsub_address = None
