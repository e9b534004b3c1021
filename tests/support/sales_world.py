"""What sales people and billing do in tests of sales, and what both sides hold of a sale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from live_world import EXT, LiveWorld

from salesbridge.model.kinds.market import mpan_check_digit
from salesbridge.store.models import Problem, Sale
from salesbridge.store.sales import timeline

#: A day that has come, so that contracts are activated with their orders.
START = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()


def mpan(number):
    """A valid electricity meter point that billing does not know."""
    core = f"99{number:010}"
    return core + mpan_check_digit(core)


@dataclass
class SalesWorld(LiveWorld):
    """A live world with sales people."""

    def standard_book(self):
        (book,) = self.person.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")
        return book["Id"]

    def price(self, service="Electricity"):
        """A standard price of a product that billing sells, and the product's code."""
        codes = [p["code"] for p in self.billing.billing.records("products") if p["active"]]
        rows = self.person.query(
            f"SELECT Id, UnitPrice, Product2.{EXT}, Product2.Family FROM PricebookEntry WHERE IsActive = true"
        )
        found = [r for r in rows if r["Product2"][EXT] in codes and r["Product2"]["Family"] == service]
        return min(found, key=lambda r: r["Product2"][EXT])

    def prospect(self, name="Northwind", category="Commercial", *, contact=True):
        account = self.person.create("Account", {"Name": name, "Account_Class__c": category})
        if contact:
            self.person.create("Contact", {"AccountId": account, "LastName": "Archer", "FirstName": "Isla"})
        return account

    def opportunity(self, account):
        values = {"Name": "New supply", "StageName": "Prospecting", "CloseDate": "2026-12-31", "AccountId": account}
        return self.person.create("Opportunity", {**values, "Pricebook2Id": self.standard_book()})

    def quote(self, account, point=None):
        quote = self.person.create("Quote", {"Name": "Offer", "OpportunityId": self.opportunity(account)})
        price = self.price()
        line = {"QuoteId": quote, "PricebookEntryId": price["Id"], "Quantity": 1, "UnitPrice": price["UnitPrice"]}
        supply = {"Gentrack_Service_Point__c": point or mpan(1), "Gentrack_Start_Date__c": START}
        self.person.create("QuoteLineItem", {**line, **supply})
        return quote

    def order(self, account, point=None, quantity=1, **more):
        """An order with a line, not placed yet."""
        values = {"AccountId": account, "EffectiveDate": START, "Status": "Draft", "Pricebook2Id": self.standard_book()}
        order = self.person.create("Order", {**values, **more})
        self.line(order, point or mpan(1), quantity)
        return order

    def line(self, order, point, quantity=1):
        price = self.price()
        line = {"OrderId": order, "PricebookEntryId": price["Id"], "Quantity": quantity}
        supply = {"UnitPrice": price["UnitPrice"], "Gentrack_Service_Point__c": point, "ServiceDate": START}
        return self.person.create("OrderItem", {**line, **supply})

    def place(self, order, *, placed=True):
        self.person.update("Order", order, {"Gentrack_Placed__c": placed})

    def raise_order(self, account=None, point=None, **values):
        """An order that somebody raises in billing; its number."""
        account = account or min(self.rows("Account"))
        product = self.price()["Product2"][EXT]
        line = {"product_code": product, "quantity": 1, "service_point": point or mpan(2), "from_date": START}
        line["unit_price"] = "0.2500"
        made = self.billing.billing.create("orders", {"account_number": account, "lines": [line], **values})
        return made["number"]

    def move(self, number, *statuses):
        for status in statuses:
            record = self.billing.billing.find("orders", number)
            self.billing.billing.update("orders", record["id"], {"status": status}, source="person")

    def org_row(self, sobject, record_id):
        return self.org.org.get(sobject, record_id)

    def billing_orders(self):
        return [r for r in self.billing.billing.records("orders") if r.get("external_reference")]

    def sale(self, **filters):
        return self.door.rows(Sale).get(instance=self.instance, **filters)

    def sales(self):
        return list(self.door.rows(Sale).filter(instance=self.instance).order_by("started_at"))

    def steps(self, sale):
        return [step.step for step in timeline(self.door, sale) if step.outcome == "done"]

    def problems(self):
        return list(self.door.problems.filter(instance=self.instance).exclude(state=Problem.State.SOLVED))

    def run(self):
        """Hear and deliver until both sides are quiet."""
        self.later(seconds=20)
        self.quiesce()
