"""Every page of the portal opens, for whom it is for."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "path",
    ["/", "/connectors/", "/connectors/store/", "/style/", "/people/", "/people/invite/", "/audit/", "/account/"],
)
def test_a_page_opens(administrator, path):
    answer = administrator.get(path)
    assert answer.status_code == 200
    assert "<h1>" in answer.text
