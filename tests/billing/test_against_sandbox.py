"""The clients against the simulated billing system, over loopback HTTP, and its extract."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import trustme
from pydantic import SecretStr

from salesbridge.billing import EXTRACT_KINDS, KINDS, BillingError, connect, open_extract, supported
from salesbridge.sandbox.billing import Billing, Seed, Settings, start_in_thread, write_extract

SEED = Seed(accounts=300, awkward=0.0)
COUNTS = SEED.expectations().counts
PLURALS = {
    "customer": "customers",
    "account": "accounts",
    "account_customer": "account_customers",
    "product": "products",
    "agreement": "agreements",
    "service_point": "service_points",
    "order": "orders",
}
PRODUCTS = ("junifer", "velocity")


@pytest.fixture(params=PRODUCTS)
def running(request):
    with start_in_thread(Billing(SEED), Settings(product=request.param)) as running:
        yield running


def client(running, **options: object):
    product = running.service.settings.product
    key = options.pop("api_key", "sandbox-key")
    return connect(product, running.url, username="sandbox", api_key=SecretStr(key), allow_loopback=True, **options)


@pytest.fixture
def billing(running):
    with client(running) as billing:
        yield billing


def test_the_system_is_known_and_supported(billing):
    assert supported(billing.system()) is None
    assert billing.system().zone


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_of_each_kind_is_counted_and_read_once(billing, kind):
    pages = list(billing.pages(kind))
    keys = [
        tuple(row[name] for name in ("internal_id",) if name in row) or repr(row)
        for page in pages
        for row in page.records
    ]

    assert billing.count(kind) == COUNTS[PLURALS[kind]] == len(keys) == len(set(keys))
    assert [page.malformed for page in pages] == [[]] * len(pages)


def test_reading_continues_at_a_cursor_in_another_process(running):
    with client(running) as one, client(running) as other:
        first, *_ = one.pages("account_customer")
        whole = [row for page in one.pages("account_customer") for row in page.records]
        rest = (
            [row for page in other.pages("account_customer", after=first.after) for row in page.records]
            if first.after
            else []
        )

    assert first.records + rest == whole


def test_only_what_changed_since_is_read_on_request(running, billing):
    store = running.service.billing
    record = next(iter(store.records("customers")))
    since = datetime.fromtimestamp(store.clock.now() / 1000, UTC)
    store.update("customers", record["id"], {**record, "forename": "Changed"})
    changed = [row for page in billing.pages("customer", since=since) for row in page.records]

    assert [row["forename"] for row in changed] == ["Changed"]


def test_publishing_is_switched_off_and_on(billing):
    billing.set_publishing(False)
    assert billing.publishing() is False
    billing.set_publishing(True)
    assert billing.publishing() is True


def test_a_wrong_key_is_told_at_once(running):
    with client(running, api_key="wrong") as billing, pytest.raises(BillingError) as caught:
        billing.count("customer")

    assert (caught.value.kind, caught.value.status) == ("authentication", 401)
    assert "API key" in caught.value.mend


@pytest.mark.parametrize("fault", ["unavailable", "failed", "cut", "truncated_body", "throttled"])
def test_a_passing_fault_is_not_noticed(running, billing, fault):
    running.service.faults.arm(fault, times=2)

    assert sum(len(page.records) for page in billing.pages("customer")) == COUNTS["customers"]


def test_a_lasting_fault_is_told_after_a_few_tries(running, billing):
    running.service.faults.arm("unavailable", times=None)
    with pytest.raises(BillingError) as caught:
        list(billing.pages("customer"))

    assert caught.value.kind == "transient"


def test_spoilt_rows_are_set_aside_and_the_others_read(running, billing):
    running.service.faults.arm("malformed_rows", times=None, every=50)
    pages = list(billing.pages("customer"))
    good, bad = sum(len(page.records) for page in pages), [found for page in pages for found in page.malformed]

    assert good + len(bad) == COUNTS["customers"]
    assert len(bad) > 1
    assert all(found.reason.startswith("The ") for found in bad)


def test_a_certificate_of_a_private_authority_is_trusted_only_when_named(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    with start_in_thread(Billing(SEED), certfile=pem, keyfile=pem) as running:
        with client(running, ca_file=tmp_path / "ca.pem") as billing:
            assert billing.system().product == "Junifer"
        with client(running) as billing, pytest.raises(BillingError) as caught:
            billing.system()

    assert (caught.value.code, caught.value.kind) == ("TLS", "permanent")
    assert "ca_file" in caught.value.mend


def test_both_dialects_tell_the_same_records():
    def read(product: str, kind: str) -> list[dict[str, object]]:
        with start_in_thread(Billing(SEED), Settings(product=product)) as running, client(running) as billing:
            rows = [row for page in billing.pages(kind) for row in page.records]
        return [{name: value for name, value in row.items() if name in same} for row in rows]

    same = {"customer_number", "forename", "surname", "email", "birth_date", "address_line1", "address_country"}
    assert [
        {name: value for name, value in row.items() if value is not None} for row in read("junifer", "customer")
    ] == [{name: value for name, value in row.items() if value is not None} for row in read("velocity", "customer")]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_written_extract_has_no_findings_and_every_record(tmp_path, form, packed):
    written = write_extract(SEED, tmp_path, form, gzip=packed)
    extract = open_extract(tmp_path)

    assert extract.check() == []
    for kind in EXTRACT_KINDS:
        rows = [row for page in extract.pages(kind) for row in page.records]
        assert len(rows) == extract.count(kind) == written[PLURALS[kind]].rows


def test_awkward_rows_of_an_extract_are_found_or_read_but_never_lost(tmp_path):
    seed = Seed(accounts=400, awkward=0.1)
    written = write_extract(seed, tmp_path, "csv")
    extract = open_extract(tmp_path)

    for kind in EXTRACT_KINDS:
        pages = list(extract.pages(kind))
        assert sum(len(page.records) + len(page.malformed) for page in pages) == written[PLURALS[kind]].rows
    assert all(found.line for found in extract.check())
