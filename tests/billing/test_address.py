"""Where a billing system may be: nothing that only this machine can reach."""

from __future__ import annotations

import pytest

from salesbridge.billing import BillingError
from salesbridge.billing.address import base_url, refuse_internal

INTERNAL = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104 - refused
    "224.0.0.1", "240.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "ff02::1", "2002:7f00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", INTERNAL)
def test_a_name_that_leads_inside_is_refused(address):
    with pytest.raises(BillingError, match="not a public address") as told:
        refuse_internal("https://billing.example/x", allow_loopback=False, resolve=lambda _: [address])
    assert "SALESBRIDGE_BILLING_NETWORKS" in told.value.mend


def test_one_inner_address_among_public_ones_is_enough():
    with pytest.raises(BillingError):
        refuse_internal("https://b.example", allow_loopback=False, resolve=lambda _: ["93.184.215.14", "10.0.0.1"])


@pytest.mark.parametrize("spelling", ["https://127.1", "https://2130706433", "https://0x7f000001", "https://[::1]:443"])
def test_other_spellings_of_this_machine_are_refused(spelling):
    with pytest.raises(BillingError):
        refuse_internal(base_url(spelling, "/rest", allow_loopback=False), allow_loopback=False)


def test_public_addresses_and_unknown_names_pass():
    refuse_internal("https://b.example", allow_loopback=False, resolve=lambda _: ["93.184.215.14", "2606:2800::1"])
    refuse_internal("https://b.example", allow_loopback=False, resolve=lambda _: [])


def test_sandbox_mode_allows_this_machine_and_nothing_else():
    refuse_internal("http://127.0.0.1:9", allow_loopback=True)
    with pytest.raises(BillingError):
        refuse_internal("https://b.example", allow_loopback=True, resolve=lambda _: ["10.0.0.1"])


def test_a_private_network_that_the_operator_names_is_allowed():
    def look(address):
        refuse_internal(
            "https://b.example",
            allow_loopback=False,
            networks=["10.20.0.0/16", "fd12::/16"],
            resolve=lambda _: [address],
        )

    look("10.20.3.4")
    look("fd12::7")
    with pytest.raises(BillingError):
        look("10.21.0.1")
