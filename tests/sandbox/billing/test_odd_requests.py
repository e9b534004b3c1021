"""Whatever is sent, the system refuses or takes it; it never breaks."""

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesbridge.sandbox.billing import junifer_wire, velocity_wire

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2026-01-01", "Person", "draft", "1.5", "NZD"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["number", "Amount", "Currency", "address", "Line1", "x"]), inner)
    ),
    max_leaves=4,
)


def members(wire, *extra):
    tables = [value for name, value in vars(wire).items() if name.isupper() and isinstance(value, dict)]
    return sorted({name for table in tables for name in table} | set(extra))


JUNIFER = members(junifer_wire, "primaryContact", "primaryAccount", "orderLines", "billingAddress", "name")
VELOCITY = members(velocity_wire, "PrimaryCustomer", "Reason", "PostalAddress", "Lines", "UnitPrice", "Address")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [
            ("POST", "/customers"),
            ("PUT", "/customers/100000001"),
            ("PUT", "/customers/100000001/updateBillingAddress"),
            ("POST", "/accounts"),
            ("PUT", "/accounts/200000001"),
            ("PUT", "/accounts/200000001/primaryContact"),
            ("PUT", "/accounts/200000001/primaryCustomer"),
            ("POST", "/accountCustomers"),
            ("PUT", "/accountCustomers/300000001"),
            ("POST", "/orders"),
            ("PUT", "/orders/700000001"),
            ("PUT", "/orders/700000001/status"),
            ("PUT", "/eventPublishing"),
        ]
    ),
    st.dictionaries(st.sampled_from([*JUNIFER, "enabledFl", "customerNumber"]), ODD, max_size=4),
)
def test_junifer_answers_every_body(junifer, call, body):
    raw = orjson.dumps(body)
    response = junifer.request(*call, content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code in {201, 204, 400}
    assert all(junifer.get(path).status_code == 200 for path in ("/customers", "/accounts", "/orders"))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["Customers", "Accounts", "AccountCustomers", "Products", "Contracts", "ServicePoints", "Orders"]),
    st.booleans(),
    st.dictionaries(st.sampled_from(VELOCITY), ODD, max_size=4),
)
def test_velocity_answers_every_body(velocity, path, create, body):
    row = velocity.get(f"/{path}?pageSize=1").json()["Items"][0]
    key = f"{row['AccountNumber']}:{row['CustomerNumber']}" if path == "AccountCustomers" else next(iter(row.values()))
    method, url = ("POST", f"/{path}") if create else ("PATCH", f"/{path}/{key}")
    raw = orjson.dumps(body)
    response = velocity.request(method, url, content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code in {200, 201, 400, 405}
    assert velocity.get(f"/{path}").status_code == 200


@pytest.mark.parametrize("number", ["C1", "%00", "C٣٣٣٣٣٣٣", "1" * 40, "9" * 13, "ZZ999999999", "a:b:c"])
def test_odd_keys_are_simply_not_found(junifer, velocity, number):
    for path in ("customers/customerNumber", "accounts/accountNumber", "meterPoints/meterPointIdentifier"):
        assert junifer.get(f"/{path}/{number}").status_code == 404
    for path in ("Customers", "AccountCustomers", "ServicePoints", "Orders", "Contracts", "Products"):
        assert velocity.get(f"/{path}/{number}").status_code == 404
