"""What the Apex tells is what the connector reads: payloads as GentrackChange writes them, read as the engine does."""

from __future__ import annotations

import re

import orjson
import pytest

from salesbridge.engine.live.seen import claimed
from salesbridge.model import EXTERNAL_ID, TABLE, columns
from salesbridge.package import TRIGGERED, Choices, sources
from salesbridge.package.event import PAYLOAD_LENGTH

CHANGE = sources(TABLE, Choices())["GentrackChange"]
KEYS = re.findall(r"'(\w+)'|GentrackMapping\.(EXTERNAL_ID)", CHANGE.partition("KEY_FIELDS")[2].partition("}")[0])


def payload(**fields):
    """A payload with the keys that the Apex gives to every one."""
    keys = dict.fromkeys(EXTERNAL_ID if constant else name for name, constant in KEYS)
    assert set(keys) == {"Id", EXTERNAL_ID, "SystemModstamp", "LastModifiedDate", "LastModifiedById"}
    return orjson.loads(orjson.dumps({**keys, "Id": "001", EXTERNAL_ID: "A-1", **fields}))


def test_an_update_claims_the_fields_that_changed_and_no_other():
    before, after = payload(Phone="1", Fax="2"), payload(Phone="3", Fax=None)
    account = TABLE["Account"]
    assert claimed(account, before) == {EXTERNAL_ID: "A-1", "Phone": "1", "Fax": "2"}
    assert claimed(account, after) == {EXTERNAL_ID: "A-1", "Phone": "3", "Fax": None}


@pytest.mark.parametrize("name", TRIGGERED)
def test_an_insert_claims_every_mapped_field_also_the_empty_ones(name):
    entity = TABLE[name]
    told = payload(**{column.name: None for column in columns(entity)})
    assert set(claimed(entity, told)) == {EXTERNAL_ID, *(column.name for column in columns(entity))}


def test_the_length_of_a_payload_is_that_of_the_event_s_fields():
    assert f"PAYLOAD_LIMIT = {PAYLOAD_LENGTH};" in CHANGE


def test_the_marker_is_the_one_that_the_connector_knows():
    marker = CHANGE.partition("marker(SObject record) {")[2]
    assert re.findall(r"'(\w+)' =>", marker) == ["Id", "Truncated"]
    assert "GentrackMapping.EXTERNAL_ID =>" in marker
