"""The metadata has the members and values that Salesforce's published types say; checked by the TypeScript compiler."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from salesbridge.model import TABLE, merge
from salesbridge.package import render

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("salesforce-tools")]
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
#: Each type as text: booleans and numbers as they are written, lists as one element or several.
HEAD = """import type * as metadata from '@salesforce/types/metadata';
type Text<T> = T extends boolean ? 'true' | 'false' : T extends number ? `${number}` : T extends string ? T
  : T extends (infer E)[] ? Text<E> | Text<E>[] : T extends object ? Members<T> : never;
type Lists<T> = { [K in keyof T]-?: NonNullable<T[K]> extends unknown[] ? K : never }[keyof T];
type Members<T> = { [K in keyof Omit<T, Lists<T>>]: Text<T[K]> } & { [K in Lists<T>]?: Text<T[K]> };
"""
#: Types whose files Salesforce's types call by another name.
CALLED = {"Package": None}


def value(element):
    children = list(element)
    if not children:
        return element.text or ""
    members = {}
    for child in children:
        members.setdefault(child.tag.removeprefix(NAMESPACE), []).append(value(child))
    return {name: found[0] if len(found) == 1 else found for name, found in members.items()}


def declarations(files):
    for number, (path, text) in enumerate(sorted(files.items())):
        if not text.startswith("<?xml"):
            continue
        root = ET.fromstring(text)  # noqa: S314 - our own text
        name = root.tag.removeprefix(NAMESPACE)
        if name not in CALLED:
            yield f"// {path}\nexport const n{number}: Members<metadata.{name}> = {json.dumps(value(root))};\n"


def compiled(tools, folder, source):
    (folder / "package.ts").write_text(HEAD + source, encoding="utf-8")
    options = {"strict": True, "noEmit": True, "module": "esnext", "moduleResolution": "bundler", "types": []}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["package.ts"]}))
    (folder / "node_modules").symlink_to(tools.modules)
    return tools.node(tools.modules / "typescript/bin/tsc", "-p", str(folder))


def test_every_file_has_the_members_and_values_of_its_type(tools, everything, tmp_path):
    written = list(declarations(everything))
    assert len(written) > 40
    done = compiled(tools, tmp_path, "".join(written))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def everything(every_choice):
    return render(merge(TABLE, every_choice.own), every_choice.choices)


WRONG = {
    "an unknown member": '"labels": "x"',
    "an unknown value": '"sharingModel": "Everybody"',
    "no number": '"fields": {"fullName": "A__c", "length": "long"}',
    "no boolean": '"enableFeeds": "maybe"',
}


def test_what_no_type_has_is_found(tools, tmp_path):
    source = "".join(
        f"export const n{number}: Members<metadata.CustomObject> = {{{text}}};\n"
        for number, text in enumerate(WRONG.values())
    )
    done = compiled(tools, tmp_path, source)
    assert done.returncode != 0
    line = HEAD.count("\n")
    for number, name in enumerate(WRONG):
        assert f"package.ts({line + number + 1}," in done.stdout, f"{name}: {done.stdout}"
