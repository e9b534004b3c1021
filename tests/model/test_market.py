"""Market identifiers: published vectors, an independent reference, and what a mistyped character does."""

import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salesbridge.model.kinds import RefusedError
from salesbridge.model.kinds.market import (
    icp_checksum,
    mpan_check_digit,
    mprn_check_digits,
    nmi_check_digit,
    normal,
    verify,
)

DIGIT = string.digits
NMI_LETTERS = DIGIT + "ABCDEFGHJKLMNPQRSTUVWXYZ"


def digits(size):
    return st.text(DIGIT, min_size=size, max_size=size)


@pytest.mark.parametrize("mpan", ["2000024512368", "018011002000024512368"])
def test_a_published_mpan_is_valid(mpan):
    verify("MPAN", mpan)


@pytest.mark.parametrize(
    ("nmi", "check"), [("2001985732", "8"), ("QAAAVZZZZZ", "3"), ("4316854005", "9"), ("VAAA000065", "7")]
)
def test_the_published_nmi_vectors_hold(nmi, check):
    assert nmi_check_digit(nmi) == check
    verify("NMI", nmi)
    verify("NMI", nmi + check)


def test_the_published_mprn_is_valid():
    verify("MPRN", "3938424403")


def bit_by_bit(text):
    """CRC-12 as a shift register, one bit at a time, the way the registry's own routine is described."""
    register = 0
    for character in text + "\0\0":
        for bit in range(7, -1, -1):
            register = register << 1 | ord(character) >> bit & 1
            if register & 0x1000:
                register ^= 0x180F
    return register


ICP_BODY = st.builds(str.__add__, digits(10), st.text(string.ascii_uppercase, min_size=2, max_size=2))


@given(ICP_BODY)
def test_the_icp_checksum_is_the_remainder_of_a_bitwise_division(body):
    # The register above takes 16 zero bits after the text, the checksum 12: four more shifts bring one to the other.
    register = int(icp_checksum(body), 16)
    for _ in range(4):
        register <<= 1
        if register & 0x1000:
            register ^= 0x180F
    assert register == bit_by_bit(body)


@given(ICP_BODY, st.data())
def test_any_mistyped_character_of_an_icp_is_caught(body, data):
    icp = body + icp_checksum(body)
    verify("ICP", icp)
    assert refused("ICP", mistyped(icp, data, DIGIT + string.ascii_uppercase))


@given(st.integers(4, 8).flatmap(digits), st.data())
def test_any_mistyped_digit_of_an_mprn_is_caught(body, data):
    mprn = body + mprn_check_digits(body)
    verify("MPRN", mprn)
    assert refused("MPRN", mistyped(mprn, data, DIGIT))


@given(digits(12), st.data())
def test_a_mistyped_digit_of_an_mpan_is_caught_unless_it_turns_remainder_ten_into_none(body, data):
    mpan = body + mpan_check_digit(body)
    wrong = mistyped(mpan, data, DIGIT)
    primes = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
    remainders = {sum(int(d) * p for d, p in zip(text, primes, strict=False)) % 11 for text in (mpan, wrong)}
    assert refused("MPAN", wrong) == (remainders != {0, 10})


@given(st.text(NMI_LETTERS, min_size=10, max_size=10), st.data())
def test_a_mistyped_check_digit_of_an_nmi_is_caught(body, data):
    check = nmi_check_digit(body)
    wrong = data.draw(st.sampled_from([d for d in DIGIT if d != check]))
    assert refused("NMI", body + wrong)


@pytest.mark.parametrize("at", range(10))
def test_a_mistyped_digit_of_an_nmi_is_caught_but_for_pairs_that_weigh_the_same(at):
    # Luhn over character codes cannot tell 0 from 9 in a single place, nor 0 from 4 or 1 from 5 in a doubled one.
    blind = {frozenset("04"), frozenset("15")} if at % 2 else {frozenset("09")}
    for right in DIGIT:
        for wrong in set(DIGIT) - {right}:
            body = "2001985732"
            nmi = body[:at] + right + body[at + 1 :]
            typed = body[:at] + wrong + body[at + 1 :] + nmi_check_digit(nmi)
            assert refused("NMI", typed) == (frozenset({right, wrong}) not in blind)


def mistyped(text, data, alphabet):
    at = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from(alphabet))
    assume(character != text[at])
    return text[:at] + character + text[at + 1 :]


def refused(scheme, text):
    try:
        verify(scheme, text)
    except RefusedError:
        return True
    return False


@pytest.mark.parametrize("scheme", ["MPAN", "MPRN", "NMI", "ICP"])
@given(text=st.text(max_size=24))
def test_text_that_does_not_look_like_an_identifier_is_refused_and_never_a_crash(scheme, text):
    assume(not re.fullmatch("[0-9A-Z]{6,21}", text))
    with pytest.raises(RefusedError, match=f"no valid {scheme}") as refusal:
        verify(scheme, text)
    assert refusal.value.code == "INVALID_MARKET_IDENTIFIER"


def test_without_a_scheme_any_of_them_will_do():
    verify(None, "3938424403")
    verify(None, "2000024512368")
    assert refused(None, "2000024512369")


def test_an_unknown_scheme_is_named():
    with pytest.raises(RefusedError, match="'EAN', not one of MPAN, MPRN, NMI, ICP"):
        verify("EAN", "3938424403")


def test_identifiers_are_read_without_spaces_and_in_upper_case():
    assert normal(" 20 0002 4512 368 ") == "2000024512368"
    assert normal("qaaavzzzzz3") == "QAAAVZZZZZ3"
