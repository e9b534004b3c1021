"""What is installed in Salesforce, rendered from the data model: metadata, Apex, permission sets, and their removal."""

from salesbridge.package.apex import BYPASS as BYPASS
from salesbridge.package.apex import sources as sources
from salesbridge.package.apex import test_classes as test_classes
from salesbridge.package.archive import archive as archive
from salesbridge.package.choices import ONGOING as ONGOING
from salesbridge.package.choices import TRIGGERED as TRIGGERED
from salesbridge.package.choices import Application as Application
from salesbridge.package.choices import Callout as Callout
from salesbridge.package.choices import Choices as Choices
from salesbridge.package.components import API_VERSION as API_VERSION
from salesbridge.package.event import EVENT as EVENT
from salesbridge.package.event import FAILURE as FAILURE
from salesbridge.package.permissions import PERMISSION_SET as PERMISSION_SET
from salesbridge.package.render import listing as listing
from salesbridge.package.render import project as project
from salesbridge.package.render import removal as removal
from salesbridge.package.render import render as render
from salesbridge.package.surfaced import SURFACED as SURFACED
