from __future__ import annotations

import base64
import json
import pickle
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.billing import BillingError
from salesbridge.billing.signature import SignatureRefusedError, verify

# Published test data of the integration platform.
VECTOR = json.loads((Path(__file__).parent / "payload_signature_vector.json").read_text(encoding="utf-8"))
BODY = VECTOR["body"].encode()
SIGNED_AT = datetime.fromtimestamp(1693370036, UTC)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@cache
def private(number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public(number: int = 0) -> str:
    return pem(private(number).public_key())


def pem(key) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(raw: bytes, *, at: datetime = NOW, number: int = 0, algorithm=SHA512) -> str:
    seconds = int(at.timestamp())
    signature = private(number).sign(b"%d.%b" % (seconds, raw), PKCS1v15(), algorithm())
    return f"t={seconds},v={base64.b64encode(signature).decode()}"


def refusal(header: str | None, raw: bytes = b"{}", keys: list[str] | None = None, **options: object) -> str:
    with pytest.raises(SignatureRefusedError) as caught:
        verify(header, raw, [public()] if keys is None else keys, **{"now": NOW, **options})
    assert caught.value.message in str(caught.value)
    return caught.value.code


def test_the_published_vector_fits():
    identity = verify(VECTOR["header"], BODY, [VECTOR["public_key"]], now=SIGNED_AT + MINUTE)

    assert len(identity) == 64
    assert int(identity, 16)


@pytest.mark.parametrize("position", [0, len(BODY) // 2, len(BODY) - 1])
def test_a_changed_byte_is_noticed(position):
    changed = BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]

    assert refusal(VECTOR["header"], changed, [VECTOR["public_key"]], now=SIGNED_AT) == "WRONG"


def test_the_same_json_written_otherwise_is_another_body():
    again = json.dumps(json.loads(BODY)).encode()

    assert refusal(VECTOR["header"], again, [VECTOR["public_key"]], now=SIGNED_AT) == "WRONG"


def test_the_time_is_part_of_what_is_signed():
    header = signed(b"{}", at=NOW - timedelta(days=1))
    moved = header.replace(header[2:12], str(int(NOW.timestamp())))

    assert refusal(moved) == "WRONG"
    assert refusal(header.replace("t=", "t=0")) == "WRONG"


def test_another_key_or_algorithm_does_not_fit():
    assert refusal(signed(b"{}", number=1)) == "WRONG"
    assert refusal(signed(b"{}", algorithm=SHA256)) == "WRONG"


def test_while_a_key_rotates_either_of_two_fits():
    for number in (0, 1):
        assert verify(signed(b"{}", number=number), b"{}", [public(0), public(1)], now=NOW)


@given(st.binary(max_size=300), st.integers(0, 10**10))
def test_any_signed_body_is_accepted_and_any_other_refused(raw, seconds):
    at = datetime.fromtimestamp(seconds, UTC)
    header = signed(raw, at=at)

    assert verify(header, raw, [public()], now=at) == verify(header, raw, [public()], now=at + MINUTE)
    assert refusal(header, raw + b" ", now=at) == "WRONG"


@pytest.mark.parametrize("header", [None, "", "  "])
def test_a_missing_header_is_told_as_such(header):
    assert refusal(header) == "MISSING"


@pytest.mark.parametrize(
    "header",
    [
        "nonsense",
        "t=1,v=",
        "t=,v=AAAA",
        "t=-1,v=AAAA",
        "t=1e3,v=AAAA",
        "t=\u0661,v=AAAA",
        "t=1;v=AAAA",
        "v=AAAA,t=1",
        "t=1,v=AAAA,v=BBBB",
        "t=1,v=AA AA",
        "t=1,v=_-AA",
        "t=1,v=AAAAA",
        f"t={'9' * 13},v=AAAA",
    ],
)
def test_a_malformed_header_is_told_as_such(header):
    assert refusal(header) == "MALFORMED"


def test_the_padding_belongs_to_the_signature():
    header = signed(b"{}")

    assert header.endswith("==")
    assert refusal(header.rstrip("=")) == "MALFORMED"


def test_a_signature_of_another_length_does_not_fit():
    assert refusal(f"t={int(NOW.timestamp())},v=AAAA") == "WRONG"


def test_five_minutes_either_way_are_tolerated_and_no_more():
    header = signed(b"{}")

    assert verify(header, b"{}", [public()], now=NOW + 5 * MINUTE)
    assert verify(header, b"{}", [public()], now=NOW - 5 * MINUTE)
    assert refusal(header, now=NOW + 5 * MINUTE + timedelta(seconds=1)) == "TOO_OLD"
    assert refusal(header, now=NOW - 5 * MINUTE - timedelta(seconds=1)) == "FROM_THE_FUTURE"
    assert refusal(header, now=NOW + 2 * MINUTE, tolerance=MINUTE) == "TOO_OLD"


def test_the_age_is_told_only_of_what_is_authentic():
    assert refusal(signed(b"{}", at=NOW - timedelta(days=1), number=1)) == "WRONG"


def test_each_signature_has_an_identity_of_its_own_however_it_is_spelt():
    def identity(header: str, raw: bytes = b"{}") -> str:
        return verify(header, raw, [public()], now=NOW)

    header = signed(b"{}")
    assert identity(header) == identity(f" {header} ")
    assert len({identity(header), identity(signed(b"[]"), b"[]"), identity(signed(b"{}", at=NOW - MINUTE))}) == 3


@pytest.mark.parametrize("keys", [[], ["not a key"], [pem(ed25519.Ed25519PrivateKey.generate().public_key())]])
def test_a_key_that_is_none_is_a_fault_of_the_settings_not_of_the_sender(keys):
    with pytest.raises(BillingError) as caught:
        verify(signed(b"{}"), b"{}", keys, now=NOW)

    assert caught.value.code == "BAD_PUBLIC_KEY"
    assert verify(signed(b"{}"), b"{}", [*keys, public()], now=NOW)


def test_an_instant_without_a_zone_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="time zone"):
        verify(signed(b"{}"), b"{}", [public()], now=NOW.replace(tzinfo=None))


def test_a_refusal_survives_pickling():
    error = pickle.loads(pickle.dumps(SignatureRefusedError("WRONG", "No.")))  # noqa: S301  our own

    assert (error.code, error.message) == ("WRONG", "No.")
