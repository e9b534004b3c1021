"""Preparing an org: deploy what the data model needs, give the connector's user access to it, or take it away again."""

from salesbridge.engine.prepare.access import bypass as bypass
from salesbridge.engine.prepare.foreign import ForeignApex as ForeignApex
from salesbridge.engine.prepare.foreign import ForeignApexError as ForeignApexError
from salesbridge.engine.prepare.foreign import foreign_apex as foreign_apex
from salesbridge.engine.prepare.install import Going as Going
from salesbridge.engine.prepare.install import deploy_package as deploy_package
from salesbridge.engine.prepare.install import remove_package as remove_package
