"""Draws docs/images/demo.svg from a real run of the demo: ``python docs/_tools/picture.py`` (Linux or macOS)."""
# ruff: noqa: INP001 - a program of the documentation, no package

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parents[1] / "images" / "demo.svg"
COMMAND = ("demo", "--accounts", "1000", "--no-keep")
COLUMNS, LINES = 116, 200
_STEP = re.compile(
    r"\x1b\[(\d*)([ABK])|\x1b\[\?25[lh]|(\r)|(\n)|((?:[^\x1b\r\n]|\x1b\[[\d;]*m)+)|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
)


def recorded(folder: Path) -> str:
    """Run the demo in a terminal of its own and return everything it wrote, control sequences included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(LINES)}
    command = [sys.executable, "-m", "salesbridge", *COMMAND, "--folder", str(folder / "demo")]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=environment):  # noqa: S603
        os.close(theirs)
        said = bytearray()
        while chunk := _read(ours):
            said += chunk
    os.close(ours)
    return said.decode().replace(str(folder.resolve()) + "/", ".salesbridge/")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the terminal's other end was closed
        return b""


def screen(said: str) -> list[str]:
    """The lines that stand on the screen in the end; lines drawn anew replace those above."""
    lines, at = [""], 0
    for step in _STEP.finditer(said):
        count, move, back, down, text = step.groups()
        if move == "A":
            at = max(0, at - int(count or 1))
        elif move == "B" or down:
            at += int(count or 1) if move else 1
            lines += [""] * (at + 1 - len(lines))
        elif move == "K" or back:
            lines[at] = "" if move else lines[at]
        elif text:
            lines[at] += text
    return lines


def drawn(lines: list[str]) -> str:
    """The lines as a picture of a terminal."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "bold green"), f"salesbridge {' '.join(COMMAND[:3])}"))
    for line in lines:
        console.print(Text.from_ansi(line))
    return _with_local_fonts(console.export_svg(title="salesbridge demo"))


def _with_local_fonts(svg: str) -> str:
    """The picture without fonts from elsewhere, so that showing it asks no other host."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code", "ui-monospace")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        found = screen(recorded(Path(name)))
    while found and not found[-1].strip():
        found.pop()
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(found), encoding="utf-8")
    sys.stdout.write(f"{PICTURE}\n")
