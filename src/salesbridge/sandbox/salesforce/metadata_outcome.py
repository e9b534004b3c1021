"""What became of one component of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.metadata_xml import Problem


@dataclass(slots=True)
class Outcome:
    """What became of one component."""

    type: str
    name: str
    path: str
    problem: Problem | None = None
    created: bool = False
    changed: bool = False
    deleted: bool = False
