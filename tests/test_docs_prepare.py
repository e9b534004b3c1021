"""The pages on preparing Salesforce say what the package, the checks and the command line do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from salesbridge import package
from salesbridge.engine.doctor.expected import expected_of
from salesbridge.model import TABLE
from salesbridge.model.check_codes import KINDS
from salesbridge.model.reference import page
from salesbridge.package import ONGOING, Application, Choices, listing, project, render
from salesbridge.salesforce.oauth_errors import __file__ as sign_in_errors

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((DOCS / "prepare").glob("*.md"))}
#: Options of Salesforce's own tool that the pages use (Salesforce CLI Command Reference).
SF = {
    "sf org login web": {"--alias", "--instance-url"},
    "sf org assign permset": {"--name", "--on-behalf-of", "--target-org"},
    "sf project deploy start": {
        "--manifest", "--metadata-dir", "--single-package", "--dry-run", "--target-org", "--test-level", "--tests",
    },
}  # fmt: skip


def flat(text):
    return " ".join(text.split())


def rows(text, heading):
    table = text.partition(f"{heading}\n| ---")[2].partition("\n\n")[0]
    return [tuple(cell.strip(" `") for cell in line.strip("|").split(" | ")) for line in table.splitlines()[1:]]


def test_each_page_has_one_title_and_is_short_enough_to_be_one_task():
    assert len(PAGES) > 10
    for name, text in PAGES.items():
        assert len(re.findall(r"^# ", text, flags=re.MULTILINE)) == 1, name
        assert len(text.splitlines()) < 120, name


def test_the_first_page_leads_to_every_other_in_order():
    listed = PAGES["index"].partition("```{toctree}")[2].partition("```")[0].split()[2:]
    assert sorted(listed) == sorted(PAGES.keys() - {"index"})


def test_the_event_on_the_page_is_that_of_the_package():
    wanted = expected_of(TABLE, ONGOING).event_fields
    told = rows(PAGES["parts"], "| Label | API name | Type |")
    lengths = {name: int(re.search(r"\((\d+)\)", kind)[1]) for _, name, kind in told}
    assert lengths == {field.name: field.length for field in wanted}


def test_every_class_and_trigger_that_is_no_test_is_told():
    named = listing(TABLE, ONGOING)
    tests = {name for name in named["ApexClass"] if name.endswith("Test")}
    assert tests == set(package.test_classes(ONGOING))
    told = {name for names, _ in rows(PAGES["parts"], "| Part | Does |") for name in re.findall(r"\w+", names)}
    assert {*named["ApexTrigger"], *named["ApexClass"]} - tests <= told


def test_the_app_that_is_clicked_is_the_app_that_is_deployed():
    choices = Choices(application=Application("operations@southern.example", "gentrack-connector@southern.example"))
    files = {name: text for name, text in render(TABLE, choices).items() if "Gentrack_Connector" in name}
    deployed = "".join(files.values())
    told = flat(PAGES["application"])
    for value, words in (
        ("<label>Gentrack Salesforce Sales Cloud Connector</label>", "Gentrack Salesforce Sales Cloud Connector"),
        ("<callbackUrl>https://localhost/</callbackUrl>", "`https://localhost/`"),
        ("<commaSeparatedOauthScopes>Api</commaSeparatedOauthScopes>", "*Manage user data via APIs (api)*"),
        ("<distributionState>Local</distributionState>", "*Local*"),
        (">AdminApprovedPreAuthorized<", "*Admin approved users are pre-authorized*"),
        (">Enforce<", "*Enforce IP restrictions*"),
        (">Zero<", "*Immediately expire refresh token*"),
    ):
        assert value in deployed, value
        assert words in told, words


def test_refusals_of_the_sign_in_are_those_that_the_connector_explains():
    known = Path(sign_in_errors).read_text(encoding="utf-8")
    told = PAGES["application"].partition("## If sign-in is refused")[2]
    for code in re.findall(r"`(invalid_\w+)`", told):
        assert f'"{code}"' in known
    assert "no client credentials user" in known
    assert "not supported on this domain" in known


def test_the_files_that_the_pages_name_are_written():
    written = {*project(TABLE, ONGOING), "salesbridge.zip", "salesbridge-removal.zip"}
    written |= {"salesbridge-removal-with-data.zip"}
    for name, _ in rows(PAGES["own-tools"], "| File | Is |"):
        assert any(each == name or each.startswith(f"{name}/") for each in written), name


@pytest.mark.parametrize(("name", "text"), PAGES.items(), ids=PAGES)
def test_commands_of_salesforces_own_tool_take_the_options_shown(name, text):
    for line in re.findall(r"^\s*(sf .+)$", text.replace("\\\n", " "), flags=re.MULTILINE):
        command = next(each for each in SF if line.startswith(each))
        assert set(re.findall(r"--[a-z-]+", line)) <= SF[command], (name, line)


@pytest.mark.parametrize(("name", "text"), PAGES.items(), ids=PAGES)
def test_findings_that_the_pages_name_exist(name, text):
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text)
    prefixes = {code.partition("-")[0] for code in KINDS}
    assert {each for each in named if each.partition("-")[0] in prefixes} <= KINDS.keys(), name


@pytest.mark.parametrize("code", ["contacts-to-multiple-accounts-off", "quotes-off", "orders-off"])
def test_features_are_switched_where_the_finding_says(code):
    place = KINDS[code].where
    assert f"`{code}`" in PAGES["features"]
    assert place in PAGES["features"]


def test_objects_that_may_be_left_out_can_be_left_out():
    for name in re.findall(r"--leave-out (\w+)", "".join(PAGES.values())):
        assert listing(TABLE, Choices(leave_out=frozenset({name})))


def test_every_chapter_of_the_vendors_preparation_has_its_page():
    told = flat("".join(PAGES.values()))
    for words in (
        "Allow users to relate a contact to multiple accounts", "Setup > Quote Settings > Enable Quotes",
        "Gentrack Object Event", "AccountContactRelationTrigger", "Connected App", "External Client App",
        "Reset My Security Token", "User License", "page layouts", "Event publishing",
    ):  # fmt: skip
        assert words.casefold() in told.casefold(), words


def test_a_changed_field_makes_the_data_model_page_differ():
    committed = (DOCS / "data-model.md").read_text(encoding="utf-8")
    assert committed == page(TABLE)
    assert committed.replace("| text, 80 |", "| text, 81 |", 1) != page(TABLE)
