"""The Apex tests of a deployment: which run, which are missing, what they cover."""

from __future__ import annotations

import pytest

from salesbridge.sandbox.salesforce.metadata_store import metadata_store

from .test_metadata_references import apex

SHOP = "public class Shop { public static Integer open() { Integer a = 1; return a; } }"
TEST = """
@IsTest
private class ShopTest {
    @IsTest
    static void itOpens() { Assert.areEqual(1, Shop.open()); }

    static testMethod void itOpensAgain() { Assert.areEqual(1, Shop.open()); }

    private static void helper() { }
}
"""
OTHER = "@IsTest private class OtherTest { @IsTest static void nothing() { } }"


@pytest.fixture
def production(org):
    org.settings.sandbox = False
    return org


def named(result, kind):
    return [(each["name"], each["methodName"]) for each in result["details"]["runTestResult"][kind]]


def specified(deploy, *tests, **bodies):
    return deploy(*apex(**bodies), testLevel="RunSpecifiedTests", runTests=list(tests))


def test_the_named_classes_run_and_their_methods_are_counted(deploy):
    result = specified(deploy, "ShopTest", Shop=SHOP, ShopTest=TEST, OtherTest=OTHER)
    assert (result["status"], result["runTestsEnabled"]) == ("Succeeded", True)
    assert (result["numberTestsTotal"], result["numberTestsCompleted"], result["numberTestErrors"]) == (2, 2, 0)
    assert named(result, "successes") == [("ShopTest", "itOpens"), ("ShopTest", "itOpensAgain")]


def test_a_named_class_that_is_not_there_fails_the_deployment(deploy, org):
    result = specified(deploy, "NopeTest", Shop=SHOP, ShopTest=TEST)
    (failure,) = result["details"]["runTestResult"]["failures"]
    assert (result["status"], failure["name"]) == ("Failed", "NopeTest")
    assert failure["message"] == "The class NopeTest is not there or has no tests"
    assert metadata_store(org).classes == {}


def test_a_class_without_tests_cannot_be_run(deploy):
    assert specified(deploy, "Shop", Shop=SHOP)["status"] == "Failed"


def test_a_test_that_fails_takes_everything_back(deploy, org):
    metadata_store(org).settings.failing_tests["ShopTest.itOpens"] = "System.AssertException: Assertion Failed"
    result = specified(deploy, "ShopTest", Shop=SHOP, ShopTest=TEST)
    (failure,) = result["details"]["runTestResult"]["failures"]
    assert (result["status"], result["numberTestErrors"], failure["methodName"]) == ("Failed", 1, "itOpens")
    assert failure["stackTrace"].startswith("Class.ShopTest.itOpens: line")
    assert metadata_store(org).classes == {}


def test_what_no_test_runs_through_is_not_covered(deploy):
    result = specified(deploy, "OtherTest", Shop=SHOP, OtherTest=OTHER)
    told = result["details"]["runTestResult"]
    assert (result["status"], [each["name"] for each in told["codeCoverage"]]) == ("Failed", ["Shop"])
    (warning,) = told["codeCoverageWarnings"]
    assert warning["message"] == (
        "Average test coverage across all Apex Classes and Triggers is 0%, at least 75% test coverage is required."
    )


def test_a_trigger_needs_a_test_that_touches_its_object(deploy):
    trigger = "trigger Watch on Account (after insert) { Shop.open(); }"
    refused = specified(deploy, "ShopTest", Shop=SHOP, ShopTest=TEST, Watch=trigger)
    warnings = refused["details"]["runTestResult"]["codeCoverageWarnings"]
    assert warnings[0] == {
        "name": "Watch",
        "message": "Test coverage of selected Apex Trigger is 0%, at least 1% test coverage is required",
    }
    touching = TEST.replace("Assert.areEqual(1, Shop.open());", "insert new Account(); Shop.open();", 1)
    assert specified(deploy, "ShopTest", Shop=SHOP, ShopTest=touching, Watch=trigger)["status"] == "Succeeded"


def test_production_runs_every_test_when_apex_comes_and_none_says_which(deploy, production):
    result = deploy(*apex(Shop=SHOP, ShopTest=TEST, OtherTest=OTHER))
    assert (result["status"], result["numberTestsTotal"], result["runTestsEnabled"]) == ("Succeeded", 3, True)


def test_production_runs_no_test_when_no_apex_comes(deploy, production):
    text = "<fullName>Code__c</fullName><label>Code</label><type>Text</type><length>80</length>"
    result = deploy.fields(text)
    assert (result["status"], result["numberTestsTotal"], result["runTestsEnabled"]) == ("Succeeded", 0, False)


def test_a_sandbox_runs_no_test_unless_asked(deploy):
    assert deploy(*apex(Shop=SHOP, ShopTest=TEST))["numberTestsTotal"] == 0
