from __future__ import annotations

import pytest

from salesbridge.sandbox.salesforce.merge import merge
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.values import RefusedError


@pytest.fixture
def pair(save):
    return [save("insert", "Account", Name=name) for name in ("winner", "loser")]


def test_a_merge_tells_the_losers_delete_with_its_master_and_the_winners_update(org, user, pair, heard):
    winner, loser = pair
    merge(org, "Account", winner, [loser], user=user, values={"Phone": "1"})
    (what, _, old, _), (then, _, _, new) = heard()[2:]
    assert (what, old["Id"], old["MasterRecordId"]) == ("delete", loser, winner)
    assert (then, new["Id"], new["Phone"]) == ("update", winner, "1")


def test_what_belonged_to_the_loser_belongs_to_the_winner_and_is_not_told(org, user, save, pair, heard):
    winner, loser = pair
    contact = save("insert", "Contact", LastName="Doe", AccountId=loser)
    before = len(heard())
    merge(org, "Account", winner, [loser], user=user)
    assert org.get("Contact", contact)["AccountId"] == winner
    [relation] = org.find("AccountContactRelation", "ContactId", contact)
    assert (relation["AccountId"], relation["IsDirect"]) == (winner, True)
    assert {each[1] for each in heard()[before:]} == {"Account"}


def test_a_contact_of_both_accounts_keeps_one_relation(org, user, save, pair):
    winner, loser = pair
    contact = save("insert", "Contact", LastName="Doe", AccountId=loser)
    save("insert", "AccountContactRelation", AccountId=winner, ContactId=contact)
    merge(org, "Account", winner, [loser], user=user)
    [relation] = org.find("AccountContactRelation", "ContactId", contact)
    assert (relation["AccountId"], relation["IsDirect"]) == (winner, True)


def test_the_loser_is_in_the_recycle_bin_under_its_master(org, user, pair, http):
    winner, loser = pair
    merge(org, "Account", winner, [loser], user=user)
    assert http.get(f"/sobjects/Account/{loser}").json()[0]["errorCode"] == "ENTITY_IS_DELETED"
    soql = f"SELECT MasterRecordId FROM Account WHERE Id = '{loser}'"
    assert http.get("/queryAll", params={"q": soql}).json()["records"][0]["MasterRecordId"] == winner


def test_a_winner_that_refuses_the_values_undoes_the_merge(org, user, pair, heard):
    winner, loser = pair
    with pytest.raises(ApiError):
        merge(org, "Account", winner, [loser], user=user, values={"Name": None})
    assert org.get("Account", loser) is not None
    assert len(heard()) == 2


@pytest.mark.parametrize("losers", [[], ["a", "b", "c"]])
def test_one_or_two_records_are_merged_into_another(org, user, pair, losers):
    with pytest.raises(ApiError):
        merge(org, "Account", pair[0], losers, user=user)


def test_only_live_records_merge(org, user, save, pair):
    winner, loser = pair
    save("delete", "Account", Id=loser)
    with pytest.raises(RefusedError):
        merge(org, "Account", winner, [loser], user=user)


def test_a_merged_contact_keeps_its_own_primary_account(org, user, save, pair):
    first, second = pair
    winner = save("insert", "Contact", LastName="Doe", AccountId=first)
    loser = save("insert", "Contact", LastName="Do", AccountId=second)
    merge(org, "Contact", winner, [loser], user=user)
    relations = org.find("AccountContactRelation", "ContactId", winner)
    assert {(each["AccountId"], each["IsDirect"]) for each in relations} == {(first, True), (second, False)}


def test_a_winner_that_belonged_to_the_loser_belongs_to_nobody(org, user, save, pair):
    winner, loser = pair
    save("update", "Account", Id=winner, ParentId=loser)
    merge(org, "Account", winner, [loser], user=user)
    assert "ParentId" not in org.get("Account", winner)
