"""Names that are needed before the models are loaded."""

from __future__ import annotations

import uuid

#: The organisation that tenants belong to when nobody says otherwise; made with the tables.
DEFAULT_ORGANISATION = uuid.UUID("00000000-0000-4000-8000-000000000001")
