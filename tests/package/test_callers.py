"""The permission set of those who call billing from Salesforce."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from salesbridge.package.callers import callers, callers_removal, callers_set

XMLNS = "{http://soap.sforce.com/2006/04/metadata}"


def test_it_opens_the_principal_and_the_tokens_and_nothing_else():
    files = callers("Gentrack_Two")
    assert sorted(files) == ["package.xml", "permissionsets/Gentrack_Two_Callouts.permissionset"]
    root = ET.fromstring(files["permissionsets/Gentrack_Two_Callouts.permissionset"])  # noqa: S314 - our own
    found = [child.tag.removeprefix(XMLNS) for child in root]
    assert found == sorted(found)
    (access,) = root.findall(f"{XMLNS}externalCredentialPrincipalAccesses")
    assert access.findtext(f"{XMLNS}externalCredentialPrincipal") == "Gentrack_Two-GentrackPrincipal"
    assert [each.findtext(f"{XMLNS}object") for each in root.findall(f"{XMLNS}objectPermissions")] == [
        "UserExternalCredential"
    ]
    assert not root.findall(f"{XMLNS}userPermissions")


def test_its_removal_names_it():
    gone = callers_removal("Gentrack")["destructiveChanges.xml"]
    assert f"<members>{callers_set('Gentrack')}</members>" in gone
    assert "<name>PermissionSet</name>" in gone
