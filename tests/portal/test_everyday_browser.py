"""The everyday pages in a browser: what opens only on a click, and what renews itself."""

from __future__ import annotations

from portal_world import make_world


def test_what_opens_on_a_click_is_usable_by_everybody(browser, transactional_db):
    world = make_world("Kowhai")
    browser.sign_in(world.person(), confirmed=True)
    tenant = f"/tenants/{world.door.tenant_id}/"
    instance = f"{tenant}instances/{world.instance.pk}/"
    found = {}

    browser.go(f"{instance}activity/record/Account/A-1001/")
    browser.page.get_by_role("link", name="Read both sides").click()
    browser.page.get_by_text("The sides could not be read").wait_for()
    found["both sides"] = browser.axe()

    browser.go(f"{tenant}settings/model/")
    browser.page.get_by_label("Overrides").fill('{"Account": {"fields": {"Phone": {"master": "billing"}}}}')
    browser.page.get_by_role("button", name="Preview").last.click()
    browser.page.get_by_text("changes made in Salesforce are put back").wait_for()
    found["masters"] = browser.axe()

    browser.go(f"{instance}events/rules/")
    browser.page.get_by_label("Event type").fill("account-updated")
    browser.page.get_by_role("button", name="Try").first.click()
    browser.page.get_by_text("Tried on the").wait_for()
    found["rules"] = browser.axe()

    browser.go(f"{tenant}settings/links/")
    browser.page.get_by_label("Account").press_sequentially("https://b.example/{key}")
    browser.page.get_by_role("link", name="https://b.example/A-1000").wait_for()
    found["links"] = browser.axe()

    browser.go(instance)
    browser.page.get_by_role("link", name="Pause").click()
    browser.page.get_by_role("heading", name="Pause Kowhai sales?").wait_for()
    found["pause"] = browser.axe()

    browser.go(f"/go/{world.door.tenant_id}/Nothing/1")
    found["nowhere"] = browser.axe()
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert [error for error in browser.errors if "404" not in error] == []
