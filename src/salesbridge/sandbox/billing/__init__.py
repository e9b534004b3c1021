"""A simulated billing system that speaks Junifer's or Velocity's REST API over seeded data."""

from salesbridge.sandbox.billing.clock import Clock
from salesbridge.sandbox.billing.extract import write_extract
from salesbridge.sandbox.billing.pace import Pace
from salesbridge.sandbox.billing.problems import RefusedError
from salesbridge.sandbox.billing.provisioning import Provisioning
from salesbridge.sandbox.billing.publisher import Publisher
from salesbridge.sandbox.billing.seed import Expectations, Seed
from salesbridge.sandbox.billing.server import RunningBilling, start_in_thread
from salesbridge.sandbox.billing.service import Service, Settings
from salesbridge.sandbox.billing.signing import SigningKey
from salesbridge.sandbox.billing.store import Billing, Change
from salesbridge.sandbox.billing.subscriptions import Retries, Subscription

__all__ = [
    "Billing",
    "Change",
    "Clock",
    "Expectations",
    "Pace",
    "Provisioning",
    "Publisher",
    "RefusedError",
    "Retries",
    "RunningBilling",
    "Seed",
    "Service",
    "Settings",
    "SigningKey",
    "Subscription",
    "start_in_thread",
    "write_extract",
]
