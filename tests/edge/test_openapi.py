"""The OpenAPI documents describe what the edge really does."""

from __future__ import annotations

import json

import pytest
import schemathesis
from edge_server import billing_tenant, credential
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from salesbridge.edge.gateway.groups import GROUPS
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing

CHECKS = (
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
)  # fmt: skip
FEW = settings(
    max_examples=4, deadline=None, database=None, phases=[Phase.explicit, Phase.generate], derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def explore(document, url, **call):
    """Call every operation a few times and check each answer against the document."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    seen = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @FEW
        @schemathesis_given(operation)
        def probe(case):
            answer = case.call_and_validate(checks=CHECKS, **call)
            seen.append((case.operation.label, answer.status_code))

        probe()
    return seen


def schemathesis_given(operation):
    return given(case=operation.as_strategy())


@pytest.fixture
def plenty(monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_TOKEN_REQUESTS_PER_SECOND", "1000")


def test_the_edges_own_endpoints_answer_as_described(plenty, served, issued):
    document = served.http.get("/openapi.json").json()
    pair = (issued.client.client_id, issued.secret.get_secret_value())
    seen = explore(document, served.url, auth=pair) + explore(document, served.url)

    assert {label for label, _ in seen} == {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert {status for _, status in seen} >= {200, 400, 401}


@pytest.mark.parametrize("product", sorted(GROUPS))
def test_a_products_calls_answer_as_described(served, new_door, product):
    with start_in_thread(Billing(Seed(accounts=5)), Settings(product=product)) as running:
        token = served.token(credential(billing_tenant(new_door, running, product=product)))
        document = served.http.get(f"/api/{product}/openapi.json").json()
        seen = explore(document, f"{served.url}/api/{product}", headers={"Authorization": f"Bearer {token}"})

    assert {status for _, status in seen} >= {200}
    assert len({label for label, _ in seen}) == sum(len(item) for item in document["paths"].values())


@pytest.mark.parametrize("product", sorted(GROUPS))
def test_a_products_document_fits_external_services(served, product):
    answer = served.http.get(f"/api/{product}/openapi.json")
    document = answer.json()
    operations = [each for item in document["paths"].values() for each in item.values()]
    names = [each["operationId"] for each in operations]

    assert len(answer.content) < 100_000
    assert document["openapi"].startswith("3.0")
    assert document["servers"] == [{"url": f"{served.url}/api/{product}"}]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 80 and name.isalnum() for name in names)
    assert "event" not in json.dumps(document["paths"]).lower()


def test_there_is_no_document_of_a_product_that_is_none(served):
    assert served.http.get("/api/siebel/openapi.json").status_code == 404
