"""A made-up record to decide about."""

import pytest
from site_case import Case


@pytest.fixture
def case():
    """Nothing is known yet."""
    return Case()


@pytest.fixture
def agreed_case():
    """A linked record whose sides agree."""
    cells = {"Phone": "021 1", "Note": "one", "Plan": "basic"}
    return Case().salesforce(**cells).billing(**cells).linked(**cells)
