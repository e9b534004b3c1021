"""The package: every custom field of the table exactly once, rights on exactly what is mapped, in well-formed XML."""

import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesbridge.model import EXTERNAL_ID, TABLE, columns, merge
from salesbridge.package import API_VERSION, EVENT, FAILURE, PERMISSION_SET, SURFACED, Choices, archive, render
from salesbridge.package.apex import mapped_fields

GOLDEN = Path(__file__).parent / "golden"
NS = {"m": "http://soap.sforce.com/2006/04/metadata"}
PERMISSIONS = f"permissionsets/{PERMISSION_SET}.permissionset"

KINDS = st.sampled_from(
    (
        {"type": "Text", "length": 80},
        {"type": "Text", "length": 3000},
        {"type": "Text", "length": 200, "lines": True},
        {"type": "Boolean"},
        {"type": "DateTime"},
        {"type": "Number", "precision": 6, "scale": 0},
        {"type": "Money"},
        {"type": "Picklist", "values": ["<a>", 'b & "c"'], "restricted": True},
        {"type": "Picklist"},
        {"type": "MultiPicklist", "values": ["a", "b"]},
        {"type": "Email"},
    )
)
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=12)
FIELD = st.fixed_dictionaries(
    {"kind": KINDS, "billing": st.just("x")},
    optional={"label": WORDS, "help": WORDS, "unique": st.booleans(), "required": st.booleans()},
)
NAMES = st.from_regex(r"\A[A-Z][a-z]{2,8}__c\Z")


@st.composite
def tables(draw):
    changes = {}
    for entity in TABLE.entities:
        taken = {column.name.lower() for column in columns(entity)}
        named = draw(
            st.dictionaries(NAMES.filter(lambda name, taken=taken: name.lower() not in taken), FIELD, max_size=2)
        )
        unlike = {name.lower(): (name, settings) for name, settings in named.items()}
        changes[entity.name] = {"fields": dict(unlike.values())}
    return merge(TABLE, changes)


def parsed(text):
    return ET.fromstring(text)  # noqa: S314 - our own text


def texts(root, path):
    return [element.text for element in root.findall(path, NS)]


def fields_of(files, entity):
    return {
        element.findtext("m:fullName", namespaces=NS): element
        for element in parsed(files[f"objects/{entity}.object"]).findall("m:fields", NS)
    }


@settings(max_examples=20)
@given(tables())
def test_every_mapped_field_appears_exactly_once_in_object_manifest_permissions_and_mapping_class(table):
    files = render(table)
    members = texts(parsed(files["package.xml"]), "m:types[m:name='CustomField']/m:members")
    granted = texts(parsed(files[PERMISSIONS]), "m:fieldPermissions/m:field")
    for entity in table.entities:
        custom = sorted({EXTERNAL_ID, *(column.name for column in columns(entity) if column.field.custom)})
        assert texts(parsed(files[f"objects/{entity.name}.object"]), "m:fields/m:fullName") == custom
        for name in custom:
            assert members.count(f"{entity.name}.{name}") == 1
            assert granted.count(f"{entity.name}.{name}") == 1
        tokens = re.findall(rf"\b{entity.name}\.(\w+)(?:,|\n)", files["classes/GentrackMapping.cls"])
        assert sorted(tokens) == sorted(mapped_fields(entity))
        assert {column.name for column in columns(entity)} | {EXTERNAL_ID} <= set(tokens)
    assert len(members) == len(set(members))
    assert members == sorted(members)
    assert granted == sorted(granted)


@settings(max_examples=20)
@given(tables())
def test_labels_help_and_values_arrive_as_they_were_written(table):
    files = render(table)
    for entity in table.entities:
        written = fields_of(files, entity.name)
        for column in columns(entity):
            if not column.field.custom:
                continue
            element = written[column.name]
            label = element.findtext("m:label", namespaces=NS)
            assert label == (column.field.label or column.name.removesuffix("__c").replace("_", " "))
            assert (element.findtext("m:inlineHelpText", namespaces=NS) or "") == column.field.help
            values = texts(element, "m:valueSet/m:valueSetDefinition/m:value/m:fullName")
            assert tuple(values) == column.kind.salesforce_type.values


def shape(element):
    return {child.tag.rpartition("}")[2]: child.text for child in element if not len(child)}


EXTRA = {
    "Text": ({"type": "Text", "length": 80}, {"type": "Text", "length": "80"}),
    "TextArea": ({"type": "Text", "length": 200, "lines": True}, {"type": "TextArea"}),
    "LongTextArea": ({"type": "Text", "length": 3000}, {"type": "LongTextArea", "length": "3000", "visibleLines": "5"}),
    "Checkbox": ({"type": "Boolean"}, {"type": "Checkbox", "defaultValue": "false"}),
    "Date": ({"type": "Date"}, {"type": "Date"}),
    "DateTime": ({"type": "DateTime"}, {"type": "DateTime"}),
    "Number": ({"type": "Number", "precision": 6, "scale": 0}, {"type": "Number", "precision": "6", "scale": "0"}),
    "Currency": ({"type": "Money"}, {"type": "Currency", "precision": "15", "scale": "2"}),
    "Phone": ({"type": "Phone"}, {"type": "Phone"}),
    "Email": ({"type": "Email"}, {"type": "Email"}),
    "Url": ({"type": "Url"}, {"type": "Url"}),
    "open picklist": ({"type": "Picklist"}, {"type": "Text", "length": "255"}),
    "multi": ({"type": "MultiPicklist", "values": ["a"]}, {"type": "MultiselectPicklist", "visibleLines": "4"}),
}


@pytest.mark.parametrize("name", EXTRA)
def test_each_kind_has_its_metadata_type(name):
    kind, expected = EXTRA[name]
    table = merge(TABLE, {"Account": {"fields": {"Extra__c": {"kind": kind, "billing": "x"}}}})
    written = shape(fields_of(render(table), "Account")["Extra__c"])
    assert written == {"fullName": "Extra__c", "label": "Extra", **expected}


def test_the_external_id_is_unique_text_that_minds_case_as_billing_does():
    for entity in TABLE.entities:
        written = shape(fields_of(render(TABLE), entity.name)[EXTERNAL_ID])
        del written["inlineHelpText"], written["label"]
        assert written == {
            "fullName": EXTERNAL_ID,
            "type": "Text",
            "length": str(entity.external_id_length),
            "unique": "true",
            "externalId": "true",
            "caseSensitive": "false" if entity.name == "Asset" else "true",
        }


def test_a_restricted_picklist_is_restricted_and_an_open_one_is_not():
    for restricted in (True, False):
        kind = {"type": "Picklist", "values": ["a"], "restricted": restricted}
        table = merge(TABLE, {"Account": {"fields": {"Extra__c": {"kind": kind, "billing": "x"}}}})
        element = fields_of(render(table), "Account")["Extra__c"]
        assert texts(element, "m:valueSet/m:restricted") == [str(restricted).lower()]


def test_only_the_objects_of_the_initial_load_when_asked_so():
    files = render(TABLE, Choices(initial_only=True))
    objects = {path.split("/")[1].removesuffix(".object") for path in files if path.startswith("objects/")}
    assert objects == {entity.name for entity in TABLE.entities if entity.initial}
    assert not any(word in text for text in files.values() for word in ("Quote", "Opportunity", "OrderItem"))


def test_rights_are_those_of_the_mapping_without_deleting():
    root = parsed(render(TABLE)[PERMISSIONS])
    objects = {
        each.findtext("m:object", namespaces=NS): shape(each) for each in root.findall("m:objectPermissions", NS)
    }
    with_rights = {"Account", "Contact", "Product2", "Contract", "Asset", "Opportunity", "Quote", "Order"}
    assert set(objects) == with_rights | {"Pricebook2", EVENT, SURFACED, FAILURE}
    assert {rights["allowDelete"] for rights in objects.values()} == {"false"}
    assert {rights["modifyAllRecords"] for rights in objects.values()} == {"false"}
    assert objects["Pricebook2"]["allowCreate"] == "false"
    wanted = {"allowCreate": ("true", "false"), "allowRead": ("true", "true"), "viewAllRecords": ("false", "true")}
    for right, (on_event, on_failure) in wanted.items():
        found = [objects[name][right] for name in (EVENT, SURFACED, FAILURE)]
        assert found == [on_event, on_event, on_failure]
    assert {objects[name]["allowEdit"] for name in (EVENT, SURFACED, FAILURE)} == {"false"}
    assert texts(root, "m:userPermissions/m:name") == ["ActivateContract", "ActivateOrder", "ApiEnabled"]


def test_no_right_is_given_on_a_field_that_everybody_has():
    granted = set(texts(parsed(render(TABLE)[PERMISSIONS]), "m:fieldPermissions/m:field"))
    for name in ("Account.Name", "Contact.LastName", "Contact.FirstName", "Contract.AccountId", "Order.EffectiveDate"):
        assert name not in granted
    assert {"Account.BillingAddress", "Contact.AccountId", "Asset.Address", "Asset.AccountId"} <= granted


def test_field_rights_are_those_of_the_mapping_and_nothing_more():
    root = parsed(render(TABLE)[PERMISSIONS])
    editable = texts(root, "m:fieldPermissions[m:editable='true']/m:field")
    only_read = texts(root, "m:fieldPermissions[m:editable='false']/m:field")
    mapped = {f"{entity.name}.{field.name}{'Address' if field.address else ''}": 1 for entity in TABLE.entities
              for field in entity.fields}  # fmt: skip
    parents = {f"{entity.name}.{parent.field}" for entity in TABLE.entities for parent in entity.parents}
    keys = {f"{entity.name}.{EXTERNAL_ID}" for entity in TABLE.entities}
    assert set(editable) <= mapped.keys() | parents | keys
    assert {name.partition(".")[0] for name in only_read} == {FAILURE}


GOLDENS = [path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*") if path.is_file()]


@pytest.mark.parametrize("path", GOLDENS)
def test_the_package_is_what_it_was(path):
    # After a wanted change of the model, write the rendered file to golden/ again and read the difference.
    assert render(TABLE)[path] == (GOLDEN / path).read_text(encoding="utf-8")


def test_the_manifest_names_the_version():
    assert texts(parsed(render(TABLE)["package.xml"]), "m:version") == [API_VERSION] == ["66.0"]


def test_equal_files_give_equal_bytes_in_any_order():
    files = render(TABLE)
    packed = archive(files)
    assert archive(dict(reversed(files.items()))) == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as zipped:
        assert zipped.testzip() is None
        assert {name: zipped.read(name).decode() for name in zipped.namelist()} == files
        assert zipped.namelist() == sorted(files)
