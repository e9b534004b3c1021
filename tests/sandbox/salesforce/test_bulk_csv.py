from __future__ import annotations

import csv
import io

import pytest

from salesbridge.sandbox.salesforce.bulk_csv import Dialect, JobFailure, RowFault, page

LF = Dialect()


def records(data: bytes, dialect: Dialect = LF) -> list[str]:
    return [record for _, record in dialect.records(io.BytesIO(data))]


def test_values_are_not_trimmed():
    assert LF.parse("John, Smith,") == ["John", " Smith", ""]


def test_a_doubled_quote_is_one_quote():
    assert LF.parse('"This is the ""gold"" standard",b') == ['This is the "gold" standard', "b"]


@pytest.mark.parametrize("row", ['John, "Smith"', '"John" ,Smith', 'a"b,c', '"a"b,"c"', '"'])
def test_a_quote_beside_a_space_or_inside_a_bare_value_spoils_the_row(row):
    with pytest.raises(RowFault, match="unescaped quote"):
        LF.parse(row)


@pytest.mark.parametrize("row", ['"a","b"', '"a,","b"', '"","x"', '"a"', '""', 'a,"b"', '"","" ""'.replace(" ", "")])
def test_quoted_rows_keep_every_value(row):
    assert LF.parse(row) == next(csv.reader([row]))


def test_a_quoted_line_break_stays_inside_its_record():
    assert records(b'A,B\n1,"x\ny"\n\n2,z') == ["A,B", '1,"x\ny"', "2,z"]


@pytest.mark.parametrize(
    ("name", "sign"),
    [("BACKQUOTE", "`"), ("CARET", "^"), ("COMMA", ","), ("PIPE", "|"), ("SEMICOLON", ";"), ("TAB", "\t")],
)
def test_each_column_delimiter_splits_and_renders(name, sign):
    dialect = Dialect(name)
    assert dialect.parse(f'a{sign}"b{sign}c"') == ["a", f"b{sign}c"]
    assert dialect.render(["a", 'b"']) == f'"a"{sign}"b"""\n'


@pytest.mark.parametrize(("setting", "data"), [("LF", b"A\r\n1\r\n"), ("CRLF", b"A\n1\n"), ("LF", b"A\n1\r\n2\n")])
def test_the_wrong_line_ending_fails_the_job(setting, data):
    with pytest.raises(
        JobFailure, match=f"LineEnding is invalid on user data. Current LineEnding setting is {setting}"
    ):
        records(data, Dialect(line_ending=setting))


def test_crlf_files_read_as_written():
    assert records(b'A,B\r\n1,"x\ny"\r\n2,3', Dialect(line_ending="CRLF")) == ["A,B", '1,"x\ny"', "2,3"]


def test_bytes_that_are_not_utf8_fail_the_job():
    with pytest.raises(JobFailure, match="UTF-8"):
        records("A\nMünchen\n".encode("latin-1"))


def test_an_index_knows_where_each_batch_begins(tmp_path):
    path = tmp_path / "upload.csv"
    path.write_bytes(b'A\n1\n"2\n"\n3\n4\n5\n')
    header, batches = LF.index(path, 2)
    assert header == "A"
    assert [batch.records for batch in batches] == [2, 2, 1]
    with path.open("rb") as file:
        assert [list(LF.slice(file, b.position, b.records)) for b in batches] == [["1", '"2\n"'], ["3", "4"], ["5"]]


@pytest.mark.parametrize(("data", "reason"), [(b"", "no header row"), (b"A" * 32_001 + b"\n1\n", "32000")])
def test_an_upload_without_a_usable_header_fails_the_job(tmp_path, data, reason):
    path = tmp_path / "upload.csv"
    path.write_bytes(data)
    with pytest.raises(JobFailure, match=reason):
        LF.index(path, 10)


def test_results_page_by_locator_until_the_literal_null(tmp_path):
    path = tmp_path / "results.csv"
    path.write_bytes(b'"A"\n"1"\n"2\n"\n"3"\n')
    first = page(path, LF, None, 2)
    assert (first.data, first.records) == (b'"A"\n"1"\n"2\n"\n', 2)
    last = page(path, LF, first.locator, 2)
    assert (last.data, last.records, last.locator) == (b'"A"\n"3"\n', 1, "null")
    assert page(path, LF, first.locator, 2) == last


def test_a_locator_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "results.csv"
    path.write_bytes(b'"A"\n"1"\n')
    with pytest.raises(ValueError, match="locator"):
        page(path, LF, "nonsense", 2)
