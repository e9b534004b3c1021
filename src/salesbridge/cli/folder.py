"""A folder that a command writes its files into, and into no other's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

#: Lists what was written, so that it can be written again, and nothing else is lost.
LISTED = ".salesbridge-files"


class FolderTakenError(ValueError):
    """The folder holds what is not ours; nothing was written.

    Args:
        folder: The folder.
        held: Some of what it holds.
    """

    def __init__(self, folder: Path, held: str) -> None:
        super().__init__(f"{folder} holds {held}, which this command has not written")


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files into an empty folder, or into one of ours in place of what was written before.

    Args:
        folder: The folder, made where it is not there.
        files: Text or bytes by path.

    Raises:
        FolderTakenError: It holds something else.
        OSError: It cannot be written.
    """
    before = _written(folder)
    _check(folder, before, files)
    for name in before:
        _take_away(folder, folder / name)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / LISTED).write_text("".join(f"{name}\n" for name in sorted(files)), encoding="utf-8")


def _take_away(folder: Path, path: Path) -> None:
    """Remove a file, and the folders that are empty without it."""
    path.unlink(missing_ok=True)
    for above in path.parents:
        if above == folder or not above.is_dir() or any(above.iterdir()):
            return
        above.rmdir()


def _written(folder: Path) -> list[str]:
    listed = folder / LISTED
    if not listed.is_file():
        return []
    root = folder.resolve()
    names = listed.read_text(encoding="utf-8").splitlines()
    return [name for name in names if (root / name).resolve().is_relative_to(root)]


def _check(folder: Path, before: list[str], files: Mapping[str, str | bytes]) -> None:
    if folder.exists() and not folder.is_dir():
        raise FolderTakenError(folder.parent, folder.name)
    if not before and folder.is_dir() and (held := next(folder.iterdir(), None)) is not None:
        raise FolderTakenError(folder, held.name)
    for name in files:
        if name not in before and (folder / name).exists():
            raise FolderTakenError(folder, name)
