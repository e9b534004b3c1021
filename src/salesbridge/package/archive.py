"""The package as the zip file that Salesforce's Metadata API deploys."""

from __future__ import annotations

import io
from collections.abc import Mapping
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_EPOCH = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o644 << 16
_UNIX = 3


def archive(files: Mapping[str, str]) -> bytes:
    """The zip file of some files; equal files give equal bytes, whenever and wherever they are packed.

    Args:
        files: Text by path.
    """
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as zipped:  # stored: what deflate writes depends on the library's version
        for path in sorted(files):
            entry = ZipInfo(path, _EPOCH)
            entry.external_attr, entry.create_system = _PLAIN_FILE, _UNIX
            zipped.writestr(entry, files[path].encode())
    return packed.getvalue()
