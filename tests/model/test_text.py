"""Text: what people can see stays as it is; what a field cannot hold is refused."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.model.kinds import Phone, RefusedError, Text
from salesbridge.model.kinds.address import PARTS, part_from_billing, part_to_billing
from salesbridge.model.kinds.text import Street, clean

STREET = PARTS[0]


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_cleaned_text_is_one_trimmed_line_without_control_characters(text):
    cleaned = clean(text)
    assert cleaned == clean(cleaned) == cleaned.strip()
    assert len(cleaned.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in cleaned)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp")), max_size=80))
def test_what_can_be_seen_stays_as_it_is(text):
    assert clean(text) == text


@pytest.mark.parametrize("text", ["Fish\u00a0&\u00a0Chips", "👩\u200d🔧 Repairs", "ne\u00adver", "two  blanks"])
def test_non_breaking_spaces_joiners_and_inner_blanks_survive(text):
    assert Text(40).from_salesforce(f"  {text}\t") == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\t"])
def test_a_line_break_in_a_one_line_field_becomes_a_blank(end):
    assert Text(40).from_salesforce(f"Unit 1{end}High Street") == "Unit 1 High Street"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x0c"])
def test_a_text_area_keeps_its_lines_with_one_kind_of_break(end):
    assert Text(40, lines=True).from_salesforce(f"a{end}b") == "a\nb"


def test_half_a_character_is_refused_because_no_file_can_hold_it():
    with pytest.raises(RefusedError, match="lone surrogate") as refusal:
        Text(40).from_salesforce("\ud83d")
    assert refusal.value.code == "INVALID_CHARACTER"


@given(st.integers(1, 300), st.integers(1, 50))
def test_text_that_is_too_long_is_refused_and_never_cut(length, excess):
    kind = Text(length)
    assert kind.from_salesforce("x" * length) == "x" * length
    with pytest.raises(RefusedError, match=f"{length + excess} characters; Salesforce holds {length}") as refusal:
        kind.from_salesforce("x" * (length + excess))
    assert refusal.value.code == "STRING_TOO_LONG"


@pytest.mark.parametrize("raw", [True, 1.5, [], {}])
def test_what_is_no_text_is_refused(raw):
    with pytest.raises(RefusedError, match="not text"):
        Text(40).from_salesforce(raw)


def test_a_whole_number_is_its_digits_and_an_endless_one_is_refused():
    assert Text(40).from_salesforce(4711) == "4711"
    with pytest.raises(RefusedError, match="more digits"):
        Text(40).from_salesforce(10**5000)


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_cleaned_text_survives_a_csv_file(text):
    written = io.StringIO()
    cell = clean(text, "\n")
    csv.writer(written, lineterminator="\n").writerow([cell, "end"])
    assert next(csv.reader(io.StringIO(written.getvalue(), newline=""))) == [cell, "end"]


LINES = st.lists(st.none() | st.text(max_size=20), min_size=3, max_size=3)


@given(LINES)
def test_the_lines_of_a_street_come_back_as_the_same_text(lines):
    value = part_from_billing(STREET, lines)
    spelt = part_to_billing(STREET, value)
    assert len(spelt) == len(STREET.attributes)
    assert part_from_billing(STREET, spelt) == value
    assert (value is None) == all(line is None for line in lines)


@given(st.text(max_size=60) | st.lists(st.text("abc ", max_size=4), max_size=9).map("\n".join))
def test_a_street_of_salesforce_comes_back_from_billing_as_the_same_text(text):
    value = Street().from_salesforce(text)
    assert part_from_billing(STREET, part_to_billing(STREET, value)) == value


def test_lines_beyond_the_third_join_it_on_whichever_side_they_were_typed():
    assert Street().from_salesforce("a\r\nb\r\n\r\nc\r\nd") == "a\nb\nc, d"


def test_blank_lines_of_a_street_are_left_out():
    assert part_from_billing(STREET, [" 12 High Street ", "", None]) == "12 High Street"
    assert part_to_billing(STREET, "12 High Street") == ["12 High Street", "", ""]
    assert part_from_billing(STREET, ["", None, ""]) == ""


def test_phones_without_anything_to_dial_agree_only_when_they_are_the_same_text():
    assert not Phone().agree("tbc", "ask")
    assert Phone().agree("tbc", "tbc")
    assert not Phone().agree("tbc", None)
    assert Phone().agree("+44 (0)20 7946", "+440207946")
