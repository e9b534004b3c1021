"""One stage for all plays of a worker: starting it takes seconds, going back to its beginning milliseconds."""

from __future__ import annotations

import os

import pytest
from django.db import transaction
from play import Play
from stage import set_stage

from salesbridge.settings import settings


@pytest.fixture(scope="module")
def sandbox_settings():
    before = os.environ.get("SALESBRIDGE_SANDBOX")
    os.environ["SALESBRIDGE_SANDBOX"] = "true"
    settings.cache_clear()
    yield
    os.environ.pop("SALESBRIDGE_SANDBOX") if before is None else os.environ.update(SALESBRIDGE_SANDBOX=before)
    settings.cache_clear()


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker, sandbox_settings):
    with django_db_blocker.unblock(), transaction.atomic():
        with set_stage(Play) as made:
            yield made
        transaction.set_rollback(True)


@pytest.fixture
def play(stage):
    with stage.play(seed=1) as made:
        yield made
