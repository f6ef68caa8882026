"""A ledger refuses to start with a setting that it cannot use, and says which and why."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from service.settings import Settings, SettingsError

from ..support.service.replica import command

OLD, NEW, OTHER = "the-old-key-0123456789", "the-new-key-0123456789", "another-key-0123456789"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"READS": "everyone"}, "READS: 'everyone' is neither public nor token"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: 'loud' is none of debug, info, warning, error"),
        ({"PORT": "http"}, "PORT: 'http' is not a number from 0 to 65535"),
        ({"PORT": "-1"}, "PORT: '-1' is not"),
        ({"PORT": "65536"}, "PORT: '65536' is not"),
        ({"PORT": "\u0663"}, "PORT: "),
        ({"DRAIN_SECONDS": "-1"}, "DRAIN_SECONDS: '-1' is not a number from 0 to 600"),
        ({"DATABASE_URL": "mysql://ledger"}, "DATABASE_URL: it must be sqlite:///"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL: it must be sqlite:///"),
        ({"DATABASE_URL": "sqlite:///x", "DATABASE_URL_FILE": "/x"}, "both set"),
        ({"DATABASE_URL_FILE": "/no/such/file"}, "DATABASE_URL_FILE: /no/such/file cannot be read: No such file"),
        ({"FLUX_KEYS": "{}", "FLUX_KEYS_FILE": "/x"}, "both set"),
        ({"FLUX_KEYS_FILE": "/no/such/file"}, "FLUX_KEYS_FILE: /no/such/file cannot be read: No such file"),
        ({"FLUX_KEYS": OLD}, "FLUX_KEYS: it must be JSON of the form"),
        ({"FLUX_KEYS": json.dumps([OLD])}, "FLUX_KEYS: it must be JSON of the form"),
        ({"FLUX_KEYS": json.dumps({"Staging!": OLD})}, "'Staging!' is not the name of an environment"),
        ({"FLUX_KEYS": json.dumps({"staging": []})}, "staging has 0 keys"),
        ({"FLUX_KEYS": json.dumps({"staging": [OLD, NEW, OTHER]})}, "staging has 3 keys"),
        ({"FLUX_KEYS": json.dumps({"staging": OLD[:15]})}, "shorter than 16 bytes"),
        ({"FLUX_KEYS": json.dumps({"staging": OLD, "production": [NEW, OLD]})}, "two environments share a key"),
        ({"ENVIRONMENTS": "dev, Staging"}, "ENVIRONMENTS: 'Staging' is no name of an environment"),
        ({"ENVIRONMENTS": "dev,,qa"}, "ENVIRONMENTS: '' is no name of an environment"),
        ({"ENVIRONMENTS": "dev, production = eu + "}, "ENVIRONMENTS: '' is no name of an environment"),
        ({"ENVIRONMENTS": "dev, production = dev + us"}, "ENVIRONMENTS: dev is named twice"),
        (
            {"ENVIRONMENTS": "dev, live = eu + us", "FLUX_KEYS": json.dumps({"live": OLD})},
            "ENVIRONMENTS: live is a group, and FLUX_KEYS has the key of an environment live: give one of them another",
        ),
    ],
)
def test_what_cannot_be_used_is_named_and_no_key_is_shown(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(given)
    assert said in str(refused.value)
    assert not [key for key in (OLD[:15], NEW, OTHER) if key in str(refused.value)]


def test_the_command_says_so_and_serves_nothing(tmp_path: Path) -> None:
    refused = command(f"sqlite:///{tmp_path / 'ledger.db'}", "serve", READS="everyone")
    assert (refused.code, refused.stdout) == (1, "")
    assert refused.stderr.strip() == "Error: READS: 'everyone' is neither public nor token"
    assert list(tmp_path.iterdir()) == []


def test_no_group_has_the_name_of_an_environment_whose_keys_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"live": OLD, "staging": NEW}))
    for environments, refused in (("live = eu + us", True), ("live, staging", False), ("both = live + staging", False)):
        given = {"ENVIRONMENTS": environments, "FLUX_KEYS_FILE": str(file)}
        with pytest.raises(SettingsError) if refused else nullcontext():
            Settings.from_environment(given)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("sqlite:////srv/ledger.db\n")
    assert Settings.from_environment({"DATABASE_URL_FILE": str(file)}).database_url == "sqlite:////srv/ledger.db"
    with pytest.raises(SettingsError, match=r"^FLUX_KEYS_FILE: it must be JSON of the form"):
        Settings.from_environment({"FLUX_KEYS_FILE": str(file)})
    file.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=f"^DATABASE_URL_FILE: {file} is not text in UTF-8$"):
        Settings.from_environment({"DATABASE_URL_FILE": str(file)})


@pytest.mark.parametrize("path", ["waybill", "/waybill/", "//", "/way bill", "https://example.org/waybill", '/"'])
def test_a_root_path_that_is_none_is_refused_with_the_form_it_has(path: str) -> None:
    with pytest.raises(SettingsError, match="write it like /waybill"):
        Settings.from_environment({"ROOT_PATH": path})
    assert Settings.from_environment({"ROOT_PATH": "/"}).root_path == ""
