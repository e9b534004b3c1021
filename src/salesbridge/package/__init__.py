"""What is installed in Salesforce, rendered from the data model: custom fields and the connector's permission set."""

from salesbridge.package.archive import archive as archive
from salesbridge.package.permissions import PERMISSION_SET as PERMISSION_SET
from salesbridge.package.render import API_VERSION as API_VERSION
from salesbridge.package.render import render as render
