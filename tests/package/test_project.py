"""The SFDX project: the same package in the layout of Salesforce's own tools."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from salesbridge.model import TABLE
from salesbridge.package import API_VERSION, Application, Callout, Choices, listing, project, removal, render

SOURCE = "force-app/main/default/"
APP = Application("integration@acme.example", "gentrack@acme.example")
CALLOUT = Callout("https://gateway.acme.example/", "https://gateway.acme.example/token")
EVERYTHING = Choices(list_views=True, layouts=True, application=APP, connected_app=APP, callout=CALLOUT)
NS = {"m": "http://soap.sforce.com/2006/04/metadata"}


def parsed(text):
    return ET.fromstring(text)  # noqa: S314 - our own text


def test_it_names_its_version_and_its_folder():
    settings = json.loads(project(TABLE)["sfdx-project.json"])
    assert settings["sourceApiVersion"] == API_VERSION
    assert [each["path"] for each in settings["packageDirectories"]] == ["force-app"]


@pytest.mark.parametrize("choices", [Choices(), EVERYTHING, Choices(initial_only=True)])
def test_both_layouts_have_the_same_manifest_and_the_same_files(choices):
    source, deployed = project(TABLE, choices), render(TABLE, choices)
    assert source["manifest/package.xml"] == deployed["package.xml"]
    for path, text in deployed.items():
        if path == "package.xml" or path.startswith("objects/"):
            continue
        assert source[SOURCE + path] == text if SOURCE + path in source else source[f"{SOURCE}{path}-meta.xml"] == text


def test_an_object_is_taken_apart_without_loss():
    source, deployed = project(TABLE, EVERYTHING), render(TABLE, EVERYTHING)
    for path in [each for each in deployed if each.startswith("objects/")]:
        folder = SOURCE + path.removesuffix(".object")
        whole = parsed(deployed[path])
        for element, kind in (("fields", "fields"), ("listViews", "listViews")):
            apart = [name for name in source if name.startswith(f"{folder}/{kind}/")]
            assert len(apart) == len(whole.findall(f"m:{element}", NS))


def test_the_app_signs_in_by_client_credentials_only_for_users_with_the_permission_set():
    files = render(TABLE, EVERYTHING)
    settings = parsed(files["extlClntAppGlobalOauthSets/Gentrack_Connector_glbloauth.ecaGlblOauth"])
    policies = parsed(files["extlClntAppOauthPolicies/Gentrack_Connector_oauthPlcy.ecaOauthPlcy"])
    for each in (settings, policies):
        assert each.findtext("m:isClientCredentialsFlowEnabled", namespaces=NS) == "true"
        assert each.findtext("m:externalClientApplication", namespaces=NS) == "Gentrack_Connector"
    assert policies.findtext("m:clientCredentialsFlowUser", namespaces=NS) == "gentrack@acme.example"
    assert policies.findtext("m:commaSeparatedPermissionSet", namespaces=NS) == "Gentrack_Connector"
    assert policies.findtext("m:permittedUsersPolicyType", namespaces=NS) == "AdminApprovedPreAuthorized"


def test_without_a_user_the_flow_stays_shut_until_an_administrator_names_one():
    files = render(TABLE, Choices(application=Application("integration@acme.example")))
    policies = parsed(files["extlClntAppOauthPolicies/Gentrack_Connector_oauthPlcy.ecaOauthPlcy"])
    assert policies.find("m:clientCredentialsFlowUser", NS) is None
    assert policies.findtext("m:isClientCredentialsFlowEnabled", namespaces=NS) == "false"


def test_nothing_in_the_package_is_a_secret():
    for path, text in render(TABLE, EVERYTHING).items():
        if not path.startswith("classes/"):
            assert not any(word in text for word in ("consumerSecret", "<password>", "clientSecret"))


def test_a_layout_is_a_new_one_with_everything_that_is_mapped():
    files = render(TABLE, EVERYTHING)
    layout = parsed(files["layouts/Contact-Gentrack Layout.layout"])
    fields = [item.text for item in layout.findall(".//m:field", NS)]
    assert {"Name", "AccountId", "MobilePhone", "MailingAddress", "Preferred_Name__c", "Gentrack_Link__c"} <= set(
        fields
    )
    assert not {"FirstName", "LastName", "MailingCity"} & set(fields)
    assert len(fields) == len(set(fields))


def test_a_list_shows_the_records_that_are_linked():
    views = parsed(render(TABLE, EVERYTHING)["objects/Account.object"]).findall("m:listViews", NS)
    assert [view.findtext("m:label", namespaces=NS) for view in views] == ["Gentrack billing accounts"]
    filtered = views[0].find("m:filters", NS)
    assert filtered.findtext("m:field", namespaces=NS) == "Gentrack_External_Id__c"
    assert filtered.findtext("m:operation", namespaces=NS) == "notEqual"


def listed(text):
    return {types.findtext("m:name", namespaces=NS) for types in parsed(text).findall("m:types", NS)}


def test_removal_names_what_was_installed_and_data_only_when_asked():
    without, whole = removal(TABLE, EVERYTHING), removal(TABLE, EVERYTHING, with_data=True)
    assert listed(without["package.xml"]) == set()
    first, last = listed(whole["destructiveChangesPre.xml"]), listed(whole["destructiveChangesPost.xml"])
    assert set(without) == {"destructiveChangesPre.xml", "package.xml"}
    assert without["destructiveChangesPre.xml"] == whole["destructiveChangesPre.xml"]
    assert last == {"CustomField", "CustomObject"}
    assert first | last == listed(project(TABLE, EVERYTHING)["manifest/package.xml"])


def test_only_an_object_of_the_model_can_be_left_out():
    with pytest.raises(ValueError, match="Quotes cannot be left out: the data model has no such object"):
        render(TABLE, Choices(leave_out=frozenset({"Quotes"})))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Application("nobody"),
        lambda: Callout("http://gateway.acme.example", "https://gateway.acme.example/token"),
        lambda: Callout("https://gateway.acme.example", ""),
        lambda: Choices(prefix="9lives"),
        lambda: Choices(prefix="with space"),
        lambda: Choices(prefix="MuchTooLongForIt"),
    ],
)
def test_what_no_org_could_take_is_refused_at_once(wrong):
    with pytest.raises(ValueError, match=r"needs|must be|longer"):
        wrong()


# -- parts of it -----------------------------------------------------------------------------------------------------


def manifested(files):
    return {
        f"{types.findtext('m:name', namespaces=NS)}:{member.text}"
        for types in parsed(files["package.xml"]).findall("m:types", NS)
        for member in types.findall("m:members", NS)
    }


def test_the_listing_names_what_the_manifest_names():
    listed = {f"{kind}:{name}" for kind, names in listing(TABLE, EVERYTHING).items() for name in names}
    assert listed == manifested(render(TABLE, EVERYTHING))


def test_a_part_holds_what_was_named_and_no_more():
    wanted = {"CustomField:Account.Trading_Name__c", "ApexTrigger:ContactTrigger", "ListView:Account.Gentrack_Records"}
    files = render(TABLE, EVERYTHING, only=wanted)
    assert manifested(files) == wanted
    triggers = {"triggers/ContactTrigger.trigger", "triggers/ContactTrigger.trigger-meta.xml"}
    assert set(files) == {"package.xml", "objects/Account.object"} | triggers
    fields = parsed(files["objects/Account.object"]).findall("m:fields", NS)
    assert [field.findtext("m:fullName", namespaces=NS) for field in fields] == ["Trading_Name__c"]


def test_a_field_of_an_object_of_ours_brings_the_object():
    files = render(TABLE, only={"CustomField:Gentrack_Object_Event__e.Old_Payload__c"})
    assert manifested(files) == {"CustomObject:Gentrack_Object_Event__e"}
    assert len(parsed(files["objects/Gentrack_Object_Event__e.object"]).findall("m:fields", NS)) == 4


def test_a_part_that_the_package_has_not_is_refused():
    with pytest.raises(ValueError, match=r"The package has no CustomField:Account\.Nope__c"):
        render(TABLE, only={"CustomField:Account.Nope__c"})
