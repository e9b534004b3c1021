"""Writes the table of findings for docs/validate.md from the program's own: python docs/_tools/findings.py."""
# ruff: noqa: INP001 - a program of the documentation, no package

from __future__ import annotations

from salesbridge.model.check_codes import KINDS


def table() -> str:
    """The findings as a Markdown table."""
    head = ["| Finding | Severity | Cause | Where | What to do |", "| --- | --- | --- | --- | --- |"]
    rows = [
        f"| `{code}` | {kind.severity} | {kind.cause} | {_place(kind.where)} | {kind.mend} |"
        for code, kind in KINDS.items()
    ]
    return "\n".join([*head, *rows])


def _place(where: str) -> str:
    return where.format(label="*object*", field="*field*")


if __name__ == "__main__":
    print(table())  # noqa: T201 - its output is its purpose
