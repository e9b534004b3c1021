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

ACCESS_SAME_TENANT = _same_tenant((("apiclient", "instance"),)) + "".join(
    f"\nALTER TABLE store_{table} ADD CONSTRAINT {table}_client_of_same_tenant"
    " FOREIGN KEY (tenant_id, client_id) REFERENCES store_apiclient (tenant_id, id);"
    for table in ("clientsecret", "revokedtoken")
)
"""The same for who may call billing through us."""

FORMER_SAME_TENANT = _same_tenant((("formerlink", "instance"),))
"""The same for links of orgs that are no longer written to."""

OPERATION_SAME_TENANT = (
    "ALTER TABLE store_credentialoperation ADD CONSTRAINT credentialoperation_client_of_same_tenant"
    " FOREIGN KEY (tenant_id, client_id) REFERENCES store_apiclient (tenant_id, id);"
)
"""And for what is done to a credential."""

INSPECTION_SAME_TENANT = _same_tenant((("inspection", "instance"),))
"""And for what people had looked at."""

SURFACED_SAME_TENANT = _same_tenant((("surfaced", "instance"),))
"""And for events on their way into Salesforce."""

SALE_SAME_TENANT = _same_tenant((("sale", "instance"), ("salestep", "sale")))
"""And for sales and what happened to them."""

SALE_STEPS_WRITTEN_ONCE = """
CREATE FUNCTION store_salestep_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a step of a sale is written once and never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER written_once BEFORE UPDATE ON store_salestep
    FOR EACH ROW EXECUTE FUNCTION store_salestep_is_written_once();
"""
"""The timeline of a sale cannot be rewritten; it goes with its tenant."""

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

AUDIT_APPEND_ONLY = """
CREATE FUNCTION store_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an audit entry is written once: it is neither changed nor deleted'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON store_audit
    FOR EACH ROW EXECUTE FUNCTION store_audit_is_append_only();
"""
"""Nor can what people did."""
