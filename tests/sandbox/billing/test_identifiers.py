"""Check digits against identifiers that their owners published."""

import pytest

from salesbridge.sandbox.billing import identifiers


@pytest.mark.parametrize(
    ("identifier_type", "identifier"),
    [
        ("MPAN", "1312345678907"),
        ("MPRN", "3938424403"),
        ("NMI", "20019857328"),
        ("NMI", "20019857336"),
        ("NMI", "71020000017"),
        ("NMI", "QAAAVZZZZZ3"),
        ("NMI", "QCDWW000102"),
        ("ICP", "0000638109TRE20"),
        ("ICP", "0000847108TRBAA"),
        ("ICP", "0000587578TR0E4"),
        ("ICP", "0000543210NR45E"),
        ("ICP", "0000680207NV1F0"),
    ],
)
def test_published_identifiers_are_valid(identifier_type, identifier):
    assert identifiers.is_valid(identifier_type, identifier)


@pytest.mark.parametrize(
    ("identifier_type", "identifier"),
    [
        ("MPAN", "2499999999990"),
        ("MPAN", "131234567890"),
        ("MPRN", "3938424404"),
        ("MPRN", "39384"),
        ("NMI", "QAAAVZZZZZ0"),
        ("ICP", "0000543210NR45F"),
        ("ICP", "0000543210nr45e"),
        ("MIRN", "5240000001"),
    ],
)
def test_identifiers_with_wrong_form_or_check_digits_are_not(identifier_type, identifier):
    assert not identifiers.is_valid(identifier_type, identifier)


@pytest.mark.parametrize(
    ("identifier_type", "body"),
    [("MPAN", "131234567890"), ("MPRN", "39384244"), ("ICP", "0000543210NR")],
)
def test_a_digit_that_is_one_too_high_is_noticed(identifier_type, body):
    whole = identifiers.complete(identifier_type, body)
    check = whole[len(body) :]
    for at in range(len(body)):
        if body[at].isdigit():
            other = body[:at] + str((int(body[at]) + 1) % 10) + body[at + 1 :]
            assert not identifiers.is_valid(identifier_type, other + check)
