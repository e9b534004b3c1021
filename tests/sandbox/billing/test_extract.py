"""Extract files hold what the API shows."""

import csv
import gzip

import orjson
import pytest

from salesbridge.sandbox.billing import Billing, Seed, write_extract
from salesbridge.sandbox.billing.extract import COLUMNS

SEED = Seed(220, awkward=0.1)


def ndjson(path):
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [orjson.loads(line) for line in raw.split(b"\n") if line]


def awkward(kind):
    return next(row.key for row in SEED.expectations().awkward if row.kind == kind)


@pytest.mark.parametrize("compress", [False, True])
def test_there_is_a_row_for_each_record(tmp_path, compress):
    files = write_extract(SEED, tmp_path / "out", gzip=compress)
    for kind, file in files.items():
        assert file.path.name == f"{kind}.ndjson{'.gz' if compress else ''}"
        rows = ndjson(file.path)
        assert len(rows) == file.rows == SEED.counts[kind]
        assert set().union(*rows) == set(COLUMNS[kind])


def test_ndjson_keeps_absent_null_and_empty_apart(tmp_path):
    files = write_extract(SEED, tmp_path)
    rows = {row["customer_number"]: row for row in ndjson(files["customers"].path)}
    assert "preferred_name" not in rows[awkward("absent_member")]
    assert rows[awkward("null_value")]["preferred_name"] is None
    assert rows[awkward("empty_string")]["preferred_name"] == ""


def test_csv_reads_back_with_quotes_newlines_and_every_script(tmp_path):
    files = write_extract(SEED, tmp_path, "csv")
    for kind, file in files.items():
        with file.path.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        assert tuple(rows[0]) == COLUMNS[kind]
        assert len(rows) == SEED.counts[kind]
    with files["customers"].path.open(encoding="utf-8", newline="") as opened:
        rows = {row["customer_number"]: row for row in csv.DictReader(opened)}
    for customer in SEED.records("customers"):
        row = rows[customer["number"]]
        assert row["surname"] == (customer["surname"] or "")
        assert row["address_line1"] == (customer["address"]["line1"] or "")


def test_csv_tells_an_empty_text_from_null(tmp_path):
    text = write_extract(SEED, tmp_path, "csv")["customers"].path.read_text(encoding="utf-8")
    lines = {line.split(",")[0]: line for line in text.splitlines()}
    at = COLUMNS["customers"].index("preferred_name")
    assert lines[awkward("empty_string")].split(",")[at] == '""'
    assert lines[awkward("null_value")].split(",")[at] == ""


def test_an_extract_of_a_billing_system_has_its_edits(tmp_path):
    billing = Billing(Seed(20, awkward=0))
    account = billing.seed.record("accounts", 3)
    customer = billing.find("customers", account["primary_customer_number"])
    billing.update("customers", customer["id"], {"phone": "020 7946 0001"})
    rows = ndjson(write_extract(billing, tmp_path)["accounts"].path)
    row = next(row for row in rows if row["account_number"] == account["number"])
    assert row["primary_customer_phone"] == "020 7946 0001"
