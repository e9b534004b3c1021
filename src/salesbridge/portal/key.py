"""The key that signs the portal's cookies and links."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from salesbridge.settings import settings

_FILE = "portal.key"


def secret_key() -> str:
    """The key of this installation: as set, or from a file that is made at the first need, for us alone."""
    chosen = settings().portal_key
    return chosen.get_secret_value() if chosen else _kept(settings().data_dir / _FILE)


def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # written whole under another name first: of two processes that start at once, one file wins and both read it
        draft = path.with_name(f"{_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")
