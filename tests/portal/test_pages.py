"""Every page of the portal opens, for whom it is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from salesbridge import portal


@pytest.mark.parametrize(
    "path",
    ["/", "/connectors/", "/connectors/store/", "/style/", "/people/", "/people/invite/", "/audit/", "/account/"],
)
def test_a_page_opens(administrator, path):
    answer = administrator.get(path)
    assert answer.status_code == 200
    assert "<h1>" in answer.text


#: Classes of whole pages, of what scripts set, and of other people's markup; all others are components.
NO_COMPONENTS = {
    "entrance", "oops", "manage", "setting-up", "qr", "errorlist", "htmx-indicator", "htmx-request", "no-script",
    "way-password", "code", "top",
}  # fmt: skip


def test_the_style_page_shows_every_component(administrator):
    sheet = (Path(portal.__file__).parent / "static" / "portal" / "salesbridge.css").read_text()
    selectors = re.sub(r"/\*.*?\*/|\{[^{}]*\}", "{}", sheet, flags=re.DOTALL)
    styled = set(re.findall(r"\.([a-z][a-z_-]+)", selectors))
    page = administrator.get("/style/").text
    shown = {name for names in re.findall(r'class="([^"]+)"', page) for name in names.split()}
    assert len(styled) > 100
    missing = sorted(styled - shown - NO_COMPONENTS)
    assert missing == [], " ".join(missing)
