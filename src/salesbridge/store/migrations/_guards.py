"""What the database itself refuses, beyond what Django can say of a table."""

from __future__ import annotations

_POINTERS = (
    ("secret", "instance"),
    ("run", "instance"),
    ("stage", "run"),
    ("part", "stage"),
    ("problem", "instance"),
    ("problem", "run"),
)

_LIVE_POINTERS = tuple((table, "instance") for table in ("live", "lease", "parked", "conflict", "reconciliation"))


def _same_tenant(pointers: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(
        f"ALTER TABLE store_{table} ADD CONSTRAINT {table}_{to}_of_same_tenant"
        f" FOREIGN KEY (tenant_id, {to}_id) REFERENCES store_{to} (tenant_id, id);"
        for table, to in pointers
    )


SAME_TENANT = _same_tenant(_POINTERS)
"""A row cannot point at a row of another tenant, not even by SQL."""

LIVE_SAME_TENANT = _same_tenant(_LIVE_POINTERS)
"""The same for what ongoing synchronisation remembers."""

APPEND_ONLY = """
CREATE FUNCTION store_activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an activity is written once: it is neither changed nor deleted'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON store_activity
    FOR EACH ROW EXECUTE FUNCTION store_activity_is_append_only();
"""
"""History cannot be rewritten."""
