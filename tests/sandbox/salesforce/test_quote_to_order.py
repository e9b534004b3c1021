"""A sale from product to activated order, as a client makes it over REST, and what the org refuses on the way."""

from __future__ import annotations

import io
import json
import time
import zipfile

import pytest
from sample_package import install_events

TOPIC = "/event/Gentrack_Object_Event__e"
STATUSES = ("Draft", "Needs Review", "In Review", "Approved", "Rejected", "Presented", "Accepted", "Denied")


class Sale:
    """Makes the records of a sale, each by a request of its own."""

    def __init__(self, api):
        self.api = api
        books = self.rows("SELECT Id FROM Pricebook2 WHERE IsStandard = TRUE")
        self.book = books[0]["Id"]
        self.account = self.make("Account", Name="Acme")
        product = self.make("Product2", Name="Power", ProductCode="P1", IsActive=True)
        self.entry = self.make(
            "PricebookEntry", Product2Id=product, Pricebook2Id=self.book, UnitPrice=0.25, IsActive=True
        )
        stage = {"StageName": "Proposal/Price Quote", "CloseDate": "2027-01-31"}
        self.opportunity = self.make("Opportunity", Name="Site", AccountId=self.account, **stage)

    def make(self, sobject, **values):
        answer = self.api.post(f"/sobjects/{sobject}", json=values)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def refusal(self, sobject, id_=None, **values):
        """Code and fields of a refused insert, or of an update where an id is given."""
        path = f"/sobjects/{sobject}" + (f"/{id_}" if id_ else "")
        answer = self.api.request("PATCH" if id_ else "POST", path, json=values)
        assert answer.status_code == 400, answer.text
        [error] = answer.json()
        return error["errorCode"], error["fields"]

    def change(self, sobject, id_, **values):
        answer = self.api.patch(f"/sobjects/{sobject}/{id_}", json=values)
        assert answer.status_code == 204, answer.text

    def rows(self, soql):
        return self.api.get("/query", params={"q": soql}).json()["records"]

    def read(self, sobject, id_):
        return self.api.get(f"/sobjects/{sobject}/{id_}").json()

    def quote(self, **values):
        return self.make("Quote", Name="Q", OpportunityId=self.opportunity, Pricebook2Id=self.book, **values)

    def order(self, **values):
        born = {"AccountId": self.account, "EffectiveDate": "2027-01-01", "Status": "Draft", "Pricebook2Id": self.book}
        return self.make("Order", **{**born, **values})

    def line(self, order, **values):
        return self.make(
            "OrderItem", OrderId=order, PricebookEntryId=self.entry, **{"Quantity": 1, "UnitPrice": 0.25, **values}
        )

    def contract(self, **values):
        return self.make(
            "Contract", **{"AccountId": self.account, "StartDate": "2027-01-01", "ContractTerm": 12, **values}
        )


@pytest.fixture
def sale(api):
    return Sale(api)


def test_a_sale_goes_from_quote_to_activated_order(sale):
    quote = sale.quote(Status="Draft")
    quoted = sale.make("QuoteLineItem", QuoteId=quote, PricebookEntryId=sale.entry, Quantity=2, UnitPrice=0.25)
    for status in ("Presented", "Accepted"):
        sale.change("Quote", quote, Status=status)
    order = sale.order(QuoteId=quote, OpportunityId=sale.opportunity)
    sale.line(order, QuoteLineItemId=quoted, Quantity=2, ServiceDate="2027-01-01", EndDate="2027-12-31")
    sale.change("Opportunity", sale.opportunity, StageName="Closed Won")
    contract = sale.contract()
    sale.change("Order", order, ContractId=contract)
    sale.change("Contract", contract, Status="Activated")
    sale.change("Order", order, Status="Activated")
    shown = sale.read("Order", order)
    assert (shown["StatusCode"], shown["TotalAmount"], shown["QuoteId"]) == ("Activated", 0.5, quote)
    assert sale.read("Quote", quote)["Status"] == "Accepted"
    assert sale.read("Opportunity", sale.opportunity)["IsWon"] is True
    [row] = sale.rows(f"SELECT Quote.Status, (SELECT QuoteLineItemId FROM OrderItems) FROM Order WHERE Id = '{order}'")
    assert row["Quote"]["Status"] == "Accepted"
    assert row["OrderItems"]["records"][0]["QuoteLineItemId"] == quoted


def test_a_quote_can_have_every_status_of_a_new_org(sale):
    quote = sale.quote()
    for status in STATUSES:
        sale.change("Quote", quote, Status=status)
        assert sale.read("Quote", quote)["Status"] == status


def test_a_quote_without_price_book_takes_no_lines_and_may_be_given_one(sale):
    quote = sale.make("Quote", Name="Q", OpportunityId=sale.opportunity)
    line = {"QuoteId": quote, "PricebookEntryId": sale.entry, "Quantity": 1, "UnitPrice": 1}
    assert sale.refusal("QuoteLineItem", **line)[0] == "FIELD_INTEGRITY_EXCEPTION"
    sale.change("Quote", quote, Pricebook2Id=sale.book)
    sale.make("QuoteLineItem", **line)


def test_an_order_takes_no_lines_without_a_price_book(sale):
    order = sale.order(Pricebook2Id=None)
    line = {"OrderId": order, "PricebookEntryId": sale.entry, "Quantity": 1, "UnitPrice": 1}
    assert sale.refusal("OrderItem", **line)[0] == "FIELD_INTEGRITY_EXCEPTION"
    sale.change("Order", order, Pricebook2Id=sale.book)
    sale.make("OrderItem", **line)


def test_the_price_book_of_an_order_is_chosen_once(sale):
    order, other = sale.order(), sale.make("Pricebook2", Name="Other", IsActive=True)
    for book in (other, None):
        assert sale.refusal("Order", order, Pricebook2Id=book) == ("FIELD_INTEGRITY_EXCEPTION", ["Pricebook2Id"])
    sale.change("Order", order, Pricebook2Id=sale.book, Description="as before")


def test_the_contract_of_an_order_is_activated_before_the_order(sale):
    order, contract = sale.order(), sale.contract()
    sale.line(order)
    sale.change("Order", order, ContractId=contract)
    assert sale.refusal("Order", order, Status="Activated")[0] == "FAILED_ACTIVATION"
    sale.change("Contract", contract, Status="Activated")
    sale.change("Order", order, Status="Activated")


@pytest.mark.parametrize(
    ("day", "word"), [("2026-12-31", "earlier than the contract's start"), ("2028-01-01", "later than its contract's")]
)
def test_an_order_starts_within_its_contract(sale, day, word):
    order, contract = sale.order(EffectiveDate=day), sale.contract()
    answer = sale.api.patch(f"/sobjects/Order/{order}", json={"ContractId": contract})
    [error] = answer.json()
    assert (error["errorCode"], error["fields"]) == ("FIELD_INTEGRITY_EXCEPTION", ["EffectiveDate"])
    assert word in error["message"]
    sale.change("Order", order, ContractId=contract, EffectiveDate="2027-12-31")
    assert sale.refusal("Order", order, EffectiveDate=day)[1] == ["EffectiveDate"]


def test_a_contract_without_term_or_start_leaves_the_orders_start_free(sale):
    sale.change("Order", sale.order(EffectiveDate="2040-01-01"), ContractId=sale.contract(ContractTerm=None))
    early = sale.contract(StartDate=None, ContractTerm=None)
    sale.change("Order", sale.order(EffectiveDate="2001-01-01"), ContractId=early)


def test_an_order_and_its_contract_have_one_account_and_price_book(sale):
    order, other = sale.order(), sale.make("Account", Name="Other")
    foreign = sale.contract(AccountId=other)
    assert sale.refusal("Order", order, ContractId=foreign) == ("FIELD_INTEGRITY_EXCEPTION", ["ContractId"])
    priced = sale.contract(Pricebook2Id=sale.make("Pricebook2", Name="Other", IsActive=True))
    assert sale.refusal("Order", order, ContractId=priced) == ("FIELD_INTEGRITY_EXCEPTION", ["ContractId"])
    sale.change("Order", order, ContractId=sale.contract(Pricebook2Id=sale.book))
    assert sale.refusal("Order", order, AccountId=other)[0] == "FIELD_INTEGRITY_EXCEPTION"


def test_status_and_anything_else_do_not_go_together(sale):
    order = sale.order()
    sale.line(order)
    assert sale.refusal("Order", order, Status="Activated", Description="go")[0] == "FAILED_ACTIVATION"
    sale.change("Order", order, Description="go")
    sale.change("Order", order, Status="Activated")


def test_the_lines_of_an_activated_order_are_locked_and_its_contract_too(sale):
    order = sale.order()
    sale.line(order)
    sale.change("Order", order, Status="Activated")
    more = {"OrderId": order, "PricebookEntryId": sale.entry, "Quantity": 1, "UnitPrice": 1}
    assert sale.refusal("OrderItem", **more)[0] == "ENTITY_IS_LOCKED"
    assert sale.refusal("Order", order, ContractId=sale.contract())[0] == "FIELD_INTEGRITY_EXCEPTION"


# -- platform events and triggers ------------------------------------------------------------------------------------


EVENT = "Gentrack_Event__e"
_FIELDS = """
<fields><fullName>Event_Type__c</fullName><label>Type</label><length>255</length><type>Text</type></fields>
<fields><fullName>Attributes__c</fullName><label>More</label><length>32768</length><type>LongTextArea</type>
<visibleLines>3</visibleLines></fields>
<fields><fullName>Happened_At__c</fullName><label>When</label><type>DateTime</type></fields>
"""


def deploy_event(api, behavior):
    xmlns = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
    rest = f"<label>Event</label><pluralLabel>Events</pluralLabel><publishBehavior>{behavior}</publishBehavior>"
    head = "<deploymentStatus>Deployed</deploymentStatus><eventType>HighVolume</eventType>"
    files = {
        f"objects/{EVENT}.object": f"<CustomObject {xmlns}>{head}{_FIELDS}{rest}</CustomObject>",
        "package.xml": f"<Package {xmlns}><types><members>{EVENT}</members><name>CustomObject</name></types>"
        "<version>66.0</version></Package>",
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    options = json.dumps({"deployOptions": {"singlePackage": True, "rollbackOnError": True}})
    parts = {
        "json": (None, options, "application/json"),
        "file": ("deploy.zip", target.getvalue(), "application/zip"),
    }
    made = api.post("/metadata/deployRequest", files=parts).json()["id"]
    end = time.monotonic() + 10
    while not (found := api.get(f"/metadata/deployRequest/{made}").json()["deployResult"])["done"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert found["status"] == "Succeeded", found


@pytest.mark.parametrize("behavior", ["PublishAfterCommit", "PublishImmediately"])
def test_a_deployed_platform_event_is_published_over_rest(api, org, behavior):
    deploy_event(api, behavior)
    values = {
        "Event_Type__c": "switch-loss-started",
        "Attributes__c": '{"a": "b"}',
        "Happened_At__c": "2026-11-23T10:15:00Z",
    }
    answer = api.post(f"/sobjects/{EVENT}", json=values)
    assert (answer.status_code, answer.json()["success"]) == (201, True)
    assert answer.json()["errors"][0]["statusCode"] == "OPERATION_ENQUEUED"
    [told] = org.bus.values(f"/event/{EVENT}")
    assert (told["Event_Type__c"], told["Attributes__c"]) == ("switch-loss-started", '{"a": "b"}')
    assert told["Happened_At__c"] == 1795428900000
    assert api.post(f"/sobjects/{EVENT}", json={"Nothing__c": 1}).status_code == 400


def test_deployed_events_are_published_in_collections_all_or_one_by_one(api, org):
    deploy_event(api, "PublishAfterCommit")
    good = {"attributes": {"type": EVENT}, "Event_Type__c": "good"}
    bad = {"attributes": {"type": EVENT}, "Event_Type__c": "x" * 256}
    results = api.post("/composite/sobjects", json={"allOrNone": True, "records": [good, bad]}).json()
    assert [each["success"] for each in results] == [False, False]
    assert org.bus.values(f"/event/{EVENT}") == []
    results = api.post("/composite/sobjects", json={"records": [good, bad, good]}).json()
    assert [each["success"] for each in results] == [True, False, True]
    assert [told["Event_Type__c"] for told in org.bus.values(f"/event/{EVENT}")] == ["good", "good"]


def test_triggers_on_quote_and_order_tell_what_a_seller_does(demo, sale, org):
    install_events(org, ("Quote", "QuoteLineItem", "Opportunity", "Order", "OrderItem"))
    quote = sale.quote(Status="Draft")
    sale.make("QuoteLineItem", QuoteId=quote, PricebookEntryId=sale.entry, Quantity=2, UnitPrice=0.25)
    sale.change("Quote", quote, Status="Accepted")
    order = sale.order(QuoteId=quote)
    sale.line(order)
    sale.change("Order", order, Description="placed")
    sale.api.delete(f"/sobjects/Order/{order}")
    heard = org.bus.values(TOPIC)
    assert [(each["Operation_Type__c"], each["Object_Type__c"]) for each in heard] == [
        ("insert", "Quote"),
        ("insert", "QuoteLineItem"),
        ("update", "Quote"),
        ("insert", "Order"),
        ("insert", "OrderItem"),
        ("update", "Order"),
        ("delete", "Order"),
    ]
    accepted = heard[2]
    assert json.loads(accepted["Old_Payload__c"])["Status"] == "Draft"
    assert json.loads(accepted["New_Payload__c"])["Status"] == "Accepted"
