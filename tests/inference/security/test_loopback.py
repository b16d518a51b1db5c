"""Without keys the service does not start where others could reach it."""

from pathlib import Path

import pytest

from algotrade.errors import ConfigurationError
from algotrade.inference.security import KeyRing, Role, SecuritySettings, Terms, TokenRing, refuse_open_host

ELSEWHERE = ["0.0.0.0", "192.168.0.7", "::", "desk.example", ""]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_host_is_refused_without_keys(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigurationError, match="algotrade access create"):
        refuse_open_host(SecuritySettings(data=tmp_path, host=host))
    for arguments in (["bentoml", "serve", "x", "--host", host or "0.0.0.0"], ["serve", f"--host={host or '::'}"]):
        with pytest.raises(ConfigurationError, match="no keys configured"):
            refuse_open_host(SecuritySettings(data=tmp_path), arguments)


def test_the_variable_of_bentoml_counts_unless_the_command_line_names_a_host(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("BENTOML_HOST", "0.0.0.0")
    with pytest.raises(ConfigurationError, match=r"would listen on 0\.0\.0\.0"):
        refuse_open_host(SecuritySettings(data=tmp_path), ["bentoml", "serve"])
    refuse_open_host(SecuritySettings(data=tmp_path), ["bentoml", "serve", "--host", "127.0.0.1"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_is_not(tmp_path: Path, host: str) -> None:
    refuse_open_host(SecuritySettings(data=tmp_path, host=host))
    refuse_open_host(SecuritySettings(data=tmp_path, host="0.0.0.0"), ["serve", "--host", host])


@pytest.mark.parametrize("kind", ["key", "token key"])
def test_with_a_key_any_host_will_do(tmp_path: Path, kind: str) -> None:
    settings = SecuritySettings(data=tmp_path, host="0.0.0.0")
    if kind == "key":
        KeyRing(settings.access_folder).create("desk", Terms(Role.VIEWER))
    else:
        TokenRing(settings.access_folder).share("a")
    refuse_open_host(settings)


def test_a_file_that_cannot_be_understood_is_not_no_file(tmp_path: Path) -> None:
    settings = SecuritySettings(data=tmp_path)
    settings.access_folder.mkdir()
    (settings.access_folder / "keys.json").write_text("{")
    with pytest.raises(ConfigurationError, match="no file of keys"):
        refuse_open_host(settings)
