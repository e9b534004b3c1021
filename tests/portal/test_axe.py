"""Every page can be used by everybody: axe finds nothing, and the browser complains of nothing."""

from __future__ import annotations

from portal_urls import addresses
from portal_world import make_world

SPECIAL = {"account_logout", "mfa_download_recovery_codes", "audit_export", "go"}


def test_axe_finds_nothing_on_any_page(browser, transactional_db):
    world = make_world("Kowhai")
    browser.sign_in(world.person(), confirmed=True)
    found = {}
    for each in addresses():
        if (
            each.name in SPECIAL
            or each.name.endswith("_export")
            or (each.declared.kind == "public" and each.name.startswith("account_"))
        ):
            continue
        browser.go(each.at(world.subjects))
        if report := browser.axe():
            found[each.name] = report
    assert found == {}


def test_axe_finds_nothing_on_the_pages_before_the_sign_in(browser, transactional_db):
    found = {}
    for each in addresses():
        if each.declared.kind == "public":
            browser.go(each.at({}))
            if report := browser.axe():
                found[each.name] = report
    assert found == {}


def test_no_page_breaks_its_own_security_policy(browser, transactional_db):
    world = make_world("Kowhai")
    browser.sign_in(world.person())
    for path in ("/", "/style/", "/people/", "/accounts/2fa/totp/activate/"):
        browser.go(path)
    assert browser.errors == []
