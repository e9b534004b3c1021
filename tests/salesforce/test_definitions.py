"""Reading when a platform event is published, which only the SOAP Metadata API tells."""

import pytest
from pydantic import SecretStr

from salesbridge.salesforce import ClientCredentials, Salesforce, SalesforceError
from salesbridge.salesforce.definitions import publish_behaviour
from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET, demo_org
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.schema import SObject
from salesbridge.sandbox.salesforce.server import start_in_thread


@pytest.fixture
def demo():
    made = demo_org()
    made.org.schema.add_sobject(SObject("Told__e", "Told", "Told", "e00", {}, custom=True))
    metadata_store(made.org).publish_behavior["Told__e"] = "PublishAfterCommit"
    return made


@pytest.fixture
def salesforce(demo):
    with start_in_thread(demo.org) as running:
        app = ClientCredentials(running.url, CLIENT_ID, SecretStr(CLIENT_SECRET))
        with Salesforce(app, allow_loopback=True) as opened:
            yield opened


def test_the_publish_behaviour_is_told(salesforce):
    assert publish_behaviour(salesforce, "Told__e") == "PublishAfterCommit"


def test_an_event_that_is_not_there_has_none(salesforce):
    assert publish_behaviour(salesforce, "Gone__e") is None


def test_a_user_without_the_permission_is_told_which_one(salesforce, demo):
    demo.integration.permissions = {"ApiEnabled"}
    with pytest.raises(SalesforceError, match="Metadata API") as refused:
        publish_behaviour(salesforce, "Told__e")
    assert (refused.value.kind, refused.value.code) == ("permanent", "INSUFFICIENT_ACCESS")
    assert "Customize Application" in refused.value.mend
