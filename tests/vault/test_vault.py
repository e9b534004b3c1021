from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from salesbridge.vault import (
    Context,
    Keys,
    Malformed,
    Sealed,
    Tampered,
    UnknownKey,
    Vault,
    VaultError,
    WrongContext,
)

OLD, NEW = Keys({"old": b"o" * 32}), Keys({"new": b"n" * 32, "old": b"o" * 32})
VAULT = Vault(OLD)
HERE = Context("tenant", "instance", "consumer_secret")
names = st.text(max_size=30)
contexts = st.builds(Context, names, st.none() | names, names)
plaintexts = st.text(max_size=200)


@given(contexts, plaintexts)
def test_what_was_sealed_opens(context, plaintext):
    opened = VAULT.open(context, VAULT.seal(context, plaintext))
    assert opened.get_secret_value() == plaintext


@given(contexts, contexts, plaintexts)
def test_a_secret_opens_in_its_own_context_only(context, other, plaintext):
    assume(context != other)
    with pytest.raises(WrongContext, match="copied from elsewhere"):
        VAULT.open(other, VAULT.seal(context, plaintext))


@given(plaintexts, st.data())
def test_any_bit_flipped_is_refused(plaintext, data):
    sealed = bytearray(VAULT.seal(HERE, plaintext))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VaultError):
        VAULT.open(HERE, bytes(sealed))


def test_each_bit_of_a_sealed_secret_matters():
    sealed = VAULT.seal(HERE, "s")
    for bit in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VaultError):
            VAULT.open(HERE, bytes(flipped))


@given(plaintexts, st.integers(0, 400))
def test_a_cut_secret_is_refused(plaintext, length):
    sealed = VAULT.seal(HERE, plaintext)
    assume(length < len(sealed))
    with pytest.raises(VaultError):
        VAULT.open(HERE, sealed[:length])


@given(st.binary(max_size=300))
def test_bytes_of_anything_else_are_refused(data):
    with pytest.raises(VaultError):
        VAULT.open(HERE, data)


@given(plaintexts)
def test_sealing_twice_gives_different_bytes(plaintext):
    assert VAULT.seal(HERE, plaintext) != VAULT.seal(HERE, plaintext)


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=40))
def test_the_plaintext_is_not_in_the_sealed_bytes(plaintext):
    assert plaintext.encode() not in VAULT.seal(HERE, plaintext)


def test_a_changed_ciphertext_a_changed_key_and_another_version_are_told_apart():
    sealed = Sealed.unpack(VAULT.seal(HERE, "secret"))
    changed = Sealed(sealed.key_id, sealed.fingerprint, sealed.wrapped, sealed.nonce, bytes(22)).pack()
    with pytest.raises(Tampered, match="was changed"):
        VAULT.open(HERE, changed)
    with pytest.raises(Tampered, match="the key 'old' is another one"):
        Vault(Keys({"old": b"x" * 32})).open(HERE, sealed.pack())
    with pytest.raises(Malformed, match="version"):
        VAULT.open(HERE, b"sb2" + sealed.pack()[3:])


def test_a_wrapped_key_does_not_open_another_secret_of_the_same_vault():
    mine, other = (Sealed.unpack(VAULT.seal(HERE, value)) for value in ("mine", "other"))
    mixed = Sealed(mine.key_id, mine.fingerprint, other.wrapped, mine.nonce, mine.ciphertext)
    with pytest.raises(Tampered):
        VAULT.open(HERE, mixed.pack())


def test_a_secret_under_a_key_we_have_not_names_the_key():
    with pytest.raises(UnknownKey, match="'old'") as refused:
        Vault(Keys({"new": b"n" * 32})).open(HERE, VAULT.seal(HERE, "secret"))
    assert refused.value.key_id == "old"


def test_the_first_key_seals_and_the_others_still_open():
    vault = Vault(NEW)
    assert Sealed.unpack(vault.seal(HERE, "secret")).key_id == "new"
    assert vault.open(HERE, VAULT.seal(HERE, "secret")).get_secret_value() == "secret"


@given(contexts, plaintexts)
def test_rewrapping_keeps_the_secret_and_its_ciphertext(context, plaintext):
    before = VAULT.seal(context, plaintext)
    after = Vault(NEW).rewrap(context, before)
    assert Sealed.unpack(after).key_id == "new"
    assert Sealed.unpack(after).ciphertext == Sealed.unpack(before).ciphertext
    assert Vault(Keys({"new": b"n" * 32})).open(context, after).get_secret_value() == plaintext


def test_a_secret_is_not_rewrapped_for_another_context():
    with pytest.raises(WrongContext):
        Vault(NEW).rewrap(Context("other", None, "x"), VAULT.seal(HERE, "secret"))


def test_an_opened_secret_and_the_keys_hide_in_repr():
    opened = VAULT.open(HERE, VAULT.seal(HERE, SecretStr("canary")))
    assert "canary" not in f"{opened!r} {opened}"
    assert repr(VAULT) == "Vault(keys=Keys(old))"


def test_no_error_repeats_the_secret_or_the_key():
    for sealed in (VAULT.seal(HERE, "canary")[:-1], b"canary", VAULT.seal(HERE, "canary") + b"x"):
        with pytest.raises(VaultError) as refused:
            VAULT.open(HERE, sealed)
        assert "canary" not in str(refused.value)
        assert "oooo" not in str(refused.value)


def test_an_absent_instance_is_not_an_empty_one_and_parts_do_not_run_together():
    assert Context("a", None, "b").encode("p") != Context("a", "", "b").encode("p")
    assert Context("ab", "c", "d").encode("p") != Context("a", "bc", "d").encode("p")
    assert Context("a", "b", "c").encode("p", "q") != Context("a", "b", "c").encode("pq")


@pytest.mark.parametrize("key_id", ["", "é", "k" * 256])
def test_a_key_id_that_does_not_fit_is_refused(key_id):
    with pytest.raises(Malformed, match="1 to 255"):
        Vault(Keys({key_id: b"o" * 32})).seal(HERE, "secret")
