"""Validate Data Model: a good org yields nothing, and each single difference exactly its own finding."""

from collections import Counter

import pytest
from good_org import EXPECTED, good, mutations
from hypothesis import given, settings
from hypothesis import strategies as st

from salesbridge.model import TABLE, check
from salesbridge.model.check_codes import KINDS
from salesbridge.model.check_facts import Apex

MUTATIONS = mutations()


def findings(org):
    return check(TABLE, org.describes, facts=org.facts, expected=EXPECTED)


def test_a_good_org_yields_no_finding():
    assert findings(good()) == []


def test_every_kind_of_finding_has_a_mutation_that_yields_it():
    assert {mutation.code for mutation in MUTATIONS} == set(KINDS)
    assert len(MUTATIONS) > 700


@settings(max_examples=400)
@given(st.sampled_from(MUTATIONS))
def test_any_single_difference_yields_exactly_its_finding(mutation):
    found = findings(mutation.apply(good()))
    assert [(finding.code, finding.place) for finding in found] == [(mutation.code, mutation.place)]
    assert found[0].severity == KINDS[mutation.code].severity
    assert found[0].message
    assert found[0].mend
    assert found[0].where


@pytest.mark.parametrize("code", sorted({mutation.code for mutation in MUTATIONS}))
def test_each_kind_is_told_with_its_place_in_setup(code):
    mutation = next(mutation for mutation in MUTATIONS if mutation.code == code)
    (finding,) = findings(mutation.apply(good()))
    assert finding.code == code
    assert finding.where.startswith(("Setup > ", "Outside Salesforce: "))
    assert "{" not in finding.where


def test_what_can_be_deployed_says_so_with_the_component():
    fixes = Counter(name.partition(":")[0] for m in MUTATIONS for f in findings(m.apply(good())) if f.fix
                    for name in f.fix.deploy)  # fmt: skip
    kinds = {"ApexClass", "ApexTrigger", "CustomField", "CustomObject", "CustomPermission", "PermissionSet"}
    assert set(fixes) == kinds


def test_a_trigger_of_the_vendors_guide_under_another_name_is_outdated_and_not_missing():
    org = good()
    others = tuple(apex for apex in org.facts.apex if apex.name != "AccountTrigger")
    guide = Apex(
        "ApexTrigger", "OnAccount", "trigger OnAccount on Account (after insert) { GentrackCallout.x(); }", "Account"
    )
    (finding,) = findings(org.but(apex=(*others, guide)))
    assert (finding.code, finding.place) == ("trigger-outdated", "Account.AccountTrigger")


def test_a_user_who_sees_no_object_lacks_rights_rather_than_features():
    org = good()
    codes = Counter(finding.code for finding in check(TABLE, dict.fromkeys(org.describes)))
    assert codes == {"object-missing": len(TABLE.entities)}


def test_a_lookup_to_an_object_that_is_switched_off_is_no_second_finding():
    org = good()
    org.describes.update(Quote=None, QuoteLineItem=None)
    order = org.describes["Order"]
    order["fields"] = [field for field in order["fields"] if field["name"] != "QuoteId"]
    assert [finding.code for finding in findings(org)] == ["quotes-off"]


def test_line_ends_and_trailing_spaces_are_no_other_version():
    org = good()
    spaced = tuple(Apex(a.type, a.name, a.body.replace("\n", "  \r\n"), a.table) for a in org.facts.apex)
    assert findings(org.but(apex=spaced)) == []


def test_a_picklist_to_which_somebody_added_values_is_not_overwritten():
    org = good()
    field = next(f for f in org.describes["Account"]["fields"] if f["name"] == "Account_Class__c")
    field["picklistValues"] = [{"value": "Own", "active": True}]
    (finding,) = findings(org)
    assert (finding.code, finding.fix) == ("picklist-values-missing", None)
    field["picklistValues"] = field["picklistValues"][:0]
    (finding,) = findings(org)
    assert finding.fix is not None
