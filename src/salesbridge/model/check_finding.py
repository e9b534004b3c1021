"""What Validate Data Model finds: one difference, where in Setup it is, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
#: Severities, the gravest first.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Fix:
    """What *Fix it* does about a finding.

    Args:
        deploy: Components of the package to deploy, each as ``Type:FullName`` of the Metadata API.
        assign: Permission sets to assign to the connector's user.
    """

    deploy: tuple[str, ...] = ()
    assign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between what the connector needs and the org, the billing system or this machine.

    Args:
        severity: ``error`` stops an initial data synchronisation and going live; ``warning`` and ``note`` do not.
        entity: Salesforce object, or empty for the org as a whole.
        field: Salesforce field, or the name of a component; empty for the object itself.
        message: What is wrong.
        mend: What to do about it.
        code: Stable name of the kind of finding (``salesbridge.model.check_codes``).
        where: The place in Setup, or outside Salesforce where it says so.
        fix: What mends it without a person; None where a person must.
    """

    severity: Severity
    entity: str
    field: str
    message: str
    mend: str
    code: str = ""
    where: str = ""
    fix: Fix | None = None

    @property
    def place(self) -> str:
        """The object and field; ``Org`` for the org as a whole."""
        return ".".join(filter(None, (self.entity or ("" if self.field else "Org"), self.field)))
