"""The Apex of the package: what is written from the model, what can be renamed, what depends on it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge import package
from salesbridge.model import TABLE, merge
from salesbridge.package import API_VERSION, TRIGGERED, Choices, project, render, sources

ALL = render(TABLE)
NAME_LIMIT = 40


def names(files, folder, suffix):
    return {
        path.split("/")[1].removesuffix(suffix) for path in files if path.startswith(folder) and path.endswith(suffix)
    }


def test_names_are_those_of_the_preparation_guide():
    assert {"GentrackCallout", "TriggerHandler"} <= names(ALL, "classes/", ".cls")
    assert names(ALL, "triggers/", ".trigger") == {f"{name}Trigger" for name in TRIGGERED}


def test_triggers_are_one_line():
    for name in TRIGGERED:
        body = ALL[f"triggers/{name}Trigger.trigger"].partition("{")[2]
        assert body.split() == ["TriggerHandler.run();", "}"]


def test_every_class_and_trigger_has_its_description_in_our_version():
    apex = [path for path in ALL if path.endswith((".cls", ".trigger"))]
    assert len(apex) == 22
    for path in apex:
        assert f"<apiVersion>{API_VERSION}</apiVersion>" in ALL[f"{path}-meta.xml"]
        assert "<status>Active</status>" in ALL[f"{path}-meta.xml"]


def test_switched_off_triggers_are_deployed_inactive_and_classes_active():
    files = render(TABLE, Choices(triggers_active=False))
    states = {
        path: "Inactive" in text for path, text in files.items() if path.endswith(("cls-meta.xml", "trigger-meta.xml"))
    }
    assert {path for path, inactive in states.items() if inactive} == {path for path in states if "triggers/" in path}


@given(st.from_regex(r"\A[A-Za-z][A-Za-z0-9]{0,10}\Z"))
def test_a_prefix_moves_every_name_that_a_customer_may_have(prefix):
    files = render(TABLE, Choices(prefix=prefix))
    assert f"{prefix}TriggerHandler" in names(files, "classes/", ".cls")
    assert names(files, "triggers/", ".trigger") == {f"{prefix}{name}Trigger" for name in TRIGGERED}
    assert not any(re.search(r"\bTriggerHandler\b", text) for text in files.values())
    assert all(
        len(name) <= NAME_LIMIT for name in names(files, "classes/", ".cls") | names(files, "triggers/", ".trigger")
    )


def test_our_own_names_begin_with_gentrack_so_that_no_customer_has_them():
    others = {name for name in names(ALL, "classes/", ".cls") if not name.startswith("Gentrack")}
    assert others == {"TriggerHandler"}


def test_sources_are_what_an_up_to_date_org_has_without_the_tests():
    found = sources(TABLE, Choices())
    assert not any("@IsTest" in text for text in found.values())
    assert set(found) == {
        "GentrackMapping", "GentrackChange", "GentrackCallout", "GentrackRetry", "TriggerHandler",
        *(f"{name}Trigger" for name in TRIGGERED),
    }  # fmt: skip
    deployed = {
        path.split("/")[1].partition(".")[0]: text for path, text in ALL.items() if path.endswith((".cls", ".trigger"))
    }
    assert {name: deployed[name] for name in found} == found


def test_the_tests_to_run_are_the_deployed_classes_with_tests_in_them():
    with_tests = {
        path.split("/")[1] for path, text in ALL.items() if path.endswith(".cls") and "@IsTest\n    static" in text
    }
    assert {f"{name}.cls" for name in package.test_classes(Choices())} == with_tests
    assert package.test_classes(Choices(live=False)) == ()


def test_a_tenant_s_own_field_is_told_of_and_one_that_is_left_out_is_not():
    own = {"fields": {"Credit__c": {"kind": {"type": "Money"}, "billing": "credit"}, "Fax": None}}
    mapping = render(merge(TABLE, {"Account": own}))["classes/GentrackMapping.cls"]
    assert "Account.Credit__c" in mapping
    assert "Account.Fax" not in mapping


def test_an_org_without_quotes_gets_nothing_that_names_them():
    files = project(TABLE, Choices(leave_out=frozenset({"Quote", "QuoteLineItem"}), layouts=True, list_views=True))
    assert not [path for path, text in files.items() if "Quote" in path or "Quote" in text]


def test_an_object_that_is_left_out_has_no_trigger_and_no_test():
    files = render(TABLE, Choices(leave_out=frozenset({"Order", "OrderItem"})))
    assert "OrderTrigger" not in names(files, "triggers/", ".trigger")
    assert not {"GentrackOrderTest", "GentrackOrderItemTest"} & names(files, "classes/", ".cls")


@pytest.mark.parametrize("choices", [Choices(live=False), Choices(initial_only=True)])
def test_a_load_needs_no_apex(choices):
    files = render(TABLE, choices)
    assert {path.partition("/")[0] for path in files} == {"objects", "package.xml", "permissionsets"}
    assert not any("__e" in text or "Gentrack_Publish" in text for text in files.values())
