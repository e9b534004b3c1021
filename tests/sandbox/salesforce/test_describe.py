from __future__ import annotations

from datetime import timedelta

from salesbridge.sandbox.salesforce.person_accounts import enable_person_accounts

FIELD_KEYS = """
    aggregatable aiPredictionField autoNumber byteLength calculated calculatedFormula cascadeDelete
    caseSensitive compoundFieldName controllerName createable custom defaultValue defaultValueFormula
    defaultedOnCreate dependentPicklist deprecatedAndHidden digits displayLocationInDecimal encrypted
    externalId extraTypeInfo filterable filteredLookupInfo formulaTreatNullNumberAsZero groupable
    highScaleNumber htmlFormatted idLookup inlineHelpText label length mask maskType name nameField
    namePointing nillable permissionable picklistValues polymorphicForeignKey precision queryByDistance
    referenceTargetField referenceTo relationshipName relationshipOrder restrictedDelete restrictedPicklist
    scale searchPrefilterable soapType sortable type unique updateable writeRequiresMasterRead
""".split()  # noqa: SIM905 - a list of words reads best as one


def fields(api, sobject):
    return {field["name"]: field for field in api.get(f"/sobjects/{sobject}/describe").json()["fields"]}


def test_a_field_is_described_with_all_its_attributes(api):
    name = fields(api, "Account")["Name"]
    assert list(name) == FIELD_KEYS
    assert (name["length"], name["byteLength"], name["soapType"]) == (255, 765, "xsd:string")
    assert (name["nameField"], name["nillable"], name["createable"]) == (True, False, True)


def test_references_picklists_and_addresses_say_what_they_are(api):
    contact = fields(api, "Contact")
    parent = contact["AccountId"]
    assert (parent["type"], parent["referenceTo"], parent["relationshipName"]) == ("reference", ["Account"], "Account")
    assert contact["MailingStreet"]["compoundFieldName"] == "MailingAddress"
    assert contact["MailingAddress"]["soapType"] == "urn:address"
    assert contact["Email"]["idLookup"] is True
    status = {value["value"]: value for value in fields(api, "Contract")["Status"]["picklistValues"]}
    assert status["Draft"] == {
        "active": True,
        "defaultValue": True,
        "label": "Draft",
        "validFor": None,
        "value": "Draft",
    }


def test_a_deployed_external_id_shows_as_one(api):
    field = fields(api, "Account")["Ext__c"]
    assert (field["externalId"], field["unique"], field["custom"], field["caseSensitive"]) == (True, True, True, False)


def test_children_are_named(api):
    children = api.get("/sobjects/Account/describe").json()["childRelationships"]
    assert {"Contacts", "AccountContactRelations", "Orders", "ChildAccounts"} <= {
        each["relationshipName"] for each in children
    }


def test_the_global_list_holds_every_object_that_is_switched_on(api, org):
    org.settings.quotes_enabled = False
    body = api.get("/sobjects").json()
    assert (body["encoding"], body["maxBatchSize"]) == ("UTF-8", 200)
    listed = {each["name"]: each for each in body["sobjects"]}
    assert listed["Account"]["keyPrefix"] == "001"
    assert listed["Account"]["urls"]["sobject"] == "/services/data/v66.0/sobjects/Account"
    assert "Quote" not in listed
    assert api.get("/sobjects/Quote/describe").status_code == 404


def test_person_accounts_show_only_once_they_are_switched_on(api, org):
    assert "IsPersonAccount" not in fields(api, "Account")
    enable_person_accounts(org)
    mark = fields(api, "Account")["IsPersonAccount"]
    assert (mark["createable"], mark["updateable"], mark["custom"]) == (False, False, False)
    assert org.settings.person_accounts


def test_basic_information_lists_recent_items(api, make):
    id_ = make("Account", Name="n")
    body = api.get("/sobjects/Account").json()
    assert body["objectDescribe"]["name"] == "Account"
    assert [(each["Id"], each["Name"]) for each in body["recentItems"]] == [(id_, "n")]


def test_a_describe_is_not_sent_again_until_a_deployment_changes_the_object(api, org):
    seen = api.get("/sobjects/Account/describe").headers["last-modified"]
    asked = {"If-Modified-Since": seen}
    assert api.get("/sobjects/Account/describe", headers=asked).status_code == 304
    later = org.clock() + timedelta(minutes=1)
    org.clock = lambda: later
    org.schema.remove_field("Account", "Ext__c")
    assert api.get("/sobjects/Account/describe", headers=asked).status_code == 200
    assert api.get("/sobjects", headers=asked).status_code == 200
    assert api.get("/sobjects/Contact/describe", headers=asked).status_code == 304
