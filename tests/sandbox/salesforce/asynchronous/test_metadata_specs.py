from __future__ import annotations

import pytest

from salesbridge.sandbox.salesforce.metadata_store import metadata_store

XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
APP = {
    "contactEmail": "a@acme.example",
    "distributionState": "Local",
    "label": "App",
}
OF_APP = {"externalClientApplication": "App", "label": "o"}
POLICIES = "extlClntAppOauthPolicies/P.ecaOauthPlcy"
ENDPOINT = {"label": "N", "namedCredentialType": "SecuredEndpoint"}
URL = "<parameterName>Url</parameterName><parameterType>Url</parameterType><parameterValue>https://x.example</parameterValue>"
BY = (
    "<externalCredential>{}</externalCredential><parameterName>E</parameterName>"
    "<parameterType>Authentication</parameterType>"
)


def xml(kind, *inner, **members):
    body = "".join(f"<{name}>{value}</{name}>" for name, value in members.items())
    return f"<{kind} {XMLNS}>{''.join(inner)}{body}</{kind}>"


@pytest.fixture
def one(deploy):
    """Deploys files of (type, name, path, text) and gives the problems."""

    def deployed(*files):
        members = {}
        for kind, name, _, _ in files:
            members.setdefault(kind, []).append(name)
        return deploy.problems(deploy({path: text for _, _, path, text in files}, members))

    return deployed


def app(**changes):
    text = xml("ExternalClientApplication", **{**APP, **changes})
    return "ExternalClientApplication", "App", "externalClientApps/App.eca", text


def policies(**members):
    kind = "ExtlClntAppOauthConfigurablePolicies"
    return kind, "P", POLICIES, xml(kind, **{**OF_APP, **members})


def permission(text=None):
    text = text or xml("CustomPermission", isLicensed="false", label="Bypass")
    return "CustomPermission", "Bypass", "customPermissions/Bypass.customPermission", text


def permission_set(name="Bypass"):
    granted = f"<customPermissions><enabled>true</enabled><name>{name}</name></customPermissions>"
    return "PermissionSet", "Set", "permissionsets/Set.permissionset", xml("PermissionSet", granted, label="Set")


def layout(*fields, owner="Account"):
    items = "".join(f"<layoutItems><behavior>Edit</behavior><field>{name}</field></layoutItems>" for name in fields)
    section = f"<layoutSections><layoutColumns>{items}</layoutColumns></layoutSections>"
    return "Layout", f"{owner}-New", f"layouts/{owner}-New.layout", xml("Layout", section)


def named_credential(*parameters):
    inner = "".join(f"<namedCredentialParameters>{each}</namedCredentialParameters>" for each in parameters)
    path = "namedCredentials/N.namedCredential"
    return "NamedCredential", "N", path, xml("NamedCredential", inner, **ENDPOINT)


def test_an_app_with_its_policies_is_taken(one, org):
    user = next(iter(org.directory.users.values())).username
    assert one(app(), policies(clientCredentialsFlowUser=user, commaSeparatedPermissionSet="")) == []
    assert ("ExternalClientApplication", "App") in metadata_store(org).files


def test_a_custom_permission_comes_before_the_permission_set_that_grants_it(one):
    assert one(permission_set(), permission()) == []


REFUSED = {
    "an app without an address": ([app(contactEmail="")], "Required field is missing: contactEmail"),
    "policies without their app": (
        [policies()],
        "In field: externalClientApplication - no ExternalClientApplication named App found",
    ),
    "policies for nobody": (
        [app(), policies(clientCredentialsFlowUser="nobody@acme.example")],
        "In field: clientCredentialsFlowUser - no User named nobody@acme.example found",
    ),
    "policies for no permission set": (
        [app(), policies(commaSeparatedPermissionSet="None")],
        "In field: commaSeparatedPermissionSet - no PermissionSet named None found",
    ),
    "an unknown policy": (
        [app(), policies(permittedUsersPolicyType="Everybody")],
        "Error parsing file: 'Everybody' is not a valid value for the enum 'PermittedUsersPolicyType'",
    ),
    "a permission without a label": (
        [permission(xml("CustomPermission", isLicensed="false"))],
        "Required field is missing: label",
    ),
    "a grant of no permission": (
        [permission_set("None")],
        "In field: customPermission - no CustomPermission named None found",
    ),
    "a layout without the name": (
        [layout("Phone")],
        "Layout must contain an item for required layout field: Name",
    ),
    "a layout with a field that is not there": (
        [layout("Name", "None__c")],
        "In field: field - no CustomField named Account.None__c found",
    ),
    "a layout with a field twice": ([layout("Name", "Name")], "Layout:Account-New has a field more than once"),
    "a layout of no object": (
        [layout("Name", owner="None")],
        "Layout:None-New must begin with the name of an object and a hyphen",
    ),
    "an endpoint without an address": (
        [named_credential()],
        "A named credential of type SecuredEndpoint needs a parameter of type Url",
    ),
    "an endpoint without its credential": (
        [named_credential(BY.format("None"), URL)],
        "In field: externalCredential - no ExternalCredential named None found",
    ),
    "a connected app without an address": (
        [("ConnectedApp", "C", "connectedApps/C.connectedApp", xml("ConnectedApp", label="C"))],
        "Required field is missing: contactEmail",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_incomplete_or_leans_on_nothing_is_refused(one, name):
    files, problem = REFUSED[name]
    assert one(*files) == [problem]


def list_view(*, columns=("ACCOUNT.NAME",), listed=True, **members):
    given = {"fullName": "Mine", "filterScope": "Everything", "label": "Mine"} | members
    body = "".join(f"<columns>{column}</columns>" for column in columns)
    body += "".join(f"<{name}>{value}</{name}>" for name, value in given.items() if value)
    text = f"<CustomObject {XMLNS}><listViews>{body}</listViews></CustomObject>"
    return {"objects/Account.object": text}, {"ListView": [f"Account.{given['fullName']}"]} if listed else {}


def test_a_list_view_is_taken_when_the_manifest_names_it(deploy, org):
    result = deploy(*list_view(columns=("ACCOUNT.NAME", "Ext__c")))
    assert (result["status"], deploy.problems(result)) == ("Succeeded", [])
    assert ("ListView", "Account.Mine") in metadata_store(org).files


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"listed": False}, "Not in package.xml"),
        ({"label": ""}, "Required field is missing: label"),
        ({"columns": ("None__c",)}, "Could not resolve list view column: None__c"),
        ({"fullName": "No Name"}, "The name No Name is no developer name"),
        (
            {"filterScope": "Nobody"},
            "Error parsing file: 'Nobody' is not a valid value for the enum 'FilterScope'",
        ),
    ],
)
def test_a_wrong_list_view_is_refused(deploy, changes, problem):
    assert problem in deploy.problems(deploy(*list_view(**changes)))


def test_a_list_view_goes_with_its_object(deploy, org):
    naming = "<nameField><label>No</label><type>Text</type></nameField>"
    view = "<listViews><fullName>All</fullName><filterScope>Everything</filterScope><label>All</label></listViews>"
    more = "<deploymentStatus>Deployed</deploymentStatus><sharingModel>Private</sharingModel>"
    labels = "<label>Log</label><pluralLabel>Logs</pluralLabel>"
    text = f"<CustomObject {XMLNS}>{more}{labels}{naming}{view}</CustomObject>"
    assert deploy.problems(deploy({"objects/Log__c.object": text}, {"CustomObject": ["Log__c"]})) == []
    assert ("ListView", "Log__c.All") in metadata_store(org).files
    gone = f"<Package {XMLNS}><types><members>Log__c</members><name>CustomObject</name></types></Package>"
    assert deploy.problems(deploy({"destructiveChanges.xml": gone}, {})) == []
    assert metadata_store(org).files == {}
