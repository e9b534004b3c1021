"""What people see of a deployment while it goes on, and afterwards."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from salesbridge.cli import deployment, show
from salesbridge.salesforce.deploy_result import ComponentFinding, Deployment

GOING = Deployment("0Af1", "InProgress", done=False, success=False, total=90, deployed=30, tests_total=12, tests_done=5)


@pytest.fixture
def screen(monkeypatch):
    """Where it is shown: give it the console to show it on."""
    text = io.StringIO()

    def use(*, terminal):
        console = Console(file=text, force_terminal=terminal, width=100, highlight=False)
        monkeypatch.setattr(show, "err", console)
        monkeypatch.setattr(show, "out", console)
        return text

    return use


def test_a_terminal_shows_components_and_tests_as_they_go(screen):
    text = screen(terminal=True)
    with deployment.watching(quiet=False) as watch:
        watch(GOING)
    shown = text.getvalue()
    assert "Components" in shown
    assert "30/90" in shown
    assert "Apex tests" in shown
    assert "5/12" in shown


def test_a_log_shows_a_line_for_each_new_status(screen):
    text = screen(terminal=False)
    with deployment.watching(quiet=False) as watch:
        watch(GOING)
        watch(GOING)
    assert text.getvalue() == "0Af1: InProgress, 30 of 90 components\n"


def test_a_program_is_shown_nothing(screen):
    text = screen(terminal=True)
    with deployment.watching(quiet=True) as watch:
        watch(GOING)
    assert text.getvalue() == ""


@pytest.mark.parametrize(
    ("done", "check_only", "said", "code"),
    [
        (
            Deployment("0Af1", "Succeeded", done=True, success=True, deployed=9),
            False,
            "succeeded, 9 components deployed.",
            0,
        ),
        (Deployment("0Af1", "Succeeded", done=True, success=True, deployed=9), True, "9 components would be", 0),
        (Deployment("0Af1", "Canceled", done=True, success=False), False, "cancelled, nothing has changed.", 4),
        (Deployment("0Af1", "Failed", done=True, success=False, message="Too [big]"), False, "Too [big]", 1),
    ],
)
def test_the_end_is_told_in_one_sentence(screen, done, check_only, said, code):
    text = screen(terminal=False)
    deployment.tell(done, check_only=check_only)
    assert said in text.getvalue()
    assert deployment.exit_code(done) == code


def test_a_finding_names_its_place_and_what_to_do(screen):
    text = screen(terminal=False)
    problem = "In field: field - no CustomObject named Quote found"
    finding = ComponentFinding("Quote.X__c", "CustomField", "objects/Quote.object", problem, "Error", 7)
    deployment.tell(Deployment("0Af1", "Failed", done=True, success=False, findings=(finding,)), check_only=False)
    first, mend, last = text.getvalue().splitlines()
    assert first == f"Error: CustomField Quote.X__c (objects/Quote.object:7): {problem}"
    assert mend.startswith("  What to do: Switch quotes on")
    assert last.endswith("failed with 1 error, nothing has changed.")


def test_parts_that_were_gone_already_are_counted_in_one_line(screen):
    text = screen(terminal=False)
    gone = tuple(
        ComponentFinding(
            f"C{n}", "ApexClass", "destructiveChangesPre.xml", f"No ApexClass named: C{n} found", "Warning"
        )
        for n in range(3)
    )
    other = ComponentFinding("D", "ApexClass", "destructiveChangesPre.xml", "No ApexClass named: D found", "Error")
    done = Deployment("0Af1", "Succeeded", done=True, success=True, deployed=9, findings=(*gone, other))
    deployment.tell(done, check_only=False, remove=True)
    error, line, last = text.getvalue().splitlines()
    assert error.startswith("Error: ApexClass D")
    assert line == "3 of the parts to remove were not in the org."
    assert last == "Deployment 0Af1: succeeded, 9 components removed."
