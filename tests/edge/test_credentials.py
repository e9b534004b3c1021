"""Named credentials in the database: exchanged without a gap, taken back at once, and never written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from salesbridge.engine import credentials
from salesbridge.engine.credentials import CredentialRefusedError, authenticate, digest, signing, tokens
from salesbridge.engine.credentials.tokens import Place, TokenRefusedError, UnknownKeyError
from salesbridge.store.models import ApiClient, ClientSecret
from salesbridge.store.signing_keys import signing_keys

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLACE = Place("https://edge.example", "https://edge.example/api")


@pytest.fixture
def issued(door, instance):
    return credentials.add(door, instance, "Gentrack", by="Ada")


def works(issued):
    return authenticate(issued.client.client_id, issued.secret) is not None


def states(door):
    return list(door.rows(ClientSecret).order_by("created_at").values_list("state", flat=True))


def test_a_fresh_credential_works_at_once_and_says_whose_it_is(door, instance, issued):
    grant = authenticate(issued.client.client_id, issued.secret)

    assert (grant.tenant_id, grant.instance_id) == (door.tenant_id, instance.pk)
    assert grant.scopes == ("billing.read", "billing.write")


@pytest.mark.parametrize("wrong", ["", "sbs_x", "\0", "\ud800", "é" * 4000])
def test_a_wrong_secret_and_an_unknown_client_are_refused_alike(issued, wrong):
    assert authenticate(issued.client.client_id, SecretStr(wrong)) is None
    assert authenticate("sbc_nobody", issued.secret) is None
    assert authenticate("sbc_\0", issued.secret) is None


def test_a_digest_moved_to_another_client_verifies_nothing(door, instance, issued):
    other = credentials.add(door, instance, "Other", by="Ada")
    stolen = door.rows(ClientSecret).get(client=other.client).digest
    door.rows(ClientSecret).filter(client=issued.client).update(digest=stolen)

    assert authenticate(issued.client.client_id, other.secret) is None


def test_every_check_makes_as_many_comparisons(monkeypatch):
    made = []
    monkeypatch.setattr(digest.hmac, "compare_digest", lambda a, b: bool(made.append(1)) or a == b)
    for known in ([], [b"a"], [b"a", b"b", b"c"]):
        digest.matching(known, b"a")
    assert len(made) == 3 * digest.SLOTS


def test_no_step_of_a_rotation_leaves_a_moment_without_a_working_secret(door, issued):
    credentials.promote(door, issued.secret_id, by="Ada")
    second = credentials.new_secret(door, issued.client.pk, by="Ada")
    assert (works(issued), works(second), states(door)) == (True, True, ["current", "new"])

    credentials.promote(door, second.secret_id, by="Ada")
    assert (works(issued), works(second), states(door)) == (True, True, ["retiring", "current"])

    credentials.retire(door, issued.secret_id, by="Ada")
    assert (works(issued), works(second), states(door)) == (False, True, ["retired", "current"])
    assert door.rows(ApiClient).get().rotated_at is not None


def test_every_step_may_be_done_twice(door, issued):
    for _ in range(2):
        credentials.promote(door, issued.secret_id, by="Ada")
    second = credentials.new_secret(door, issued.client.pk, by="Ada")
    for _ in range(2):
        credentials.promote(door, second.secret_id, by="Ada")
    for _ in range(2):
        credentials.retire(door, issued.secret_id, by="Ada")
    assert states(door) == ["retired", "current"]
    for _ in range(2):
        assert credentials.revoke(door, issued.client.pk, by="Ada").state == "revoked"


def test_a_new_secret_takes_the_place_of_one_that_was_never_promoted(door, issued):
    credentials.promote(door, issued.secret_id, by="Ada")
    lost = credentials.new_secret(door, issued.client.pk, by="Ada")
    again = credentials.new_secret(door, issued.client.pk, by="Ada")

    assert (works(issued), works(lost), works(again)) == (True, False, True)


def test_a_push_that_failed_is_rolled_back_by_retiring_the_new_secret(door, issued):
    credentials.promote(door, issued.secret_id, by="Ada")
    lost = credentials.new_secret(door, issued.client.pk, by="Ada")
    credentials.retire(door, lost.secret_id, by="Ada")

    assert (works(issued), works(lost)) == (True, False)


def test_what_would_lock_everybody_out_is_refused(door, issued):
    credentials.promote(door, issued.secret_id, by="Ada")
    with pytest.raises(CredentialRefusedError, match="promote another one first"):
        credentials.retire(door, issued.secret_id, by="Ada")


def test_a_rotation_must_end_before_the_next_begins(door, issued):
    credentials.promote(door, issued.secret_id, by="Ada")
    credentials.promote(door, credentials.new_secret(door, issued.client.pk, by="Ada").secret_id, by="Ada")
    with pytest.raises(CredentialRefusedError, match="retire the old secret first"):
        credentials.new_secret(door, issued.client.pk, by="Ada")


def test_a_revoked_credential_gets_no_token_and_its_name_is_free_again(door, instance, issued):
    credentials.revoke(door, issued.client.pk, by="Ada")

    assert not works(issued)
    with pytest.raises(CredentialRefusedError, match="revoked"):
        credentials.new_secret(door, issued.client.pk, by="Ada")
    assert works(credentials.add(door, instance, "Gentrack", by="Ada"))


def test_a_name_is_taken_while_its_credential_is_active(door, instance, issued):
    with pytest.raises(CredentialRefusedError, match="already"):
        credentials.add(door, instance, "Gentrack", by="Ada")


@pytest.mark.parametrize("scopes", [(), ("billing.read", "admin")])
def test_scopes_that_are_none_are_refused(door, instance, scopes):
    with pytest.raises(CredentialRefusedError, match="Choose scopes"):
        credentials.add(door, instance, "Gentrack", by="Ada", scopes=scopes)


def test_another_tenant_cannot_touch_a_credential(new_door, issued):
    stranger = new_door()
    for act, pk in ((credentials.revoke, issued.client.pk), (credentials.promote, issued.secret_id)):
        with pytest.raises(CredentialRefusedError, match="no such"):
            act(stranger, pk, by="Eve")


def test_the_page_tells_which_secrets_work_and_when_they_last_did(door, instance, issued):
    (before,) = credentials.status(door, instance)
    works(issued)
    (after,) = credentials.status(door, instance)

    assert (before.last_used_at, [each.state for each in before.secrets]) == (None, ["new"])
    assert after.last_used_at is not None
    assert issued.secret.get_secret_value() not in repr(issued) + repr(after)


def test_everything_is_written_down_without_the_secret(door, issued):
    credentials.promote(door, issued.secret_id, by="Ada")
    credentials.cut_off(door, issued.client.pk, by="Ben")
    credentials.revoke(door, issued.client.pk, by="Ben")

    told = list(door.activities.order_by("at").values_list("actor", "tag", "detail"))
    assert [(actor, tag) for actor, tag, _ in told] == [
        ("Ada", "credential:added"), ("Ada", "credential:secret_promoted"),
        ("Ben", "credential:cut_off"), ("Ben", "credential:revoked"),
    ]  # fmt: skip
    assert issued.secret.get_secret_value() not in str(told)


def test_a_secret_row_cannot_point_at_another_tenants_client(database_url, new_door):
    doors = new_door(), new_door()
    clients = [
        credentials.add(door, door.instances.create(name="Org", login_url="http://127.0.0.1:9"), "N", by="Ada").client
        for door in doors
    ]
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(
            "UPDATE store_clientsecret SET client_id = %s, state = 'retired' WHERE tenant_id = %s",
            [clients[1].pk, doors[0].tenant_id],
        )


@pytest.fixture
def grant(issued):
    return authenticate(issued.client.client_id, issued.secret)


@pytest.fixture
def keyring(db):
    """Tend the keys at a moment; give what verifies then."""

    def at(moment):
        signing.tend(moment)
        return {each.kid: each.key for each in signing.published()}

    return at


def test_a_token_says_what_it_was_minted_with(keyring, grant):
    keys = keyring(NOW)
    text, minted = tokens.mint(signing.signer(NOW), PLACE, grant, ["billing.read"], 900)

    said = tokens.read(text, keys, PLACE, minted.issued_at + 899)
    assert said == minted
    assert (said.tenant_id, said.instance_id, said.scopes) == (grant.tenant_id, grant.instance_id, ("billing.read",))


@pytest.mark.parametrize(
    ("place", "later", "reason"),
    [
        (Place(PLACE.issuer, "https://other.example/api"), 0, "another place"),
        (Place("https://other.example", PLACE.audience), 0, "another place"),
        (PLACE, 900, "expired"),
    ],
)
def test_a_token_is_good_for_its_place_and_time_only(keyring, grant, place, later, reason):
    keys = keyring(NOW)
    text, minted = tokens.mint(signing.signer(NOW), PLACE, grant, ["billing.read"], 900)
    with pytest.raises(TokenRefusedError, match=reason):
        tokens.read(text, keys, place, minted.issued_at + later)


@pytest.mark.parametrize("text", ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 5000, "é"])
def test_what_is_no_token_of_ours_is_refused(keyring, text):
    with pytest.raises(TokenRefusedError):
        tokens.read(text, keyring(NOW), PLACE, 0)


def test_tokens_stay_good_and_are_issued_without_a_pause_while_keys_follow_one_another(keyring, grant):
    keyring(NOW)
    moment, alive, kids = NOW + signing.LIFE - timedelta(hours=4), [], set()
    while moment < NOW + signing.LIFE + timedelta(hours=4):
        keys = keyring(moment)
        signer = signing.signer(moment)
        kids.add(signer.kid)
        alive = [(text, until) for text, until in alive if until > moment]
        text, _ = tokens.mint(signer, PLACE, grant, ["billing.read"], 900)
        alive.append((text, moment + timedelta(hours=1)))
        for each, _ in alive:
            tokens.read(each, keys, PLACE, 0)
        assert len(keys) <= 2
        moment += timedelta(minutes=10)
    assert (len(kids), len(keys)) == (2, 1)


def test_a_key_is_published_long_before_it_signs(keyring):
    keyring(NOW)
    before = signing.LIFE - signing.LEAD + timedelta(minutes=1)
    assert len(keyring(NOW + before)) == 2
    (first, second) = signing.published()
    assert signing.signer(NOW + before).kid == first.kid
    assert second.sign_from == first.sign_until


def test_a_key_that_does_not_open_is_followed_at_once_and_its_tokens_stay_good(keyring, grant):
    keyring(NOW)
    text, _ = tokens.mint(signing.signer(NOW), PLACE, grant, ["billing.read"], 900)
    signing_keys().update(sealed=b"damaged")

    keys = keyring(NOW)
    assert signing.signer(NOW) is not None
    tokens.read(text, keys, PLACE, 0)


def test_replacing_the_keys_refuses_every_issued_token(keyring, grant):
    keyring(NOW)
    text, _ = tokens.mint(signing.signer(NOW), PLACE, grant, ["billing.read"], 900)
    signing.replace(NOW)
    with pytest.raises(UnknownKeyError):
        tokens.read(text, keyring(NOW), PLACE, 0)


def test_a_token_asked_for_in_the_second_of_a_cut_off_is_good_and_those_before_are_not(door, issued, keyring):
    keyring(NOW)
    before = authenticate(issued.client.client_id, issued.secret)
    client = credentials.cut_off(door, issued.client.pk, by="Ada")
    after = authenticate(issued.client.client_id, issued.secret)

    _, old = tokens.mint(signing.signer(NOW), PLACE, before, ["billing.read"], 900)
    _, new = tokens.mint(signing.signer(NOW), PLACE, after, ["billing.read"], 900)
    assert old.issued_at <= tokens.last_refused(client.cut_off_before) < new.issued_at
