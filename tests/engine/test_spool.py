"""What lies between reading and sending: spooled rows, lines of CSV, parts, the agreed values of a result."""

from __future__ import annotations

import csv
import io

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.engine.load import csv_text, parts
from salesbridge.engine.load.collect import _links
from salesbridge.engine.load.parts import Parts
from salesbridge.engine.load.send import pause
from salesbridge.engine.load.spool import sorted_rows, spooled
from salesbridge.model import EXTERNAL_ID, TABLE, header
from salesbridge.sync.load import agreed_of, kept_columns

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=["Cs"]), max_size=8)
EVERY_ENTITY = pytest.mark.parametrize("entity", TABLE.entities, ids=lambda entity: entity.name)


def written(*rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


@EVERY_ENTITY
@given(data=st.data())
def test_a_line_is_what_the_standard_writer_writes(entity, data):
    cell = CELLS | st.sampled_from(("", "a\nb", "a,b", '"', '"a"', "a\n,b", 'a\n"'))
    cells = data.draw(st.lists(cell, min_size=len(header(entity)), max_size=len(header(entity))))
    before = cells.copy()

    assert csv_text.line_of(entity)(cells) == written(cells)
    assert cells == before


def test_rows_come_back_by_parent_and_key_with_the_last_mention_last(tmp_path):
    rows = [
        (("P2", "K2", "1000", "P2", ""), ["", ""], "K2,P2,\n"),
        (("P1", "K3", "1001", "P1", "Q"), ["Activated"], 'K3,"a\nb"\n'),
        (("P1", "K1", "1003", "P1", ""), [], "K1,later\n"),
        (("P1", "K1", "1002", "P1", ""), [], "K1,é\n"),
        (("P1 x", "K0", "1004", "P1 x", ""), [], "K0\n"),
    ]
    (tmp_path / "one").write_bytes("".join(spooled(*row) for row in rows[:2]).encode())
    (tmp_path / "two").write_bytes("".join(spooled(*row) for row in rows[2:]).encode())
    found = list(sorted_rows([tmp_path / "one", tmp_path / "two"], 2))

    assert [(row.parent, row.key, row.text.decode()) for row in found] == [
        (b"P1", b"K1", "K1,é\n"),
        (b"P1", b"K1", "K1,later\n"),
        (b"P1", b"K3", 'K3,"a\nb"\n'),
        (b"P1 x", b"K0", "K0\n"),
        (b"P2", b"K2", "K2,P2,\n"),
    ]
    assert [row.activation for row in found] == [b"", b"", b'["Activated"]', b"", b""]
    assert found[2].parents == [b"P1", b"Q"]


def test_a_part_ends_between_two_parents(tmp_path):
    made = Parts(tmp_path, ["key"], most=2)
    for number, parent in enumerate([b"A", b"A", b"A", b"B", b"C"]):
        made.add(b"%d\n" % number, parent)
    noted = made.close()

    assert [(tmp_path / part["name"]).read_text() for part in noted] == ["key\n0\n1\n2\n", "key\n3\n4\n"]
    assert [part["rows"] for part in noted] == [3, 2]
    assert [part["bytes"] for part in noted] == [(tmp_path / part["name"]).stat().st_size for part in noted]


def test_a_part_is_never_heavier_than_an_upload_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_BYTES", 20)
    made = Parts(tmp_path, ["key"])
    for _ in range(5):
        made.add(b"1234567\n", b"the same parent")

    assert [part["bytes"] for part in made.close()] == [20, 20, 12]


@EVERY_ENTITY
@given(data=st.data())
def test_the_link_of_a_result_holds_what_both_sides_agree_on(entity, data):
    names = list(header(entity))
    cell = CELLS | st.sampled_from(("", "#N/A", '":""'))
    cells = data.draw(st.lists(cell, min_size=len(names), max_size=len(names)))
    created = data.draw(st.booleans())
    born = kept_columns(entity) if created else frozenset()
    key, to, agreed = _links(names, kept_columns(entity))(["001", "true" if created else "false", *cells])

    assert (key, to) == (cells[names.index(EXTERNAL_ID)], "001")
    assert orjson.loads(agreed) == agreed_of(names, cells, born=born)


def test_a_job_is_looked_at_again_when_it_should_have_ended():
    assert pause(2.0, processed=500, rows=750) == pytest.approx(1.0)
    assert pause(2.0, processed=749, rows=750) == pytest.approx(2.0 / 16)
    assert pause(2.0, processed=0, rows=750) == pytest.approx(0.5)
    assert pause(0.0, processed=0, rows=750) == pytest.approx(0.1)
    assert pause(600.0, processed=0, rows=750) == pause(60.0, processed=1, rows=750) == pytest.approx(4.0)


def test_looks_at_a_job_are_few_and_lose_little_time():
    for takes in (0.5, 3.0, 30.0, 300.0):
        at = looks = 0
        while at < takes:
            at += pause(at, processed=int(10_000 * at / takes), rows=10_000)
            looks += 1
        assert at - takes <= max(0.2, takes / 8)
        assert looks <= 12 + takes / 4
