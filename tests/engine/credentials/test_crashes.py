"""A worker may die at any point: what it was doing ends as if nobody had died, and no callout fails in between."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def no_gap(world):
    """What Salesforce holds works whether it fetches a token now or has one."""
    assert world.calls_well()
    world.forget_tokens()
    assert world.calls_well()


@pytest.fixture
def points(working):
    """The points that an undisturbed rotation passes."""
    assert working.rotate().state == "done"
    return list(working.passed)


def test_a_rotation_that_dies_at_any_point_is_ended_without_a_failed_callout(working, points):
    assert len(points) >= 10
    working.between.append(lambda: no_gap(working))
    for place, name in enumerate(points):
        done = working.rotate(die_at=place)
        assert done.state == "done", (name, done.message)
        assert working.secrets == ["current"], name
        no_gap(working)


def test_an_addition_that_dies_at_any_point_is_ended(world):
    assert world.add().state == "done"
    points = list(world.passed)
    assert len(points) >= 10
    for place, name in enumerate(points):
        removed(world)
        done = world.add(die_at=place)
        assert done.state == "done", (name, done.message)
        assert world.secrets == ["current"], name
        assert world.calls_well(), name


def removed(world, **options):
    from salesbridge.engine.credentials import operations  # noqa: PLC0415 - beside what needs it

    row = operations.revoke(world.door, world.client.pk, by="Ada", remove=True)
    done = world.run(row, **options)
    assert done.state == "done", done.message
    assert world.named.external("Gentrack") is None
    assert world.named.named("Gentrack") is None
    return done


def test_a_removal_that_dies_at_any_point_leaves_nothing(working):
    removed(working)
    points = list(working.passed)
    assert len(points) >= 3
    for place in range(len(points)):
        assert working.add().state == "done"
        removed(working, die_at=place)


def test_an_addition_that_is_refused_and_dies_while_it_is_taken_back_leaves_nothing(world):
    world.fault("credential_push_fails", times=None, path="/named-credentials/credential")
    assert world.add().state == "failed"
    for place in range(len(list(world.passed))):
        assert world.add(die_at=place).state == "failed"
        assert world.named.external("Gentrack") is None
        assert world.named.named("Gentrack") is None
        assert world.secrets == []
