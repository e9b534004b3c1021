from __future__ import annotations

import runpy
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from salesbridge.vault import Context, Keys, Vault, VaultError, environment_keys, file_keys
from salesbridge.vault.keys import new_key

HERE = Context("tenant", None, "api_key")


def test_a_key_file_is_made_at_first_start_for_us_alone(tmp_path):
    path = tmp_path / "new" / "vault.keys"
    sealed = Vault(file_keys(path)).seal(HERE, "secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault(file_keys(path)).open(HERE, sealed).get_secret_value() == "secret"
    assert [each.name for each in path.parent.iterdir()] == ["vault.keys"]


def test_of_many_that_start_at_once_all_get_the_same_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        vaults = [Vault(keys) for keys in pool.map(lambda _: file_keys(tmp_path / "vault.keys"), range(16))]
    assert len({vault.keys.current for vault in vaults}) == 1
    assert all(vault.open(HERE, vaults[0].seal(HERE, "x")).get_secret_value() == "x" for vault in vaults)


def test_a_key_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "vault.keys"
    path.write_text(new_key())
    path.chmod(0o640)
    with pytest.raises(VaultError, match="chmod 600"):
        file_keys(path)


def test_a_key_file_that_is_a_folder_is_refused_clearly(tmp_path):
    tmp_path.chmod(0o700)
    with pytest.raises(VaultError, match="cannot be used"):
        file_keys(tmp_path)


def test_a_key_added_in_front_seals_and_the_old_one_still_opens(tmp_path):
    path = tmp_path / "vault.keys"
    sealed = Vault(file_keys(path)).seal(HERE, "secret")
    path.write_text(new_key("fresh") + "\n" + path.read_text())
    vault = Vault(file_keys(path))
    assert vault.keys.current == "fresh"
    assert vault.open(HERE, sealed).get_secret_value() == "secret"


@pytest.mark.parametrize("separator", [" ", ",", "\n", ", "])
def test_environment_keys_are_separated_by_blanks_commas_or_lines(separator):
    keys = environment_keys(separator.join([new_key("a"), new_key("b")]))
    assert repr(keys) == "Keys(a, b)"


@pytest.mark.parametrize(
    "text", ["", "a", "a:", ":" + "A" * 43 + "=", "a:c2hvcnQ=", "a:canary!", "é:" + "A" * 43 + "="]
)
def test_keys_of_another_form_are_refused_without_repeating_them(text):
    with pytest.raises(VaultError) as refused:
        environment_keys(text)
    assert "canary" not in str(refused.value)


def test_two_keys_of_one_id_are_refused():
    with pytest.raises(VaultError, match="number 2"):
        environment_keys(f"{new_key('a')} {new_key('a')}")


def test_a_key_of_another_length_is_refused():
    with pytest.raises(VaultError, match="32 bytes"):
        Keys({"short": b"123"})


def test_the_module_prints_a_fresh_key(capsys):
    runpy.run_module("salesbridge.vault")
    assert repr(environment_keys(capsys.readouterr().out)).startswith("Keys(k")
