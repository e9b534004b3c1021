from __future__ import annotations

import pytest

from salesbridge.sandbox.salesforce.metadata_store import metadata_store

XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def field(**attributes):
    given = {"fullName": "New__c", "label": "New"} | attributes
    return "".join(f"<{name}>{value}</{name}>" for name, value in given.items() if value is not None)


def values(*names, restricted="true"):
    each = "".join(
        f"<value><fullName>{name}</fullName><default>false</default><label>{name}</label></value>" for name in names
    )
    return f"<restricted>{restricted}</restricted><valueSetDefinition><sorted>false</sorted>{each}</valueSetDefinition>"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"type": "Text", "length": 80, "externalId": "true", "unique": "true"}, ("string", 80, True)),
        ({"type": "TextArea"}, ("textarea", 255, False)),
        ({"type": "LongTextArea", "length": 32768, "visibleLines": 3}, ("textarea", 32768, False)),
        ({"type": "Checkbox", "defaultValue": "true"}, ("boolean", 0, False)),
        ({"type": "Number", "precision": 18, "scale": 2, "externalId": "true"}, ("double", 0, True)),
        ({"type": "Currency", "precision": 16, "scale": 2}, ("currency", 0, False)),
        ({"type": "Percent", "precision": 5, "scale": 2}, ("percent", 0, False)),
        ({"type": "Date"}, ("date", 0, False)),
        ({"type": "DateTime"}, ("datetime", 0, False)),
        ({"type": "Email", "externalId": "true"}, ("email", 80, True)),
        ({"type": "Phone"}, ("phone", 40, False)),
        ({"type": "Url"}, ("url", 255, False)),
        ({"type": "Picklist", "valueSet": values("a", "b")}, ("picklist", 255, False)),
        ({"type": "MultiselectPicklist", "visibleLines": 4, "valueSet": values("a")}, ("multipicklist", 4099, False)),
        ({"type": "Lookup", "referenceTo": "Contact", "relationshipName": "News"}, ("reference", 18, False)),
        ({"type": "Text", "formula": "Name"}, ("string", 1300, False)),
    ],
)
def test_each_field_type_becomes_what_describe_says(deploy, org, attributes, expected):
    result = deploy.fields(field(**attributes))
    assert deploy.problems(result) == []
    made = org.schema.sobject("Account").field("New__c")
    assert (made.type, made.length, made.external_id) == expected
    assert made.custom


def test_details_of_a_field_reach_the_schema(deploy, org):
    deploy.fields(
        field(type="Lookup", referenceTo="Contact", relationshipName="News", deleteConstraint="Restrict"),
        field(fullName="Kind__c", type="Picklist", valueSet=values("a", "b")),
        field(fullName="Flag__c", type="Checkbox", defaultValue="true"),
        field(fullName="Must__c", type="Text", length=10, required="true", inlineHelpText="Why"),
    )
    account = org.schema.sobject("Account")
    assert account.field("New__c").relationship_name == "New__r"
    (link,) = [each for each in org.schema.children("Contact") if each.field == "New__c"]
    assert (link.relationship_name, link.restricted_delete) == ("News__r", True)
    assert (account.field("Kind__c").picklist, account.field("Kind__c").restricted) == (("a", "b"), True)
    assert account.field("Flag__c").default is True
    assert (account.field("Must__c").nillable, account.field("Must__c").help_text) == (False, "Why")


def test_rows_that_were_there_get_a_new_checkbox_s_default(caller, deploy, org):
    caller.load("Ext__c,Name\nA1,Acme\n")
    deploy.fields(field(fullName="Flag__c", type="Checkbox", defaultValue="true"))
    assert next(org.rows("Account"))["Flag__c"] is True


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"label": None, "type": "Date"}, "Must specify a non-empty label for the CustomField"),
        ({}, "Must specify 'type' for a CustomField"),
        ({"type": "String"}, "Error parsing file: 'String' is not a valid value for the enum 'FieldType'"),
        ({"type": "Text"}, "Must specify 'length' for a CustomField of type Text"),
        ({"type": "Text", "length": 256}, "length must be between 1 and 255, was 256"),
        ({"type": "LongTextArea", "length": 300}, "Must specify 'visibleLines' for a CustomField of type LongTextArea"),
        ({"type": "LongTextArea", "length": 9, "visibleLines": 3}, "length must be between 256 and 131072, was 9"),
        ({"type": "Number", "precision": 19, "scale": 0}, "precision must be between 1 and 18, was 19"),
        ({"type": "Number", "precision": 5, "scale": 6}, "scale must be between 0 and 5, was 6"),
        ({"type": "Date", "externalId": "true"}, "Can not specify 'externalId' for a CustomField of type Date"),
        ({"type": "Phone", "unique": "true"}, "Can not specify 'unique' for a CustomField of type Phone"),
        ({"type": "Date", "length": 8}, "Can not specify 'length' for a CustomField of type Date"),
        (
            {"type": "Text", "length": 9, "caseSensitive": "true"},
            "Can not specify 'caseSensitive' for a CustomField that is not unique",
        ),
        (
            {"type": "Checkbox"},
            "Must specify 'defaultValue' (true or false) for a CustomField of type Checkbox",
        ),
        (
            {"type": "Lookup", "referenceTo": "Nope", "relationshipName": "N"},
            "referenceTo value of 'Nope' does not resolve to a valid sObject type",
        ),
        (
            {"type": "Picklist", "valueSet": values("a", "A")},
            "duplicate value found: picklist value A is specified more than once",
        ),
        (
            {"fullName": "Ext__c", "type": "Date"},
            "Cannot update a field to a Date from something else",
        ),
        ({"fullName": "Nope", "type": "Date"}, "Could not resolve standard field's name."),
        ({"type": "Text", "formula": "Name", "unique": "true"}, "Can not specify 'unique' for a formula field"),
    ],
)
def test_a_field_that_contradicts_itself_is_refused(deploy, attributes, problem):
    assert deploy.problems(deploy.fields(field(**attributes))) == [problem]


@pytest.mark.parametrize("name", ["a__b__c", "1a__c", "a___c", "a-b__c", f"{'a' * 41}__c"])
def test_a_bad_field_name_is_refused(deploy, name):
    (problem,) = deploy.problems(deploy.fields(field(fullName=name, type="Date")))
    assert "can only contain alphanumeric characters" in problem


def test_a_field_defined_twice_is_refused(deploy):
    (problem,) = deploy.problems(deploy.fields(field(type="Date"), field(type="Date")))
    assert problem == "duplicate value found: Account.New__c is defined more than once"


def test_elements_of_one_kind_stand_together(deploy):
    files = {
        "permissionsets/P.permissionset": f"<PermissionSet {XMLNS}><userPermissions><enabled>true</enabled>"
        "<name>ApiEnabled</name></userPermissions><label>P</label><userPermissions><enabled>true</enabled>"
        "<name>ViewSetup</name></userPermissions></PermissionSet>"
    }
    problem = "Error parsing file: Element userPermissions is duplicated at this location in type PermissionSet"
    assert deploy.problems(deploy(files, {"PermissionSet": ["P"]})) == [problem]


OBJECT = (
    "<label>Meter</label><pluralLabel>Meters</pluralLabel><nameField><label>Number</label><type>Text</type></nameField>"
    "<deploymentStatus>Deployed</deploymentStatus><sharingModel>ReadWrite</sharingModel>"
)
EVENT = (
    "<deploymentStatus>Deployed</deploymentStatus><eventType>HighVolume</eventType><label>Happening</label>"
    "<pluralLabel>Happenings</pluralLabel>"
)


def deploy_object(deploy, name, body, *fields):
    wrapped = "".join(f"<fields>{each}</fields>" for each in fields)
    files = {f"objects/{name}.object": f"<CustomObject {XMLNS}>{body}{wrapped}</CustomObject>"}
    return deploy(files, {"CustomObject": [name]})


def test_a_new_custom_object_takes_rows_at_once(caller, deploy, org):
    deploy_object(deploy, "Meter__c", OBJECT, field(fullName="Owner__c", type="Checkbox", defaultValue="false"))
    made = org.schema.sobject("Meter__c")
    assert (made.key_prefix, made.label, made.field("Name").label) == ("a00", "Meter", "Number")
    assert caller.load("Name\nM1\n", "Meter__c", "insert")["numberRecordsFailed"] == 0
    (row,) = org.rows("Meter__c")
    assert (row["Name"], row["Owner__c"], row["OwnerId"]) == ("M1", False, caller.user.id)


@pytest.mark.parametrize(
    ("name", "body", "problem"),
    [
        ("Meter__c", OBJECT.replace("<label>Meter</label>", ""), "Must specify a non-empty label for the CustomObject"),
        ("Meter__c", OBJECT.replace("<type>Text</type>", ""), "Must specify a nameField of type Text or AutoNumber"),
        ("Meter__c", OBJECT + "<eventType>HighVolume</eventType>", "Can not specify 'eventType'"),
        ("Meter", OBJECT, "fullName must end with: __c or"),
        ("Event__e", EVENT.replace("HighVolume", "StandardVolume"), "Must specify 'eventType' HighVolume"),
        ("Event__e", EVENT + "<sharingModel>Private</sharingModel>", "Can not specify 'sharingModel'"),
        (
            "Event__e",
            EVENT + "<publishBehavior>Later</publishBehavior>",
            "Error parsing file: 'Later' is not a valid value",
        ),
    ],
)
def test_an_object_that_cannot_be_is_refused(deploy, name, body, problem):
    (found,) = deploy.problems(deploy_object(deploy, name, body))
    assert found.startswith(problem)


def test_a_platform_event_can_only_be_published(deploy, org):
    payload = field(fullName="Payload__c", type="LongTextArea", length=32768, visibleLines=3)
    result = deploy_object(deploy, "Happening__e", EVENT, payload)
    assert deploy.problems(result) == []
    made = org.schema.sobject("Happening__e")
    assert (made.createable, made.updateable, made.queryable, made.key_prefix) == (True, False, False, "e00")
    assert list(made.fields) == ["ReplayId", "CreatedDate", "CreatedById", "EventUuid", "Payload__c"]
    assert metadata_store(org).publish_behavior["Happening__e"] == "PublishImmediately"


def test_a_platform_event_has_six_field_types_only(deploy):
    result = deploy_object(deploy, "Happening__e", EVENT, field(type="Email"))
    assert deploy.problems(result) == ["Fields of type Email are not supported on platform events"]


def grant(**attributes):
    given = {"editable": "true", "field": "Account.Ext__c", "readable": "true"} | attributes
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in given.items() if value)
    return f"<fieldPermissions>{inner}</fieldPermissions><label>P</label>"


def access(**flags):
    names = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords")
    given = dict.fromkeys(names, "true") | {"object": "Account", "viewAllRecords": "true"} | flags
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in given.items())
    return f"<label>P</label><objectPermissions>{inner}</objectPermissions>"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<description>x</description>", "Required field is missing: label"),
        (grant(field="Account.Nope__c"), "In field: field - no CustomField named Account.Nope__c found"),
        (grant(field="Account.Name"), "You cannot deploy to a required field: Account.Name"),
        (grant(readable="false"), "Field Account.Ext__c cannot be editable without being readable"),
        (grant(readable=None), "Required field is missing: readable"),
        (access(object="Nope__c"), "In field: field - no CustomObject named Nope__c found"),
        (access(allowDelete="false"), "Permission Modify All Account depends on permission(s): Delete Account"),
        (access(allowRead="false"), "Permission Create Account depends on permission(s): Read Account"),
        (
            "<label>P</label><userPermissions><enabled>true</enabled><name>Fly</name></userPermissions>",
            "Unknown user permission: Fly",
        ),
        (
            "<classAccesses><apexClass>Nope</apexClass><enabled>true</enabled></classAccesses><label>P</label>",
            "In field: apexClass - no ApexClass named Nope found",
        ),
    ],
)
def test_a_permission_set_grants_only_what_is_there(deploy, body, problem):
    files = {"permissionsets/P.permissionset": f"<PermissionSet {XMLNS}>{body}</PermissionSet>"}
    assert deploy.problems(deploy(files, {"PermissionSet": ["P"]})) == [problem]


def test_a_permission_set_may_grant_what_the_same_deployment_brings(deploy, org):
    files = {
        "objects/Account.object": f"<CustomObject {XMLNS}><fields>{field(type='Date')}</fields></CustomObject>",
        "permissionsets/P.permissionset": f"<PermissionSet {XMLNS}>{grant(field='Account.New__c')}</PermissionSet>",
    }
    result = deploy(files, {"CustomField": ["Account.New__c"], "PermissionSet": ["P"]})
    assert deploy.problems(result) == []
    assert org.directory.permission_sets["P"].fields["Account.New__c"].editable


def test_destructive_changes_take_components_and_their_values_away(caller, deploy, org):
    deploy.fields(field(type="Text", length=9))
    caller.org.settings.fls_enforced = False
    caller.load("Name,New__c\nA,1\n", operation="insert")
    gone = {"destructiveChanges.xml": deploy.manifest({"CustomField": ["Account.New__c"]})}
    (message,) = deploy(gone, {})["details"]["componentSuccesses"]
    assert (message["fullName"], message["deleted"], message["created"]) == ("Account.New__c", True, False)
    assert org.schema.sobject("Account").field("New__c") is None
    deploy.fields(field(type="Text", length=9))
    assert "New__c" not in next(org.rows("Account"))


def test_deleting_what_is_not_there_is_a_warning(deploy):
    gone = {"destructiveChangesPost.xml": deploy.manifest({"ApexClass": ["Nope"]})}
    result = deploy(gone, {})
    assert (result["status"], deploy.problems(result)) == ("Failed", ["No ApexClass named: Nope found"])
    ignored = deploy(gone, {}, ignoreWarnings=True)
    assert ignored["status"] == "Succeeded"
    assert ignored["details"]["componentSuccesses"][0]["problemType"] == "Warning"


def test_an_object_others_point_at_cannot_be_deleted(deploy, org):
    deploy_object(deploy, "Meter__c", OBJECT)
    deploy.fields(field(type="Lookup", referenceTo="Meter__c", relationshipName="Meters"))
    gone = {"destructiveChanges.xml": deploy.manifest({"CustomObject": ["Meter__c"]})}
    assert deploy.problems(deploy(gone, {})) == ["This custom object is referenced elsewhere: Account.New__c"]
    first = {"destructiveChangesPre.xml": deploy.manifest({"CustomField": ["Account.New__c"]})}
    assert deploy(gone | first, {})["status"] == "Succeeded"
    assert org.schema.sobject("Meter__c") is None


def test_a_deleted_permission_set_grants_nothing_any_more(deploy, org):
    files = {"permissionsets/P.permissionset": f"<PermissionSet {XMLNS}>{grant()}</PermissionSet>"}
    deploy(files, {"PermissionSet": ["P"]})
    deploy({"destructiveChanges.xml": deploy.manifest({"PermissionSet": ["P"]})}, {})
    assert "P" not in org.directory.permission_sets
    assert org.find("PermissionSet", "Name", "P") == []
