"""A simulated billing system that speaks Junifer's or Velocity's REST API over seeded data."""

from salesbridge.sandbox.billing.clock import Clock
from salesbridge.sandbox.billing.extract import write_extract
from salesbridge.sandbox.billing.seed import Expectations, Seed
from salesbridge.sandbox.billing.server import RunningBilling, start_in_thread
from salesbridge.sandbox.billing.service import Service, Settings
from salesbridge.sandbox.billing.store import Billing, Change

__all__ = [
    "Billing",
    "Change",
    "Clock",
    "Expectations",
    "RunningBilling",
    "Seed",
    "Service",
    "Settings",
    "start_in_thread",
    "write_extract",
]
