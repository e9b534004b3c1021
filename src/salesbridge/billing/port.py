"""What the connector needs of a billing system, whichever product or extract it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol, Self

Kind = Literal["permanent", "transient", "throttled", "authentication"]

KINDS: Final = ("customer", "account", "account_customer", "product", "agreement", "service_point", "order")

# The attributes that people know a record by; each is text.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "customer": ("customer_number",),
    "account": ("account_number",),
    "account_customer": ("account_number", "customer_number"),
    "product": ("product_code",),
    "agreement": ("agreement_number",),
    "service_point": ("identifier",),
    "order": ("order_number",),
}


@dataclass(frozen=True, slots=True)
class System:
    """Which billing system answers.

    Attributes:
        product: ``Junifer``, ``Velocity`` or ``Extract``.
        version: As the system writes it; empty for an extract.
        environment: Such as ``TEST``, where told.
        zone: IANA name of the tenant's time zone, where told.
    """

    product: str
    version: str
    environment: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record that cannot be read: where it is, and why."""

    position: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one kind.

    Attributes:
        records: Attribute to raw value; an absent member is an absent key, null is None, empty is an empty text.
        malformed: What could not be read.
        after: Opaque cursor from which the next page continues, also in another process; None after the last page.
    """

    records: list[dict[str, Any]]
    malformed: list[Malformed] = field(default_factory=list)
    after: str | None = None


class Billing(Protocol):
    """A billing system, or an extract of one."""

    def system(self) -> System:
        """Asks which system it is."""

    def publishing(self) -> bool | None:
        """Asks whether the system publishes events; None where it cannot tell."""

    def set_publishing(self, on: bool) -> None:  # noqa: FBT001  a switch is what it is
        """Switches the publishing of events on or off."""

    def count(self, kind: str) -> int | None:
        """Counts the records of a kind; None where the system cannot tell."""

    def pages(self, kind: str, *, after: str | None = None, since: datetime | None = None) -> Iterator[Page]:
        """Yields the records of a kind in pages.

        Args:
            kind: One of ``KINDS``.
            after: Cursor of an earlier page, to continue behind it.
            since: Only records changed at or after this instant (aware).
        """

    def read(self, kind: str, key: str) -> dict[str, Any] | None:
        """Reads one record by its business key.

        Args:
            kind: One of ``KINDS``.
            key: The parts of its key, joined by a colon as in the external id (``A1:C2``).

        Returns:
            The attributes as in ``Page.records``, with the key as the system spells it; None where there is none.
        """

    def referenced(self, kind: str, reference: str) -> dict[str, Any] | None:
        """Reads the record that its creator called so when creating it (``external_reference``).

        Args:
            kind: ``customer``, ``account`` or ``order``.
            reference: What it is called.

        Returns:
            As ``read``; None where there is none, so that creating it creates the first.
        """

    def writable(self, kind: str) -> frozenset[str]:
        """Tells which attributes of a kind can be written at all."""

    def write(
        self, kind: str, key: str, attributes: Mapping[str, Any], *, known: Mapping[str, Any] | None = None
    ) -> int:
        """Changes attributes of a record that exists; others stay as they are. Repeating it is harmless.

        Args:
            kind: One of ``KINDS``.
            key: Its business key, as for ``read``.
            attributes: Neutral names to values as the dialect spells them; None clears.
            known: The record as just read, whose internal id saves a look-up.

        Returns:
            The number of calls made, look-ups included, repeats not.

        Raises:
            BillingError: ``unknown_outcome`` where the request may have been carried out; ``written`` names what an
                earlier call of the same write has carried already.
        """

    def create(self, kind: str, attributes: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
        """Creates a record, and gives it as it is then.

        Args:
            kind: One of ``KINDS``.
            attributes: Neutral names to values as the dialect spells them.
            idempotency_key: The same in every repeat, so that a system that knows such keys creates once.

        Raises:
            BillingError: ``unknown_outcome`` where it may have been created: look before creating again.
        """

    def delete(self, kind: str, key: str) -> None:
        """Deletes a record by its business key, of the kinds that can be; gone already is fine."""

    def close(self) -> None:
        """Closes connections and files."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class BillingError(Exception):
    """A call to the billing system (or a look into an extract) that failed, with what a person does about it.

    Attributes:
        kind: ``permanent``, ``transient``, ``throttled`` or ``authentication``.
        code: The system's error code, or ours in the same style.
        message: What the system said, or what we saw.
        mend: One sentence: what to do.
        status: HTTP status, if there was an answer.
        fields: Native names of the fields concerned.
        retry_after: Seconds to wait before the next try, if known.
        unknown_outcome: A write may or may not have happened.
        written: Attributes that the same write had carried already when it failed.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Kind,
        code: str,
        mend: str,
        status: int | None = None,
        fields: tuple[str, ...] = (),
        retry_after: float | None = None,
        unknown_outcome: bool = False,
        written: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind: Kind = kind
        self.code = code
        self.mend = mend
        self.status = status
        self.fields = fields
        self.retry_after = retry_after
        self.unknown_outcome = unknown_outcome
        self.written = written

    def __str__(self) -> str:
        return f"{self.message} ({self.code}) {self.mend}"

    def __reduce__(self) -> tuple[Any, ...]:
        # A durable engine stores exceptions: keyword-only attributes must survive pickling.
        return _rebuilt, (self.message, {k: v for k, v in vars(self).items() if k != "message"})


def _rebuilt(message: str, attributes: dict[str, Any]) -> BillingError:
    return BillingError(message, **attributes)
