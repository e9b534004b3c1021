"""The client against the simulated org, over loopback HTTP; the org is built as the independent clients' one is."""

from __future__ import annotations

import csv
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from salesbridge.salesforce import (
    Bulk,
    ClientCredentials,
    JwtBearer,
    PasswordToken,
    Salesforce,
    SalesforceError,
    deploy,
    files,
)
from salesbridge.salesforce.errors import parse_row_error
from salesbridge.sandbox.salesforce.access import ConnectedApp, FieldPermission, PermissionSet
from salesbridge.sandbox.salesforce.org import Org
from salesbridge.sandbox.salesforce.schema import Field
from salesbridge.sandbox.salesforce.seed import seed
from salesbridge.sandbox.salesforce.server import start_in_thread
from salesbridge.sandbox.salesforce.standard import standard_sobjects

KEY = Field("Ext__c", "Ext", "string", length=40, custom=True, external_id=True, unique=True, id_lookup=True)


@pytest.fixture(scope="module")
def private_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def org(private_key):
    org = Org(standard_sobjects())
    seed(org)
    for sobject in ("Account", "Contact"):
        org.schema.add_field(sobject, KEY)
    grants = {f"{sobject}.Ext__c": FieldPermission(readable=True, editable=True) for sobject in ("Account", "Contact")}
    org.directory.add_permission_set(PermissionSet("Bridge", fields=grants))
    user = org.directory.add_user(
        "bridge@acme.example", password="pw", security_token="T0k3n", permissions={"ModifyMetadata", "ViewSetup"}
    )
    org.directory.assign(user.id, "Bridge")
    public = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app = ConnectedApp("Bridge", "consumer", "secret", run_as=user.id, certificate=public.decode())
    org.directory.add_app(app)
    return org


@pytest.fixture
def running(org):
    with start_in_thread(org) as running:
        yield running


def client(url: str, **changes: object) -> Salesforce:
    return Salesforce(replace(ClientCredentials(url, "consumer", SecretStr("secret")), **changes), allow_loopback=True)


@pytest.fixture
def salesforce(running):
    with client(running.url) as salesforce:
        yield salesforce


def test_client_credentials_lead_to_the_org(salesforce):
    found = salesforce.org()

    assert found.username == "bridge@acme.example"
    assert (len(found.org_id), found.user_id[:3]) == (18, "005")
    assert salesforce.usage.used is not None
    assert "66.0" in salesforce.versions()


def test_the_password_flow_and_the_jwt_bearer_lead_there_too(running, private_key):
    password = PasswordToken(
        running.url, "bridge@acme.example", SecretStr("pw"), SecretStr("T0k3n"), "consumer", SecretStr("secret")
    )
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    bearer = JwtBearer(running.url, "bridge@acme.example", "consumer", SecretStr(pem.decode()))
    for credentials in (password, bearer):
        with Salesforce(credentials, allow_loopback=True) as salesforce:
            assert salesforce.org().username == "bridge@acme.example"


@pytest.mark.parametrize(
    ("change", "code", "mend"),
    [
        ({"consumer_secret": SecretStr("wrong")}, "invalid_client", "Consumer Secret"),
        ({"consumer_key": "wrong"}, "invalid_client_id", "Consumer Key"),
    ],
)
def test_wrong_credentials_name_the_field_to_mend(running, change, code, mend):
    with client(running.url, **change) as salesforce, pytest.raises(SalesforceError) as caught:
        salesforce.org()

    assert (caught.value.kind, caught.value.code) == ("authentication", code)
    assert mend in caught.value.mend


def test_a_wrong_password_names_password_and_token(running):
    wrong = PasswordToken(
        running.url, "bridge@acme.example", SecretStr("pw"), SecretStr(""), "consumer", SecretStr("secret")
    )
    with Salesforce(wrong, allow_loopback=True) as salesforce, pytest.raises(SalesforceError) as caught:
        salesforce.org()

    assert "security token" in caught.value.mend


def test_an_app_without_a_run_as_user_is_told(org, running):
    org.directory.add_app(ConnectedApp("Nobody", "nobody", "secret"))
    with client(running.url, consumer_key="nobody") as salesforce, pytest.raises(SalesforceError) as caught:
        salesforce.org()

    assert "Run As" in caught.value.mend


def test_client_credentials_at_the_common_login_host_are_sent_to_my_domain(org, running):
    org.settings.login_host = "127.0.0.1"
    with client(running.url) as salesforce, pytest.raises(SalesforceError) as caught:
        salesforce.org()

    assert caught.value.kind == "authentication"
    assert "My Domain" in caught.value.mend


def test_a_blocked_password_flow_names_the_setting(org, running):
    org.settings.password_flow_blocked = True
    login = PasswordToken(
        running.url, "bridge@acme.example", SecretStr("pw"), SecretStr("T0k3n"), "consumer", SecretStr("secret")
    )
    with Salesforce(login, allow_loopback=True) as salesforce, pytest.raises(SalesforceError) as caught:
        salesforce.org()

    assert "Allow OAuth Username-Password Flows" in caught.value.mend


def test_a_user_without_api_access_is_told_the_permission(org, running):
    org.directory.user_named("bridge@acme.example").api_enabled = False
    with client(running.url) as salesforce, pytest.raises(SalesforceError) as caught:
        salesforce.org()

    assert "API Enabled" in caught.value.mend


def test_an_unreachable_api_version_is_told(org, running):
    old = Salesforce(
        ClientCredentials(running.url, "consumer", SecretStr("secret")), allow_loopback=True, api_version="29.0"
    )
    with old, pytest.raises(SalesforceError) as caught:
        old.describe_global()

    assert caught.value.kind == "permanent"
    assert "API version" in caught.value.mend


def test_an_expiry_under_many_threads_costs_one_sign_in(org, salesforce):
    salesforce.org()
    before = salesforce.usage.by_kind["login"]
    org.faults.arm("session_expires")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: list(salesforce.query("SELECT Id FROM Organization")), range(24)))

    assert all(len(rows) == 1 for rows in results)
    assert salesforce.usage.by_kind["login"] == before + 1


def test_a_passing_unavailability_is_not_noticed(org, salesforce):
    org.faults.arm("unavailable", times=2)

    assert len(list(salesforce.query("SELECT Id FROM Organization"))) == 1


def test_a_write_cut_off_after_its_commit_is_told_as_unknown_and_not_repeated(org, salesforce):
    org.faults.arm("cut_after_commit")
    with pytest.raises(SalesforceError) as caught:
        salesforce.create("Account", {"Name": "Once", "Ext__c": "A1"})

    assert caught.value.unknown_outcome
    assert [row["Name"] for row in salesforce.query("SELECT Name FROM Account WHERE Ext__c = 'A1'")] == ["Once"]


def test_an_exhausted_allowance_is_throttled(org, salesforce):
    org.faults.arm("limit_exceeded", times=None)
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe_global()

    assert (caught.value.kind, caught.value.code) == ("throttled", "REQUEST_LIMIT_EXCEEDED")
    assert caught.value.retry_after


def test_records_live_and_die_by_rest(salesforce):
    key = "A/1 +?&#%ä"
    first = salesforce.upsert("Account", "Ext__c", key, {"Name": "One", "Fax": "1"})
    second = salesforce.upsert("Account", "Ext__c", key, {"Ext__c": key, "Fax": None})

    assert (first.created, second.created, first.id == second.id) == (True, False, True)
    assert salesforce.get_by("Account", "Ext__c", key, ["Name", "Fax"])["Fax"] is None
    salesforce.update("Account", first.id, {"Name": "Two"})
    assert salesforce.get("Account", first.id)["Name"] == "Two"
    salesforce.delete("Account", first.id)
    with pytest.raises(SalesforceError) as caught:
        salesforce.delete("Account", first.id)
    assert (caught.value.code, caught.value.status) == ("ENTITY_IS_DELETED", 404)


def test_a_collection_tells_each_row_its_fate(salesforce):
    rows = [{"Ext__c": f"A{n}", "Name": f"Account {n}"} for n in range(199)] + [{"Ext__c": "bad", "Name": "x" * 300}]
    results = salesforce.collections("upsert", "Account", rows, "Ext__c")

    assert [result.success for result in results] == [True] * 199 + [False]
    assert results[-1].errors[0].code == "STRING_TOO_LONG"
    assert salesforce.usage.by_kind["collections"] == 1
    deleted = salesforce.collections("delete", "Account", [{"Id": result.id} for result in results[:5]])
    assert all(result.success for result in deleted)
    found = salesforce.retrieve("Account", [results[0].id, results[9].id], ["Ext__c"])
    assert [row and row["Ext__c"] for row in found.values()] == [None, "A9"]


def test_a_query_runs_over_its_pages(org, salesforce):
    user = next(org.rows("User"))["Id"]
    org.save("insert", "Account", [{"Name": f"N{n}"} for n in range(4100)], user=user)

    assert len({row["Id"] for row in salesforce.query("SELECT Id FROM Account")}) == 4100
    assert salesforce.usage.by_kind["query"] == 3
    assert salesforce.count("SELECT count() FROM Account") == 4100


def test_describes_are_asked_for_once(salesforce):
    fields = {field["name"] for field in salesforce.describe("Account")["fields"]}
    salesforce.describe("Account", fresh=True)

    assert {"Name", "Ext__c"} <= fields
    assert salesforce.usage.by_kind["describe"] == 2
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe("Nothing__c")
    assert caught.value.code == "NOT_FOUND"


def ingest(bulk: Bulk, path, **job: str):
    created = bulk.create(**job)
    bulk.upload(created.id, path)
    bulk.close(created.id)
    return bulk.wait(created.id, poll=0.05, timeout=30)


def test_a_bulk_upsert_adds_up(salesforce, tmp_path):
    path = tmp_path / "accounts.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["Ext__c", "Name"])
        writer.writerows((f"A{n}", f'Zoë "{n}",\nLtd') for n in range(2500))
        writer.writerow(["bad", "x" * 300])
    bulk = Bulk(salesforce)
    job = ingest(bulk, path, sobject="Account", operation="upsert", external_id="Ext__c")
    good, bad = list(bulk.results(job.id, "successful")), list(bulk.results(job.id, "failed"))

    assert (job.state, job.processed, job.failed) == ("JobComplete", 2501, 1)
    assert good[0][:2] == ["sf__Id", "sf__Created"]
    assert {row[3] for row in good[1:]} == {f'Zoë "{n}",\nLtd' for n in range(2500)}
    assert parse_row_error(bad[1][bad[0].index("sf__Error")]).code == "STRING_TOO_LONG"
    assert len(list(bulk.results(job.id, "unprocessed"))) <= 1
    assert job.id in {found.id for found in bulk.jobs()}
    bulk.delete(job.id)


def test_a_bulk_job_with_an_unknown_column_fails_with_its_reason(salesforce, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("Ext__c,Nonsense__c\nA1,1\n")
    job = ingest(Bulk(salesforce), path, sobject="Account", operation="upsert", external_id="Ext__c")

    assert job.state == "Failed"
    assert "Nonsense__c" in job.error.message


def test_rows_locked_by_others_are_worth_another_try(org, salesforce, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("Ext__c,Name\nA1,One\nA2,Two\n")
    org.faults.arm("lock_rows", times=None)
    bulk = Bulk(salesforce)
    job = ingest(bulk, path, sobject="Account", operation="upsert", external_id="Ext__c")
    header, *failed = bulk.results(job.id, "failed")
    errors = {parse_row_error(row[header.index("sf__Error")]) for row in failed}

    assert job.failed == len(failed) == 2
    assert {(error.code, error.kind) for error in errors} == {("UNABLE_TO_LOCK_ROW", "transient")}


def test_a_job_that_fails_as_a_whole_says_why_and_leaves_no_row_untold(org, salesforce, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("Ext__c,Name\nA1,One\nA2,Two\n")
    org.faults.arm("job_failed")
    bulk = Bulk(salesforce)
    job = ingest(bulk, path, sobject="Account", operation="upsert", external_id="Ext__c")
    told = sum(len(list(bulk.results(job.id, which))[1:]) for which in ("successful", "failed", "unprocessed"))

    assert job.state == "Failed"
    assert job.error.mend
    assert told == 2


def test_a_bulk_query_gives_every_row_once(org, salesforce):
    user = next(org.rows("User"))["Id"]
    org.save("insert", "Account", [{"Name": f"N{n}"} for n in range(3000)], user=user)
    header, *rows = Bulk(salesforce).query("SELECT Id, Name FROM Account", poll=0.05)

    assert header == ["Id", "Name"]
    assert len({row[0] for row in rows}) == 3000


def test_a_job_can_be_aborted_and_an_upload_repeated_is_refused(salesforce, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("Ext__c,Name\nA1,One\n")
    bulk = Bulk(salesforce)
    job = bulk.create("Account", "insert")
    bulk.upload(job.id, path)
    with pytest.raises(SalesforceError):
        bulk.upload(job.id, path)

    assert bulk.abort(job.id).state == "Aborted"


def test_a_file_is_stored_and_a_package_checked(salesforce, tmp_path):
    path = tmp_path / "report.csv"
    path.write_text("a,b\n1,2\n")
    stored = files.upload(salesforce, "Report", path)

    assert stored.content_version_id.startswith("068")
    assert stored.url.endswith(f"/lightning/r/ContentDocument/{stored.content_document_id}/view")


FIELD = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><fields><fullName>Tier__c</fullName><label>Tier</label>
<type>Text</type><length>{length}</length></fields></CustomObject>"""
MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types><members>Account.Tier__c</members>
<name>CustomField</name></types><version>66.0</version></Package>"""


def package(length: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("package.xml", MANIFEST)
        archive.writestr("objects/Account.object", FIELD.format(length=length))
    return data.getvalue()


def test_a_package_is_deployed_and_its_faults_told(salesforce):
    good = deploy.wait(salesforce, deploy.deploy(salesforce, package("20")), poll=0.05)
    bad = deploy.wait(salesforce, deploy.deploy(salesforce, package("99999")), poll=0.05)

    assert (good.success, good.findings) == (True, ())
    assert not bad.success
    assert bad.findings[0].component == "Account.Tier__c"
    names = [
        row["QualifiedApiName"]
        for row in salesforce.tooling_query(
            "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Account'"
        )
    ]
    assert "Tier__c" in names


def test_a_certificate_of_a_private_authority_is_trusted_only_when_named(org, tmp_path):
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    pem = str(tmp_path / "server.pem")
    with start_in_thread(org, certfile=pem, keyfile=pem) as running:
        credentials = ClientCredentials(running.url, "consumer", SecretStr("secret"))
        with Salesforce(credentials, allow_loopback=True, ca_file=tmp_path / "ca.pem") as salesforce:
            assert salesforce.org().username == "bridge@acme.example"
        with Salesforce(credentials, allow_loopback=True) as salesforce, pytest.raises(SalesforceError) as caught:
            salesforce.org()

    assert (caught.value.code, caught.value.kind) == ("TLS", "permanent")
    assert "ca_file" in caught.value.mend
