"""I12: what happens to one tenant never changes another one's data, whatever goes wrong there."""

import random

import pytest
from judge import judge
from play import Play
from stage import set_stage
from steps import STEPS, Seeded

from salesbridge.store.models import Change, Problem

pytestmark = pytest.mark.django_db


def test_a_tenant_in_trouble_leaves_another_one_alone(stage):
    chance = random.Random(5)  # noqa: S311 - repeatable on purpose
    steps = [step for weight, step in STEPS for _ in range(weight)]
    with set_stage(Play) as other, other.play() as calm, stage.play() as troubled:
        key = calm.keys("Account")[0]
        calm.edit_salesforce("Account", key, Trading_Name__c="Alpha")
        for _ in range(30):
            chance.choice(steps)(troubled, Seeded(chance))
        troubled.org.faults.arm("unavailable", times=None)
        troubled.deliver()
        assert calm.changes() == []
        calm.begin_process()
        calm.hear_salesforce()
        calm.deliver()
        assert calm.billing.find("accounts", key)["trading_name"] == "Alpha"
        assert calm.history.our_saves == 1
        calm.drain()
        assert judge(calm) == []
        assert not calm.door.rows(Problem).exists()
        assert troubled.door.rows(Change).exists()
        troubled.begin_process()
        troubled.drain()
        assert judge(troubled) == []
