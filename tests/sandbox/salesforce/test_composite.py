from __future__ import annotations

import pytest

BASE = "/services/data/v66.0"


def part(reference, method, path, body=None, **more):
    sent = {"method": method, "url": BASE + path, "referenceId": reference, **more}
    return sent if body is None else {**sent, "body": body}


@pytest.fixture
def composite(api):
    def run(*parts, **options):
        return api.post("/composite", json={"compositeRequest": list(parts), **options})

    return run


def answers(response):
    assert response.status_code == 200, response.text
    return response.json()["compositeResponse"]


def test_later_parts_may_refer_to_earlier_ones(composite, org):
    made, child, read = answers(
        composite(
            part("acc", "PATCH", "/sobjects/Account/Ext__c/A1", {"Name": "n"}),
            part("con", "POST", "/sobjects/Contact", {"LastName": "Ng", "AccountId": "@{acc.id}"}),
            part("read", "GET", "/sobjects/Account/@{acc.id}?fields=Name"),
        )
    )
    assert (made["httpStatusCode"], child["httpStatusCode"], read["httpStatusCode"]) == (201, 201, 200)
    assert made["httpHeaders"]["Location"] == f"{BASE}/sobjects/Account/{made['body']['id']}"
    assert read["body"]["Name"] == "n"
    assert org.get("Contact", child["body"]["id"])["AccountId"] == made["body"]["id"]


def test_references_reach_into_query_results(composite, make):
    account = make("Account", Name="n")
    _, read = answers(
        composite(
            part("q", "GET", "/query?q=SELECT+Id+FROM+Account"),
            part("r", "GET", "/sobjects/Account/@{q.records[0].Id}"),
        )
    )
    assert read["body"]["Id"] == account


def test_without_all_or_none_only_dependent_parts_are_halted(composite, org):
    bad, dependent, other = answers(
        composite(
            part("a", "POST", "/sobjects/Account", {"Phone": "1"}),
            part("c", "POST", "/sobjects/Contact", {"LastName": "Ng", "AccountId": "@{a.id}"}),
            part("o", "POST", "/sobjects/Account", {"Name": "n"}),
        )
    )
    assert bad["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert dependent["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert "No value for a.id found in a" in dependent["body"][0]["message"]
    assert other["httpStatusCode"] == 201
    assert org.count("Account") == 1


def test_with_all_or_none_one_failure_undoes_and_halts_the_rest(composite, org):
    first, bad, last = answers(
        composite(
            part("a", "POST", "/sobjects/Account", {"Name": "n"}),
            part("c", "POST", "/sobjects/Contact", {}),
            part("z", "POST", "/sobjects/Account", {"Name": "z"}),
            allOrNone=True,
        )
    )
    assert [each["httpStatusCode"] for each in (first, bad, last)] == [400, 400, 400]
    assert bad["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    message = "The transaction was rolled back since another operation in the same transaction failed."
    halted = [{"errorCode": "PROCESSING_HALTED", "message": message}]
    assert first["body"] == last["body"] == halted
    assert org.count("Account") == 0


def test_a_collection_inside_may_say_success_and_still_be_rolled_back(composite, org):
    records = [{"attributes": {"type": "Account"}, **values} for values in ({"Name": "n"}, {"Phone": "1"})]
    inner, after = answers(
        composite(
            part("rows", "POST", "/composite/sobjects", {"allOrNone": False, "records": records}),
            part("a", "POST", "/sobjects/Account", {"Name": "m"}),
            allOrNone=True,
        )
    )
    assert [each["success"] for each in inner["body"]] == [True, False]
    assert after["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert org.count("Account") == 0


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part(f"p{number}", "GET", "/limits") for number in range(26)],
        [part(f"p{number}", "GET", "/query?q=SELECT+Id+FROM+Account") for number in range(6)],
        [part("same", "GET", "/limits"), part("same", "GET", "/limits")],
        [part("bad[1]", "GET", "/limits")],
        [part("a", "get", "/limits")],
        [part("a", "GET", "/limits", httpHeaders={"Authorization": "Bearer x"})],
        [{"method": "GET", "url": "/limits", "referenceId": "a"}],
    ],
)
def test_a_malformed_request_fails_as_a_whole(composite, parts):
    response = composite(*parts)
    assert response.status_code == 400
    assert "errorCode" in response.json()[0]


def test_a_part_may_carry_its_own_conditions(composite, make):
    id_ = make("Account", Name="n")
    guarded = part("a", "PATCH", f"/sobjects/Account/{id_}", {"Name": "m"}, httpHeaders={"If-Match": '"x"'})
    assert answers(composite(guarded))[0]["httpStatusCode"] == 412


def test_a_composite_request_is_one_call_and_a_batch_as_many_as_it_has_parts(composite, api, org):
    composite(part("a", "GET", "/limits"), part("b", "GET", "/limits"))
    assert org.limits.used() == 1
    api.post("/composite/batch", json={"batchRequests": [{"method": "GET", "url": "v66.0/limits"}] * 3})
    assert org.limits.used() == 4


# -- batch -----------------------------------------------------------------------------------------------------------


def batch(api, *parts, **options):
    response = api.post("/composite/batch", json={"batchRequests": list(parts), **options})
    assert response.status_code == 200, response.text
    return response.json()


def test_a_batch_keeps_what_succeeded(api, make, org):
    path = f"v66.0/sobjects/account/{make('Account', Name='n')}"
    body = batch(
        api,
        {"method": "PATCH", "url": path, "richInput": {"Name": "m"}},
        {"method": "GET", "url": "v66.0/sobjects/Account/0018e0000009999AAA"},
        {"method": "GET", "url": path + "?fields=Name"},
    )
    assert body["hasErrors"] is True
    assert body["results"][0] == {"statusCode": 204, "result": None}
    assert body["results"][1]["statusCode"] == 404
    assert body["results"][2]["result"]["Name"] == "m"


def test_a_batch_can_halt_on_the_first_error(api):
    parts = [{"method": "GET", "url": "v66.0/sobjects/Nope"}, {"method": "GET", "url": "v66.0/limits"}]
    results = batch(api, *parts, haltOnError=True)["results"]
    assert results[1]["statusCode"] == 412
    assert results[1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


def test_a_batch_reaches_no_later_version(anonymous, token):
    sent = {"batchRequests": [{"method": "GET", "url": "v66.0/limits"}]}
    headers = {"Authorization": f"Bearer {token}"}
    assert anonymous.post("/services/data/v60.0/composite/batch", json=sent, headers=headers).status_code == 400


# -- graph -----------------------------------------------------------------------------------------------------------


def test_each_graph_succeeds_or_fails_as_a_whole(api, org):
    good = [
        part("a", "POST", "/sobjects/Account", {"Name": "n"}),
        part("c", "POST", "/sobjects/Contact", {"LastName": "Ng", "AccountId": "@{a.id}"}),
    ]
    bad = [part("a", "POST", "/sobjects/Account", {"Name": "n"}), part("c", "POST", "/sobjects/Contact", {})]
    sent = {"graphs": [{"graphId": "1", "compositeRequest": good}, {"graphId": "2", "compositeRequest": bad}]}
    one, two = api.post("/composite/graph", json=sent).json()["graphs"]
    assert (one["graphId"], one["isSuccessful"]) == ("1", True)
    assert (two["graphId"], two["isSuccessful"]) == ("2", False)
    assert len(one["graphResponse"]["compositeResponse"]) == 2
    assert org.count("Account") == 1


def test_a_graph_holds_only_records(api):
    sent = {"graphs": [{"graphId": "1", "compositeRequest": [part("a", "GET", "/limits")]}]}
    assert api.post("/composite/graph", json=sent).status_code == 400


def test_a_graph_is_at_most_15_nodes_deep_and_of_15_kinds(api, org):
    def send(nodes):
        return api.post("/composite/graph", json={"graphs": [{"graphId": "1", "compositeRequest": nodes}]})

    def chain(length):
        first = part("n0", "POST", "/sobjects/Account", {"Name": "n"})
        later = range(1, length)
        bodies = {number: {"Name": "n", "ParentId": f"@{{n{number - 1}.id}}"} for number in later}
        return [first, *(part(f"n{number}", "POST", "/sobjects/Account", bodies[number]) for number in later)]

    assert send(chain(15)).json()["graphs"][0]["isSuccessful"] is True
    assert send(chain(16)).status_code == 400
    assert send([part(f"n{number}", "POST", f"/sobjects/X{number}__c", {}) for number in range(16)]).status_code == 400


# -- tree ------------------------------------------------------------------------------------------------------------


def tree(kind, **values):
    return {"attributes": {"type": kind, "referenceId": values.pop("ref")}, **values}


def test_a_tree_saves_children_under_their_parents(api, org):
    children = {"records": [tree("Contact", ref="c1", lastname="Ng"), tree("Contact", ref="c2", lastname="Oe")]}
    response = api.post(
        "/composite/tree/Account", json={"records": [tree("Account", ref="a1", name="n", Contacts=children)]}
    )
    assert response.status_code == 201
    body = response.json()
    assert body["hasErrors"] is False
    ids = {each["referenceId"]: each["id"] for each in body["results"]}
    assert set(ids) == {"a1", "c1", "c2"}
    assert org.get("Contact", ids["c2"])["AccountId"] == ids["a1"]


def test_a_tree_with_a_bad_record_saves_nothing(api, org):
    children = {"records": [tree("Contact", ref="c1", lastname="Ng", Email="123")]}
    response = api.post(
        "/composite/tree/Account", json={"records": [tree("Account", ref="a1", name="n", Contacts=children)]}
    )
    assert response.status_code == 400
    error = {"statusCode": "INVALID_EMAIL_ADDRESS", "message": "Email: invalid email address: 123", "fields": ["Email"]}
    assert response.json() == {"hasErrors": True, "results": [{"referenceId": "c1", "errors": [error]}]}
    assert org.count("Account") == 0
