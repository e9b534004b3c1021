from __future__ import annotations

import pickle
import re

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.salesforce.advice import ADVICE, advice_for
from salesbridge.salesforce.errors import RowError, job_error, parse_row_error, rest_error, row_errors
from salesbridge.salesforce.oauth_errors import oauth_error

CODES = st.sampled_from(sorted(ADVICE))
FIELDS = st.lists(st.from_regex(re.compile(r"[A-Za-z][A-Za-z0-9_]{0,20}", re.ASCII), fullmatch=True), max_size=3)


def refused(status: int, body: object = None, **kwargs: object) -> httpx2.Response:
    return httpx2.Response(status, json=body, request=httpx2.Request("POST", "https://x.salesforce.com/"), **kwargs)


@given(code=CODES, message=st.text(), fields=FIELDS)
def test_a_failed_rows_error_is_read_back_whatever_its_message(code, message, fields):
    text = f"{code}:{message}:{','.join(fields)} --"

    assert parse_row_error(text) == RowError(code, message, tuple(fields))


@given(st.text())
def test_no_text_in_the_error_column_breaks_the_parser(text):
    assert isinstance(parse_row_error(text), RowError)


def test_the_message_of_a_failed_row_keeps_its_colons():
    error = parse_row_error("UNABLE_TO_LOCK_ROW:unable to obtain access to 2 records: 001A,001B:--")

    assert error == RowError("UNABLE_TO_LOCK_ROW", "unable to obtain access to 2 records: 001A,001B")
    assert error.kind == "transient"


def test_a_collections_item_speaks_of_status_code():
    errors = row_errors([{"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}])

    assert errors == (RowError("DUPLICATES_DETECTED", "Use one of these records?"),)
    assert "duplicate rule" in errors[0].mend


@pytest.mark.parametrize("spelling", ["INVALID_JOB_STATE", "InvalidJobState", "INVALIDJOBSTATE"])
def test_bulk_codes_are_known_in_every_spelling(spelling):
    assert advice_for(spelling) is ADVICE["INVALID_JOB_STATE"]


def test_a_jobs_error_message_is_code_and_text():
    error = job_error("InvalidBatch : Field name not found : Foo__c")

    assert (error.code, error.message) == ("InvalidBatch", "Field name not found : Foo__c")
    assert "columns" in error.mend


def test_every_code_has_a_mend_that_is_a_sentence():
    assert all(advice.mend.endswith(".") and len(advice.mend) > 20 for advice in ADVICE.values())


def test_an_unknown_code_is_permanent_so_that_a_person_sees_it():
    assert advice_for("BRAND_NEW_CODE").kind == "permanent"


def test_the_daily_limit_is_throttled_with_a_long_pause_and_the_concurrent_one_with_a_short():
    daily = rest_error(
        refused(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]), safe=True
    )
    concurrent = rest_error(
        refused(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentPerOrgLongTxn Limit exceeded."}]),
        safe=True,
    )

    assert daily.kind == concurrent.kind == "throttled"
    assert daily.retry_after > concurrent.retry_after > 0


def test_a_retired_version_says_what_to_set():
    error = rest_error(refused(410, [{"errorCode": "UNSUPPORTED_API_VERSION", "message": "gone"}]), safe=True)
    bare = rest_error(httpx2.Response(410, text="", request=httpx2.Request("GET", "https://x/")), safe=True)

    assert error.kind == bare.kind == "permanent"
    assert "API version" in error.mend
    assert "API version" in bare.mend


def test_a_page_of_html_is_told_as_what_it_is():
    response = httpx2.Response(502, html="<h1>Bad gateway</h1>", request=httpx2.Request("GET", "https://x/"))
    error = rest_error(response, safe=True)

    assert error.kind == "transient"
    assert "text/html" in error.message
    assert "<h1>" not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "headers", "unknown"),
    [
        (503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}], {}, False),
        (503, None, {"Retry-After": "2"}, False),
        (503, None, {}, True),
        (500, [{"errorCode": "UNKNOWN_EXCEPTION", "message": "oops"}], {}, True),
        (502, None, {}, True),
        (400, [{"errorCode": "STRING_TOO_LONG", "message": "long"}], {}, False),
    ],
)
def test_a_write_has_an_unknown_outcome_only_where_it_may_have_happened(status, body, headers, unknown):
    error = rest_error(refused(status, body, headers=headers), safe=False)

    assert error.unknown_outcome is unknown


def test_an_error_survives_pickling_with_all_it_knows():
    error = rest_error(
        refused(400, [{"errorCode": "INVALID_FIELD", "message": "No such column", "fields": ["X"]}]), safe=True
    )
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes

    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


@pytest.mark.parametrize(
    ("error", "description", "mend"),
    [
        ("invalid_grant", "authentication failure", "security token"),
        ("invalid_grant", "no client credentials user enabled", "Run As"),
        ("invalid_grant", "request not supported on this domain", "My Domain"),
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorized"),
        ("invalid_grant", "user is not admin approved to access this app", "pre-authorized"),
        ("invalid_grant", "Audience validation failed", "login URL"),
        ("invalid_client_id", "client identifier invalid", "Consumer Key"),
        ("invalid_client", "invalid client credentials", "Consumer Secret"),
        ("invalid_client", "app must be installed into org", "Install the app"),
        ("inactive_user", "user is inactive", "Activate the user"),
        ("unsupported_grant_type", "grant type not supported", "Enable the flow"),
        ("something_new", "whatever", "credentials"),
    ],
)
def test_each_refusal_to_sign_in_names_its_mend(error, description, mend):
    found = oauth_error(refused(400, {"error": error, "error_description": description}))

    assert found.kind == "authentication"
    assert found.code == error
    assert mend in found.mend


def test_too_many_sign_ins_are_throttled():
    assert oauth_error(refused(400, {"error": "rate_limit_exceeded"})).kind == "throttled"


def test_a_login_url_that_is_not_salesforces_is_told_so():
    page = httpx2.Response(404, html="<p>Not here</p>", request=httpx2.Request("POST", "https://x.force.com/"))

    assert oauth_error(page).code == "NOT_SALESFORCE"
    assert "My Domain" in oauth_error(page).mend
