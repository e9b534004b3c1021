from __future__ import annotations

import json
import uuid

import pytest
from django.db import connection

from salesbridge.store.links import billing_keys, read_links, salesforce_ids, unlinked, write_links
from salesbridge.store.models import Instance

ID = "001000000000{:03d}AAA"


def rows(keys, name="Ada"):
    return [(f"A{k}", ID.format(k), json.dumps({"Name": name})) for k in keys]


def test_links_are_read_back_by_key(door, instance):
    assert write_links(door, instance.pk, "Account", rows(range(5))) == 5
    found = read_links(door, instance.pk, "Account", ["A1", "A4", "unknown"])
    assert found == {"A1": (ID.format(1), {"Name": "Ada"}), "A4": (ID.format(4), {"Name": "Ada"})}


def test_links_are_found_from_both_sides(door, instance):
    write_links(door, instance.pk, "Account", rows(range(3)))
    assert salesforce_ids(door, instance.pk, "Account", ["A2", "A9"]) == {"A2": ID.format(2)}
    assert billing_keys(door, instance.pk, "Account", [ID.format(2)]) == {ID.format(2): "A2"}


def test_writing_again_replaces_what_is_agreed_anew_and_keeps_the_rest(door, instance):
    run = uuid.uuid4()
    write_links(door, instance.pk, "Account", rows(range(3)), run)
    write_links(door, instance.pk, "Account", [("A1", ID.format(1), '{"Phone": "1"}')])
    assert write_links(door, instance.pk, "Account", rows([1], name="Grace")) == 1
    link = door.links(instance).get(billing_key="A1")
    assert (link.agreed, link.run_id) == ({"Name": "Grace", "Phone": "1"}, run)
    assert door.links(instance).count() == 3


def test_of_a_key_mentioned_twice_the_last_mention_counts(door, instance):
    assert write_links(door, instance.pk, "Account", rows([1], "first") + rows([2]) + rows([1], "last")) == 2
    assert read_links(door, instance.pk, "Account", ["A1"])["A1"][1] == {"Name": "last"}


def test_the_same_key_of_another_entity_is_another_link(door, instance):
    write_links(door, instance.pk, "Account", rows([1], "account"))
    write_links(door, instance.pk, "Contact", rows([1], "contact"))
    assert read_links(door, instance.pk, "Account", ["A1"])["A1"][1] == {"Name": "account"}


def test_no_rows_write_no_links(door, instance):
    assert write_links(door, instance.pk, "Account", []) == 0


@pytest.mark.parametrize("value", ["tab\t", "line\nbreak", "back\\slash", "\\N", "", "né☃", '"quoted"'])
def test_any_text_survives_the_copy(door, instance, value):
    write_links(door, instance.pk, "Account", [(f"K{value}", ID.format(1), json.dumps({"Name": value}))])
    assert read_links(door, instance.pk, "Account", [f"K{value}"]) == {f"K{value}": (ID.format(1), {"Name": value})}


def test_links_of_another_tenants_instance_are_neither_written_nor_read(door, instance, new_door):
    stranger = new_door()
    write_links(door, instance.pk, "Account", rows([1]))
    with pytest.raises(Instance.DoesNotExist):
        write_links(stranger, instance.pk, "Account", rows([1], "stolen"))
    assert read_links(stranger, instance.pk, "Account", ["A1"]) == {}
    assert billing_keys(stranger, instance.pk, "Account", [ID.format(1)]) == {}
    assert list(stranger.links(instance)) == []


def test_a_batch_that_fails_in_the_middle_writes_nothing_and_can_be_repeated(door, instance):
    def broken():
        yield from rows([1])
        raise RuntimeError("page lost")

    with pytest.raises(RuntimeError, match="page lost"):
        write_links(door, instance.pk, "Account", broken())
    assert write_links(door, instance.pk, "Account", rows([1])) == 1


def test_a_look_up_right_after_the_first_load_reads_only_the_keys_it_asks_for(door, instance):
    write_links(door, instance.pk, "Account", rows(range(999)))  # and nobody has gathered statistics yet
    links = door.links(instance).filter(entity="Account", billing_key__in=[f"A{k}" for k in range(200)])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are quicker read whole
    plan = links.explain()
    assert "store_link_pkey" in plan
    assert "billing_key" in plan.partition("Index Cond")[2].partition("\n")[0]


def test_keys_that_are_not_linked_are_told(door, instance):
    write_links(door, instance.pk, "Account", rows([1, 2]))
    assert unlinked(door, instance.pk, "Account", ["A1", "A3", "A2", "A4"]) == {"A3", "A4"}
    assert unlinked(door, instance.pk, "Contact", ["A1"]) == {"A1"}
    assert unlinked(door, instance.pk, "Account", []) == set()


@pytest.mark.parametrize("key", ["", "a,b", '{"}', "\\", "it's", "unit\x1fseparator", "NULL", "é☃"])
def test_any_text_may_be_asked_for(door, instance, key):
    assert unlinked(door, instance.pk, "Account", [key]) == unlinked(door, instance.pk, "Account", [key, key]) == {key}
    write_links(door, instance.pk, "Account", [(key, ID.format(1), "{}")])
    assert unlinked(door, instance.pk, "Account", [key, "other"]) == {"other"}
    assert salesforce_ids(door, instance.pk, "Account", [key]) == {key: ID.format(1)}
