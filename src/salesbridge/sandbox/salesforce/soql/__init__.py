"""SOQL: statements as frozen trees, checked against a schema and run over rows."""

from salesbridge.sandbox.salesforce.soql.parse import parse
from salesbridge.sandbox.salesforce.soql.result import QueryResult
from salesbridge.sandbox.salesforce.soql.run import run_query
from salesbridge.sandbox.salesforce.soql.source import RowSource, Tables
from salesbridge.sandbox.salesforce.soql.unparse import escape, unparse

__all__ = ["QueryResult", "RowSource", "Tables", "escape", "parse", "run_query", "unparse"]
