"""The documentation says what the program does: whatever can be compared is compared."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from salesbridge.cli.main import app
from salesbridge.cli.show import Exit
from salesbridge.sandbox.billing import faults as billing_faults
from salesbridge.sandbox.billing.__main__ import main as billing_sandbox
from salesbridge.sandbox.salesforce import faults as salesforce_faults
from salesbridge.sandbox.salesforce.__main__ import main as salesforce_sandbox
from salesbridge.sandbox.salesforce.settings import OrgSettings
from salesbridge.settings import Settings
from salesbridge.sync.life import RUN, STAGE, diagram

PROJECT = Path(__file__).parents[1]
DOCS = PROJECT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
README = PROJECT / "README.md"
CLI_TOOL = DOCS / "_tools" / "cli.py"


def text(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cli_page():
    spec = importlib.util.spec_from_file_location("docs_cli", CLI_TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_command_line_page_is_the_generated_one(cli_page):
    assert text(DOCS / "cli.md") == cli_page.page(), "run: python docs/_tools/cli.py > docs/cli.md"


def test_the_tool_writes_the_command_line_page():
    written = subprocess.run([sys.executable, str(CLI_TOOL)], capture_output=True, check=True).stdout.decode()
    assert written == text(DOCS / "cli.md")


def test_every_command_and_option_is_on_the_command_line_page(cli_page):
    parts = re.split(r"^#{2,3} ", text(DOCS / "cli.md"), flags=re.MULTILINE)
    sections = {part.partition("\n")[0]: part for part in parts}
    found = dict(cli_page.commands("salesbridge", typer.main.get_command(app)))
    assert len(found) > 15
    for name, command in found.items():
        for parameter in command.params:
            spelt = parameter.opts + parameter.secondary_opts
            words = spelt if parameter.param_type_name == "option" else [parameter.name.upper()]
            assert all(f"`{word}`" in sections[name] for word in words), (name, words)


def test_every_setting_and_secret_has_its_environment_variable_on_the_operations_page(cli_page):
    page = text(DOCS / "operations.md")
    names = {f"SALESBRIDGE_{field.upper()}" for field in Settings.model_fields} | {"DATABASE_URL"}
    commands = cli_page.commands("salesbridge", typer.main.get_command(app))
    names |= {p.envvar for _, command in commands for p in command.params if p.envvar}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_operations_page_names_no_variable_that_is_not_read(cli_page):
    known = {f"SALESBRIDGE_{field.upper()}" for field in Settings.model_fields}
    commands = cli_page.commands("salesbridge", typer.main.get_command(app))
    known |= {p.envvar for _, command in commands for p in command.params if p.envvar}
    for path in (*PAGES, README):
        assert set(re.findall(r"\bSALESBRIDGE_[A-Z_]+\b", text(path))) <= known, path


@pytest.mark.parametrize(
    ("field", "shown"),
    [(name, field.default) for name, field in Settings.model_fields.items() if isinstance(field.default, int)],
)
def test_defaults_on_the_operations_page_are_those_of_the_settings(field, shown):
    (row,) = (
        line for line in text(DOCS / "operations.md").splitlines() if f"| `SALESBRIDGE_{field.upper()}` |" in line
    )
    assert row.endswith(f"| `{str(shown).lower()}` |")


@pytest.mark.parametrize("table", [RUN, STAGE], ids=["run", "stage"])
def test_the_life_cycles_on_the_load_page_are_the_transition_tables(table):
    drawn = re.findall(r"```mermaid\n(stateDiagram-v2.*?)\n```", text(DOCS / "load.md"), flags=re.DOTALL)
    assert diagram(table) in drawn
    assert len(drawn) == 2


@pytest.mark.parametrize("page", ["load.md", "cli.md"])
def test_the_exit_codes_are_those_of_the_command_line(page):
    _, _, after = text(DOCS / page).partition("| Exit code | Meaning |\n| --- | --- |\n")
    codes = [
        int(number) for number in re.findall(r"^\| (\d) \| .+ \|$", after.partition("\n\n")[0], flags=re.MULTILINE)
    ]
    assert codes == [code.value for code in Exit]


@pytest.mark.parametrize(
    ("main", "heading"),
    [
        (salesforce_sandbox, "### Options of `salesbridge sandbox salesforce`"),
        (billing_sandbox, "### Options of `salesbridge sandbox billing`"),
    ],
)
def test_every_option_of_a_simulated_system_is_on_its_page(main, heading):
    section = text(DOCS / "sandbox.md").partition(heading + "\n")[2].partition("\n#")[0]
    with contextlib.redirect_stdout(io.StringIO()) as said, pytest.raises(SystemExit):
        main(["--help"])
    offered = set(re.findall(r"--[a-z][a-z-]+", said.getvalue())) - {"--help"}
    assert offered
    listed = {
        option for row in re.findall(r"^\| (`--.*?) \|", section, re.MULTILINE) for option in row.split("`")[1::2]
    }
    assert listed == offered


@pytest.mark.parametrize(
    ("names", "system"), [(salesforce_faults.NAMES, "Salesforce"), (billing_faults.NAMES, "Billing")]
)
def test_every_fault_is_told_by_its_name(names, system):
    table = text(DOCS / "sandbox.md").partition(f"| {system} | What happens |\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(names)


def test_every_switch_of_the_simulated_org_is_named():
    page = text(DOCS / "sandbox.md")
    assert {name for name in OrgSettings.__slots__ if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("path", [*PAGES, README], ids=lambda path: str(path.relative_to(PROJECT)))
def test_internal_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", _without_code(text(path))):
        if re.match(r"[a-z]+:", target):
            continue
        page, _, anchor = target.partition("#")
        to = (path.parent / page).resolve() if page else path
        assert to.exists(), target
        assert not anchor or anchor in _anchors(to), target


def _without_code(page):
    return re.sub(r"```.*?```|`[^`\n]*`", "", page, flags=re.DOTALL)


def _anchors(path):
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text(path), flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_table_of_contents():
    listed = set()
    for path in PAGES:
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text(path), flags=re.DOTALL):
            names = [line for line in block.splitlines() if line and not line.startswith(":")]
            listed |= {found.resolve() for name in names for found in path.parent.glob(f"{name}.md")}
    assert {path for path in PAGES if path.resolve() not in listed} == {DOCS / "index.md"}


def test_the_commands_that_pages_show_are_commands_with_their_options(cli_page):
    known = dict(cli_page.commands("salesbridge", typer.main.get_command(app)))
    for path in (*PAGES, README):
        for line in _shown(text(path)):
            words = line.split()
            command = known.get(" ".join(words[:3])) or known[" ".join(words[:2])]
            takes = {name for parameter in command.params for name in parameter.opts + parameter.secondary_opts}
            passes_on = command.context_settings.get("ignore_unknown_options", False)
            assert passes_on or {word for word in words if word.startswith("--")} <= takes, (path.name, line)


def _shown(page):
    """Command lines in blocks and in running text, without what they are continued or explained with."""
    blocks = re.findall(r"^\s*(salesbridge [a-z].*)$", page.replace("\\\n", " "), flags=re.MULTILINE)
    return [line.partition(" #")[0] for line in blocks] + re.findall(r"`(salesbridge [a-z]+ [a-z][^`\n]*)`", page)


def test_the_documentation_is_built_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(DOCS), str(tmp_path)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
