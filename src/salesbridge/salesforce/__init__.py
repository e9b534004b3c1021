"""The Salesforce client: sign-in, REST, Bulk API 2.0, deployment, files; thin, typed, streaming."""

from __future__ import annotations

from salesbridge.salesforce.auth import ClientCredentials, Credentials, JwtBearer, PasswordToken
from salesbridge.salesforce.bulk import Bulk, Job
from salesbridge.salesforce.errors import RowError, SalesforceError
from salesbridge.salesforce.rest import OrgInfo, RowResult, Salesforce, Upserted
from salesbridge.salesforce.usage import Usage

__all__ = [
    "Bulk",
    "ClientCredentials",
    "Credentials",
    "Job",
    "JwtBearer",
    "OrgInfo",
    "PasswordToken",
    "RowError",
    "RowResult",
    "Salesforce",
    "SalesforceError",
    "Upserted",
    "Usage",
]
