"""Events of billing in Salesforce: who may choose them, how a mapping is written, tried and kept."""

from __future__ import annotations

import json

import pytest
from portal_world import make_world

from salesbridge.engine.surface import outbox
from salesbridge.store import audit
from salesbridge.store.models import Surfaced


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def at(world):
    return f"/tenants/{world.door.tenant_id}/instances/{world.instance.pk}/events/"


@pytest.fixture
def administrator(sign_in, world):
    return sign_in(world.person())


def kept(world):
    return outbox.subscriptions(world.door.instances.get(pk=world.instance.pk))


FORM = {
    "view": "form", "eventType": "Bill", "eventSubtype": "Ready", "eventContext": "",
    "externalContextId": "$.accountId", "externalReference": "", "name_0": "due", "value_0": "$.dueDate",
    "name_1": "", "value_1": "",
}  # fmt: skip


def test_the_page_tells_what_is_subscribed_with_a_tick_where_there_is_a_mapping(sign_in, world, at):
    page = sign_in(world.person("viewer")).get(at).text
    for word in ("Subscribed events", "switch-loss-started", "Switch Loss / Started", "Kowhai account / Changed"):
        assert word in page
    assert "held until it has a mapping" in page
    assert "1 held" in page
    assert "Edit subscription" not in page
    assert "Edit mapping" not in page


def test_a_viewer_sees_a_mapping_and_its_preview_but_cannot_change_it(sign_in, world, at):
    client = sign_in(world.person("viewer"))
    page = client.get(f"{at}mappings/account-updated/").text
    assert "Kowhai account" in page
    assert "that was heard" in page
    assert "A-1000" in page
    assert client.get(f"{at}mappings/account-updated/edit/").status_code == 403
    assert client.post(f"{at}subscription/", {"types": []}).status_code == 403
    assert "No mapping" in client.get(f"{at}mappings/kowhai-ready/").text
    assert client.get(f"{at}mappings/two words/").status_code == 404


def test_a_subscription_is_changed_and_written_down(administrator, world, at):
    chosen = {"types": ["switch-loss-started", "quote-ready"], "other": "bill-ready junifer::Bill"}
    page = administrator.post(f"{at}subscription/", chosen, follow=True).text
    assert "The subscription was saved" in page
    assert kept(world).types == {"switch-loss-started", "quote-ready", "bill-ready", "junifer::Bill"}
    entry = audit.entries(world.organisation).get(action="event:subscription_changed")
    assert entry.detail["subscribed"] == ["bill-ready", "junifer::Bill", "quote-ready"]
    assert "kowhai-ready" in entry.detail["unsubscribed"]
    assert world.door.rows(Surfaced).get(type="kowhai-ready").state == "dismissed"
    again = {"types": sorted(kept(world).types)}
    assert "Nothing was changed" in administrator.post(f"{at}subscription/", again, follow=True).text


def test_what_is_no_event_type_is_refused_in_words(administrator, world, at):
    before = kept(world)
    assert "connectivity test" in administrator.post(f"{at}subscription/", {"other": "integration:ping"}).text
    assert "is not one of the available choices" in administrator.post(f"{at}subscription/", {"types": ["x y"]}).text
    assert kept(world) == before


def test_a_mapping_is_tried_in_the_form_and_saved_in_it(administrator, world, at):
    path = f"{at}mappings/kowhai-ready/edit/"
    tried = administrator.post(path, {**FORM, "act": "try"}).text
    assert "It would not be published" in tried
    assert "$.accountId finds nothing" in tried
    assert "kowhai-ready" not in kept(world).own
    page = administrator.post(path, {**FORM, "act": "save"}, follow=True).text
    assert "The mapping of kowhai-ready was saved" in page
    assert kept(world).own["kowhai-ready"].form() == {
        "eventType": "Bill", "eventSubtype": "Ready", "eventContext": "", "externalContextId": "$.accountId",
        "externalReference": "", "attributes": [{"name": "due", "value": "$.dueDate"}],
    }  # fmt: skip
    assert world.door.rows(Surfaced).get(type="kowhai-ready").state == "waiting"
    entry = audit.entries(world.organisation).get(action="event:mapping_changed", subject="kowhai-ready")
    assert entry.detail["externalContextId"] == {"before": None, "after": "$.accountId"}


def test_the_json_view_shows_and_takes_the_same_mapping(administrator, world, at):
    path = f"{at}mappings/account-updated/edit/"
    shown = administrator.get(f"{path}?view=json").text
    assert "externalContextId" in shown
    form = {**kept(world).own["account-updated"].form(), "eventSubtype": "Moved"}
    tried = administrator.post(path, {"view": "json", "act": "try", "mapping": json.dumps(form)}).text
    assert "Moved" in tried
    administrator.post(path, {"view": "json", "act": "save", "mapping": json.dumps(form)})
    assert kept(world).own["account-updated"].event_subtype == "Moved"


def test_more_lines_for_attributes_keep_what_was_filled_in(administrator, at):
    page = administrator.post(f"{at}mappings/kowhai-ready/edit/", {**FORM, "act": "more"}).text
    assert 'value="$.dueDate"' in page
    assert 'name="name_4"' in page
    assert "This field is required" not in page


def test_going_back_to_the_default_takes_the_own_mapping_away(administrator, world, at):
    path = f"{at}mappings/account-updated/edit/"
    assert "is the default again" in administrator.post(path, {"act": "default"}, follow=True).text
    assert kept(world).own == {}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"view": "json", "mapping": "{"}, "This is not JSON"),
        ({"view": "json", "mapping": "[]"}, "is a JSON object"),
        ({"view": "json", "mapping": '{"eventType": "x"}'}, "External Context Id: enter a path"),
        ({**FORM, "externalContextId": "accountId"}, "is not a JSON path"),
        ({**FORM, "value_0": "$.a["}, "number 1: "),
        ({**FORM, "eventType": ""}, "This field is required"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_in_words(administrator, world, at, told, words):
    before = kept(world)
    assert words in administrator.post(f"{at}mappings/kowhai-ready/edit/", {**told, "act": "save"}).text
    assert kept(world) == before


def test_a_mapping_of_an_event_that_is_not_subscribed_is_saved_and_that_is_told(administrator, world, at):
    page = administrator.post(f"{at}mappings/quote-ready/edit/", {**FORM, "act": "save"}, follow=True).text
    assert "is not subscribed yet" in page
    assert "quote-ready" in kept(world).own
