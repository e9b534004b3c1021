"""Salesforce's own library reads the project, converts it both ways, and finds in it what we deploy."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from salesbridge.model import TABLE, merge
from salesbridge.package import archive, render

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("salesforce-tools")]
NAMESPACE = {"m": "http://soap.sforce.com/2006/04/metadata"}


@pytest.fixture(scope="module")
def converted(tools, sfdx, every_choice, write, tmp_path_factory):
    folder = tmp_path_factory.mktemp("converted")
    deployed = render(merge(TABLE, every_choice.own), every_choice.choices)
    layout = write(deployed, folder / "layout")
    script = tools.modules.parent / "convert.mjs"
    script.write_text(every_choice.script, encoding="utf-8")
    done = tools.node(script, str(sfdx), str(layout), str(folder / "metadata"), str(folder / "source"), cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), deployed, folder


def files(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def shape(text):
    """An XML file as a value in which neither order nor white space counts."""

    def of(element):
        return element.tag, (element.text or "").strip(), sorted(map(of, element))

    return of(ET.fromstring(text)) if text.startswith("<?xml") else text  # noqa: S314 - of our own


def listed(manifest):
    for types in ET.fromstring(manifest).findall("m:types", NAMESPACE):  # noqa: S314 - our own text
        kind = types.findtext("m:name", namespaces=NAMESPACE)
        yield from (f"{kind}:{member.text}" for member in types.findall("m:members", NAMESPACE))


def test_the_project_holds_what_the_manifest_lists(converted):
    said, ours, _ = converted
    assert set(said["project"]) == set(listed(ours["package.xml"]))
    assert said["unknown"] == 0


def test_the_project_converts_to_what_we_deploy(converted):
    _, ours, folder = converted
    theirs = files(folder / "metadata")
    assert set(theirs) == set(ours)
    for path in set(ours) - {"package.xml"}:
        assert shape(theirs[path]) == shape(ours[path]), path


def test_what_we_deploy_converts_to_the_project(converted, sfdx):
    _, _, folder = converted
    theirs = {path: text for path, text in files(folder / "source").items() if "package.xml" not in path}
    ours = {path.partition("main/default/")[2]: text for path, text in files(sfdx).items() if "main/default" in path}
    theirs = {path.removeprefix("main/default/"): text for path, text in theirs.items()}
    for path in set(theirs) - set(ours):
        assert path.endswith(".object-meta.xml"), path
        assert shape(theirs[path])[2] == [], "a standard object, of which we bring nothing but its parts"
    assert set(ours) <= set(theirs)
    for path, text in ours.items():
        assert shape(theirs[path]) == shape(text), path


def test_what_they_converted_deploys_to_the_simulated_org(converted, deploy_to_sandbox):
    _, _, folder = converted
    assert deploy_to_sandbox(archive(files(folder / "metadata"))) == "Succeeded"
