from __future__ import annotations

import gzip
import tracemalloc

import pytest

from salesbridge.billing import EXTRACT_KINDS, BillingError, Finding, Malformed, System, open_extract


@pytest.fixture
def folder(tmp_path):
    """A small extract without a fault, in every format."""
    (tmp_path / "customers.ndjson").write_text('{"customer_number": "C1", "title": null, "email": ""}\n')
    (tmp_path / "accounts.csv").write_text('account_number,trading_name,company_number\nA1,,""\n')
    (tmp_path / "account_customers.csv").write_text("account_number,customer_number,roles\nA1,C1,Account Holder;x\n")
    (tmp_path / "products.ndjson").write_text('{"product_code": "P1", "unit_price": 0.2512}\n')
    (tmp_path / "agreements.csv.gz").write_bytes(gzip.compress(b"agreement_number,account_number\nG1,A1\n"))
    (tmp_path / "service_points.ndjson.gz").write_bytes(gzip.compress(b'{"identifier": "I1"}\n'))
    return tmp_path


def records(folder, kind):
    return [row for page in open_extract(folder).pages(kind) for row in page.records]


def findings(folder, kind="customer"):
    return [(found.line, found.message) for found in open_extract(folder).check([kind])]


def test_a_good_extract_has_no_findings_and_is_counted(folder):
    extract = open_extract(folder)

    assert extract.check() == []
    assert [extract.count(kind) for kind in EXTRACT_KINDS] == [1] * 6
    assert extract.system() == System("Extract", "")
    assert extract.publishing() is None


def test_absent_null_and_empty_stay_three_different_things_in_both_formats(folder):
    assert records(folder, "customer") == [{"customer_number": "C1", "title": None, "email": ""}]
    assert records(folder, "account") == [{"account_number": "A1", "trading_name": None, "company_number": ""}]


def test_packed_files_are_read_like_others(folder):
    assert records(folder, "agreement") == [{"agreement_number": "G1", "account_number": "A1"}]
    assert records(folder, "service_point") == [{"identifier": "I1"}]


def test_orders_are_not_in_an_extract(folder):
    extract = open_extract(folder)

    assert list(extract.pages("order")) == []
    assert extract.count("order") is None


@pytest.mark.parametrize("name", ["customers.csv", "customers.csv.gz", "customers.ndjson", "customers.ndjson.gz"])
def test_reading_continues_at_a_cursor_in_another_process(tmp_path, name):
    lines = [f"C{n:05d}" for n in range(2500)]
    text = (
        "customer_number,surname\n" + "".join(f'{line},"a\nb"\n' for line in lines)
        if ".csv" in name
        else "".join(f'{{"customer_number":"{line}","surname":"a\\nb"}}\n' for line in lines)
    )
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    first, *_ = open_extract(tmp_path).pages("customer")
    rest = list(open_extract(tmp_path).pages("customer", after=first.after))

    assert [len(page.records) for page in (first, *rest)] == [1000, 1000, 500]
    assert [row["customer_number"] for page in (first, *rest) for row in page.records] == lines
    assert rest[-1].after is None


def test_a_cursor_of_another_file_is_refused(tmp_path):
    file = tmp_path / "customers.ndjson"
    file.write_text("".join(f'{{"customer_number":"{n}"}}\n' for n in range(1001)))
    first = next(open_extract(tmp_path).pages("customer"))
    file.write_text('{"customer_number":"other"}\n')

    with pytest.raises(BillingError, match="Start a new run"):
        list(open_extract(tmp_path).pages("customer", after=first.after))
    with pytest.raises(BillingError, match="not a position"):
        list(open_extract(tmp_path).pages("customer", after="nonsense"))


def test_what_cannot_be_read_is_set_aside_with_its_line_and_reason(tmp_path):
    (tmp_path / "customers.ndjson").write_bytes(
        b'{"customer_number":"C1"}\n\n{"customer_number":5}\nnot json\n[]\n'
        b'{"customer_number":"\xff"}\n{"customer_number":"C2"}'
    )
    (page,) = open_extract(tmp_path).pages("customer")

    assert [row["customer_number"] for row in page.records] == ["C1", "C2"]
    assert [(found.position, found.reason.split(":")[0]) for found in page.malformed] == [
        ("customers.ndjson line 3", "The business key customer_number is a number, not text."),
        ("customers.ndjson line 4", "The line is not JSON"),
        ("customers.ndjson line 5", "The line is JSON, but not an object."),
        ("customers.ndjson line 6", "The text is not UTF-8 (byte 21 of the record)."),
    ]


def test_a_csv_line_of_the_wrong_width_is_set_aside(tmp_path):
    (tmp_path / "products.csv").write_text('product_code,name\nP1,a\nP2\nP3,a,b\nP4,"a" b\n,x\n')
    (page,) = open_extract(tmp_path).pages("product")

    assert page.records == [{"product_code": "P1", "name": "a"}]
    assert page.malformed[:2] == [
        Malformed("products.csv line 3", "The line has 1 cells where the header has 2."),
        Malformed("products.csv line 4", "The line has 3 cells where the header has 2."),
    ]
    assert [found.position for found in page.malformed] == [f"products.csv line {line}" for line in (3, 4, 5, 6)]


def test_a_missing_file_is_told_with_its_name(folder):
    (folder / "customers.ndjson").unlink()

    assert open_extract(folder).check() == [
        Finding(
            "customers", None, ("The file is missing: put customers.ndjson or customers.csv (or .gz) into the folder.")
        )
    ]
    with pytest.raises(BillingError, match="customers is missing"):
        list(open_extract(folder).pages("customer"))


def test_two_files_of_one_kind_are_one_too_many(folder):
    (folder / "customers.csv").write_text("customer_number\nC1\n")

    assert findings(folder) == [(None, "customers.ndjson and customers.csv both hold customers: leave one of them.")]
    with pytest.raises(BillingError, match="Leave one"):
        list(open_extract(folder).pages("customer"))


def test_wrong_columns_are_told_in_both_formats(tmp_path):
    (tmp_path / "customers.csv").write_text("customer_number,shoe_size,title,title\nC1,1,2,3\n")
    (tmp_path / "accounts.csv").write_text("trading_name\nx\n")
    (tmp_path / "products.ndjson").write_text('{"product_code":"1","x":1}\n{"product_code":"2","x":1,"y":2}\n')

    assert findings(tmp_path) == [
        (1, "The column title is there more than once."),
        (1, "The column shoe_size is not known."),
    ]
    assert findings(tmp_path, "account") == [(1, "The key column account_number is missing.")]
    assert findings(tmp_path, "product") == [(1, "The member x is not known."), (2, "The member y is not known.")]


def test_repeated_business_keys_are_told_with_both_lines(tmp_path):
    (tmp_path / "account_customers.csv").write_text(
        "account_number,customer_number\nA1,C1\nA1,C2\nA1,C1\nA1C,1\nA1,C1\n"
    )

    assert findings(tmp_path, "account_customer") == [
        (4, "The business key A1:C1 is already in line 2."),
        (6, "The business key A1:C1 is already in line 2."),
    ]


def test_damaged_files_are_findings_and_no_surprise(tmp_path):
    whole = gzip.compress(b'{"customer_number":"C1"}\n' * 1000)
    (tmp_path / "customers.ndjson.gz").write_bytes(whole[:-20])
    (tmp_path / "accounts.csv.gz").write_bytes(b"not packed at all")
    (tmp_path / "products.csv").write_bytes(b"")
    (tmp_path / "agreements.csv").write_bytes(b"\xff\xfe\n")

    for kind in ("customer", "account", "product", "agreement"):
        ((line, message),) = findings(tmp_path, kind)
        assert line is None
        assert "Export or copy the file again." in message
        with pytest.raises(BillingError, match="cannot be read"):
            list(open_extract(tmp_path).pages(kind))


def test_very_many_findings_are_cut_off_with_their_number(tmp_path):
    (tmp_path / "customers.ndjson").write_text("x\n" * 250)
    found = findings(tmp_path)

    assert len(found) == 101
    assert found[-1] == (None, "There are 150 more findings in this file.")


def test_a_byte_order_mark_is_none_of_the_first_column(tmp_path):
    (tmp_path / "products.csv").write_bytes(b"\xef\xbb\xbfproduct_code\r\nP1\r\n")

    assert findings(tmp_path, "product") == []
    assert records(tmp_path, "product") == [{"product_code": "P1"}]


def test_a_large_extract_is_checked_and_read_in_little_memory(tmp_path):
    line = '{{"customer_number":"C{:07d}","address_line1":"{}"}}\n'
    with (tmp_path / "customers.ndjson").open("w") as file:
        file.writelines(line.format(number, "x" * 200) for number in range(15_000))
    extract = open_extract(tmp_path)
    tracemalloc.start()
    found, count = extract.check(["customer"]), sum(len(page.records) for page in extract.pages("customer"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (found, count) == ([], 15_000)
    assert peak < 4_000_000


def test_a_folder_that_is_none_is_told(tmp_path):
    with pytest.raises(BillingError, match="not a folder"):
        open_extract(tmp_path / "nowhere")


def test_publishing_cannot_be_switched_in_files(folder):
    with pytest.raises(BillingError, match="billing system"):
        open_extract(folder).set_publishing(True)
