from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.billing.extract_csv import join_record, split_record
from salesbridge.billing.extract_lines import MAX_RECORD_BYTES, raw_records

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
CELLS = st.lists(st.none() | TEXT, min_size=1)


@given(CELLS)
def test_null_and_empty_come_back_as_they_were(cells):
    assert split_record(join_record(cells)) == cells


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1))
def test_what_the_standard_librarys_writer_writes_is_read(cells):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(cells)

    assert split_record(text.getvalue()) == cells


@given(CELLS)
def test_the_standard_librarys_reader_reads_the_same_but_for_null(cells):
    (read,) = csv.reader(io.StringIO(join_record([*cells, "x"]), newline=""), strict=True)

    assert read == [*(cell or "" for cell in cells), "x"]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", [None]),
        ('""', [""]),
        ("a,,b", ["a", None, "b"]),
        (',"",', [None, "", None]),
        ('"a ""b"", c",d', ['a "b", c', "d"]),
        (" a , b ", [" a ", " b "]),
    ],
)
def test_cells_are_split_as_documented(text, cells):
    assert split_record(text) == cells


@pytest.mark.parametrize("text", ['a"b', '"a"b', 'a,"b', '"', '""a', ' "a"', '"a" ,b', '"""'])
def test_a_quote_out_of_place_is_refused(text):
    with pytest.raises(ValueError, match="quote"):
        split_record(text)


@given(st.lists(CELLS.filter(lambda cells: cells != [None]), max_size=20), st.sampled_from(["\n", "\r\n"]))
def test_records_are_found_whatever_line_breaks_they_hold(records, ending):
    lines = [join_record(cells) for cells in records]
    data = "".join(line + ending for line in lines).encode().removeprefix(b"\xef\xbb\xbf")
    found = list(raw_records(io.BytesIO(data), csv=True))

    kept = [cells for cells, line in zip(records, lines, strict=True) if line.strip()]
    if kept and records[0] and isinstance(records[0][0], str) and records[0][0].startswith("\ufeff"):
        return  # a byte order mark at the start of a file is none of the first cell
    assert [split_record(raw.data.decode()) for raw in found] == kept


@given(st.lists(st.sampled_from(["a,b\n", '"x\ny",2\n', "\n", '"",\r\n']), max_size=30))
def test_reading_on_from_any_record_gives_the_rest(parts):
    file = io.BytesIO("".join(parts).encode())
    whole = list(raw_records(file, csv=True))

    for index, raw in enumerate(whole):
        rest = list(raw_records(file, csv=True, offset=raw.next_offset, line=raw.next_line))
        assert rest == whole[index + 1 :]


def test_a_quote_that_is_never_closed_costs_one_record_only():
    data = b'a,b\n"open,c\n' + b"d,e\n" * (MAX_RECORD_BYTES // 4 + 10)
    found = list(raw_records(io.BytesIO(data), csv=True))

    assert [raw.line for raw in found[:3]] == [1, 2, 3]
    assert found[1].data is None
    assert found[2].data == b"d,e"
    assert len(found) == MAX_RECORD_BYTES // 4 + 12
    assert found[-1].next_offset == len(data)


def test_a_line_that_is_too_long_is_passed_over():
    data = b'{"a":1}\n' + b"x" * (3 * MAX_RECORD_BYTES) + b'\n{"a":2}\n'
    found = list(raw_records(io.BytesIO(data), csv=False))

    assert [(raw.line, raw.data) for raw in found] == [(1, b'{"a":1}'), (2, None), (3, b'{"a":2}')]
    assert found[-1].next_offset == len(data)
