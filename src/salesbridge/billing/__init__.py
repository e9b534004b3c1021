"""The billing systems: one port, two dialects (Junifer and Velocity) and the extract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import httpx2
from pydantic import SecretStr

from salesbridge.billing.address import base_url as checked
from salesbridge.billing.address import refuse_internal
from salesbridge.billing.client import BillingApi
from salesbridge.billing.dialect import Dialect
from salesbridge.billing.extract import EXTRACT_KINDS, Extract
from salesbridge.billing.extract_check import Finding
from salesbridge.billing.junifer import Junifer
from salesbridge.billing.paths import Native, merged
from salesbridge.billing.port import KEYS, KINDS, Billing, BillingError, Malformed, Page, System
from salesbridge.billing.velocity import Velocity
from salesbridge.billing.versions import supported

Product = Literal["junifer", "velocity"]
DIALECTS: Final[Mapping[Product, Dialect]] = {"junifer": Junifer(), "velocity": Velocity()}


def connect(
    product: Product,
    base_url: str,
    *,
    username: str | None,
    api_key: SecretStr,
    overrides: Mapping[str, str] | None = None,
    http: httpx2.Client | None = None,
    ca_file: Path | None = None,
    allow_loopback: bool = False,
    networks: Sequence[str] = (),
) -> BillingApi:
    """Opens a tenant's billing system; nothing is sent yet.

    Args:
        product: Which dialect it speaks.
        base_url: Host and path of the API; a bare host gets the product's usual path.
        username: The API user; Junifer needs it.
        api_key: Its key.
        overrides: The tenant's own paths, such as ``{"customer.list": "/people"}``.
        http: A client to use instead of our own; the caller closes it.
        ca_file: PEM file of authorities to trust beside the system's.
        allow_loopback: Sandbox mode: addresses of this machine, also with plain http, are allowed.
        networks: Networks that are not public and all the same allowed, such as ``10.20.0.0/16``.

    Raises:
        BillingError: The base URL, the overrides or the credentials cannot be used.
    """
    dialect = DIALECTS[product]
    if http is None:
        address = checked(base_url, dialect.base_path, allow_loopback=allow_loopback)
        refuse_internal(address, allow_loopback=allow_loopback, networks=networks)
    return BillingApi(
        dialect,
        base_url,
        username=username,
        api_key=api_key,
        overrides=overrides,
        http=http,
        ca_file=ca_file,
        allow_loopback=allow_loopback,
    )


def open_extract(folder: Path) -> Extract:
    """Opens a folder of exported files.

    Raises:
        BillingError: It is not a folder.
    """
    return Extract(folder)


__all__ = [
    "DIALECTS",
    "EXTRACT_KINDS",
    "KEYS",
    "KINDS",
    "Billing",
    "BillingApi",
    "BillingError",
    "Dialect",
    "Extract",
    "Finding",
    "Malformed",
    "Native",
    "Page",
    "Product",
    "System",
    "connect",
    "merged",
    "open_extract",
    "supported",
]
