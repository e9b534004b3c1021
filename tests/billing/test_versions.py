from __future__ import annotations

import pytest

from salesbridge.billing import System, supported


@pytest.mark.parametrize(
    ("product", "version"),
    [
        ("Velocity", "4.13"),
        ("Velocity", "4.13.2"),
        ("Velocity", "5.0"),
        ("Junifer", "6"),
        ("Junifer", "6.4.1-rc1"),
        ("Extract", ""),
    ],
)
def test_supported_versions_need_no_sentence(product, version):
    assert supported(System(product, version)) is None


@pytest.mark.parametrize(
    ("product", "version", "said"),
    [
        ("Velocity", "4.9.9", "upgrade it to Velocity 4.13 or later"),
        ("Velocity", "4", "upgrade"),
        ("Junifer", "5.99", "upgrade it to Junifer 6 or later"),
        ("Junifer", "unknown", "cannot be read"),
        ("Other", "9", "connect a Velocity or Junifer"),
    ],
)
def test_other_versions_are_told_what_to_do(product, version, said):
    assert said in supported(System(product, version))
