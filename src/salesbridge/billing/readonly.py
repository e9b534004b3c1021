"""A billing side that cannot be written: every write is refused with a sentence that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from salesbridge.billing.port import BillingError


class ReadOnly:
    """The writing half of the port for what is only read."""

    def referenced(self, kind: str, reference: str) -> None:
        """Tells that nobody has created anything here."""

    def writable(self, kind: str) -> frozenset[str]:  # noqa: ARG002  the port's signature
        """Tells that nothing can be written."""
        return frozenset()

    def write(
        self,
        kind: str,
        key: str,
        attributes: Mapping[str, Any],
        *,
        known: Mapping[str, Any] | None = None,  # noqa: ARG002  the port's signature
    ) -> int:
        """Refuses, if there is anything to write."""
        if attributes:
            raise _refused(f"{', '.join(attributes)} of the {kind.replace('_', ' ')} {key} cannot be written")
        return 0

    def create(self, kind: str, attributes: Mapping[str, Any], *, idempotency_key: str) -> NoReturn:  # noqa: ARG002
        """Refuses."""
        raise _refused(f"{kind.replace('_', ' ').capitalize()} records cannot be created")

    def delete(self, kind: str, key: str) -> NoReturn:
        """Refuses."""
        raise _refused(f"The {kind.replace('_', ' ')} {key} cannot be deleted")


def _refused(what: str) -> BillingError:
    return BillingError(
        f"{what}: an extract is only read.",
        kind="permanent",
        code="READ_ONLY",
        mend="Connect the billing system itself in the tenant's settings, or make billing the master of the fields.",
    )
