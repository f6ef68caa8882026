"""Settings: waybill.toml < environment < flags; what is unknown, wrong or outside the repository is refused."""

import gc
from pathlib import Path

import pytest

from scripts.config import Config, load, repository_of, secret
from scripts.errors import Refused
from tests.support.builders import CHART, World, git
from tests.support.gitops_repo import config


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("WAYBILL_REGISTRY", "WAYBILL_ENVIRONMENTS", "WAYBILL_NAMESPACE", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    git(tmp_path, "init", "--quiet")
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart/Chart.yaml").write_text(CHART.format(service="orders"))
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "chart")
    return tmp_path


def loaded(checkout: Path, toml: str, **flags: object) -> Config:
    (checkout / "waybill.toml").write_text(toml)
    return load(flags, repository_of(checkout), cwd=checkout)


def test_each_source_beats_the_one_before(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = 'registry = "oci://toml.example/charts/"'
    assert loaded(checkout, toml).registry == "oci://toml.example/charts"
    monkeypatch.setenv("WAYBILL_REGISTRY", "oci://variable.example/charts")
    assert loaded(checkout, toml).registry == "oci://variable.example/charts"
    assert loaded(checkout, toml, registry="oci://flag.example/charts").registry == "oci://flag.example/charts"


def test_lists_and_tables_from_the_environment(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_ENVIRONMENTS", "staging, production")
    monkeypatch.setenv("WAYBILL_NAMESPACE", "staging=shop-staging,production=shop")
    config = loaded(checkout, "")
    assert config.environments == ("staging", "production")
    assert config.namespace_of("production") == "shop"
    with pytest.raises(Refused, match="no entry for qa"):
        config.namespace_of("qa")


@pytest.mark.parametrize(
    "toml",
    [
        'namespace = "shop\\n"',
        'registry = "oci://toml.example/charts\\n"',
        'labels = ["a\\n"]',
        'flux_version = "2.9\\n"',
    ],
)
def test_a_last_line_feed_belongs_to_no_setting(checkout: Path, toml: str) -> None:
    with pytest.raises(Refused, match="are not right"):
        loaded(checkout, toml)


def test_a_text_is_read_as_its_setting_is_declared(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_APP_VERSION", "False")
    monkeypatch.setenv("WAYBILL_IMAGE_KEYS", "reference=web.image")
    config = load(
        {"plain_http": "1", "values": "a.yaml, b.yaml", "namespace": "shop"}, repository_of(checkout), cwd=checkout
    )
    assert (config.app_version, config.plain_http) == (False, True)
    assert (config.image_keys, config.namespace) == ({"reference": "web.image"}, "shop")
    assert config.values == ("a.yaml", "b.yaml")
    assert loaded(checkout, 'values = "c.yaml"\n[image]\nreference = "a"').values == ("c.yaml",)
    with pytest.raises(Refused, match="not right"):
        load({"plain_http": "perhaps"}, repository_of(checkout), cwd=checkout)


def test_where_the_chart_lies_in_its_registry(checkout: Path) -> None:
    assert loaded(checkout, 'registry = "oci://example.org/charts"').chart_repository == "example.org/charts/orders"
    with pytest.raises(Refused, match="No registry is configured"):
        _ = loaded(checkout, "").chart_repository


def test_the_service_is_the_charts_name(checkout: Path) -> None:
    assert loaded(checkout, "").service == "orders"
    with pytest.raises(Refused, match="name is 'orders'"):
        loaded(checkout, 'service = "invoices"')


def test_paths_are_relative_to_the_nearest_file(checkout: Path) -> None:
    (checkout / "services/orders/chart").mkdir(parents=True)
    (checkout / "services/orders/chart/Chart.yaml").write_text(CHART.format(service="invoices"))
    (checkout / "services/orders/waybill.toml").write_text('gitops = "../fleet.git"\nvalues = ["ci.yaml"]')
    git(checkout, "add", "-A")
    git(checkout, "commit", "--quiet", "-m", "monorepo")
    config = load({}, repository_of(checkout / "services/orders/chart"), cwd=checkout / "services/orders/chart")
    assert (config.service, config.chart) == ("invoices", "services/orders/chart")
    assert config.values == ("services/orders/ci.yaml",)
    assert config.paths == ("services/orders",)
    assert config.gitops == str(checkout / "services/fleet.git")
    assert config.document == checkout / ".waybill/invoices.json"


@pytest.mark.parametrize(
    ("toml", "match"),
    [
        ('registri = "oci://x/y"', "unknown key `registri`"),
        ('registry = "https://x/y"', "not right"),
        ("environments = 3", "not right"),
        ('environments = ["Staging"]', "'Staging' is no name of an environment"),
        ('environments = ["production = eu + "]', "'' is no name of an environment"),
        ('environments = ["staging", "production = staging + eu"]', "names staging twice"),
        ('environments = ["production = production + eu"]', "names production twice"),
        ('environments = ["base"]', 'cannot be called "base"'),
        ('environments = ["staging"]\n[environment.stagin]\nnamespace = "a"', r"the table \[environment.stagin\]"),
        ('environments = ["staging"]\n[environment.staging]\nmerge = "yes"', "may be one of review, auto"),
        (
            'environments = ["staging"]\n[namespace]\nstaging = "a"\n[environment.staging]\nnamespace = "a"',
            "the namespace of staging twice",
        ),
        ('forge = "gitlub"', '`forge` is "gitlub", and may be one of github, gitlab, gitea, forgejo, file'),
        ('labels = "x"', '`labels` is "x", and may be a list'),
        ('labels = ["a,b"]', '`labels` is "a,b", and may be a text without commas'),
        ('draft = "yes"', '`draft` is "yes", and may be true or false'),
        ("chart = 1979-05-27", '`chart` is "1979-05-27", and may be a text'),
        ("image = [1]", "`image` is 1, and may be a table"),
        ('[namespace]\nstaging = "B"', r'`namespace\.staging` is "B", and may be a name of at most 63 lower-case'),
        ("namespace = 3", "may be a name of at most 63 lower-case letters, digits and hyphens or a table"),
        ('[environment.Staging]\nmerge = "auto"', '`name in environment` is "Staging"'),
        ('[environment.staging]\nmrge = "auto"', r"\[environment\.staging\] has the unknown key `mrge`"),
        ('kube_version = "newest"', "may be a version such as 1.36"),
        ('service_account = "Release Bot"', '`service_account` is "Release Bot", and may be a name'),
        ('chart = "../elsewhere"', "inside the repository"),
        ('chart = "/etc"', "inside the repository"),
        ('values = ["../../secret.yaml"]', "inside the repository"),
        ('chart = "a\\u0000b"', "inside the repository"),
        ('gitops_branch = "a\\u0000b"', "may be a text without spaces"),
        ('kube_version = "1.\\u0000"', "may be a version such as 1.36"),
        ('api_versions = ["a/v1 b/v1", "\\u0000"]', '`api_versions` is "a/v1 b/v1"'),
        ('paths = ["../elsewhere"]', "inside the repository"),
        ("paths = []", r"`paths` is \[\], and may be a list of at least one path"),
        (f"environments = {'[' * 5000}", "cannot be read"),
        ('chart = "absent"', "holds no absent/Chart.yaml"),
        ('gitops = "--upload-pack=touch x"', "no address"),
        ('gitops = "ext::sh -c touch% x"', "no address"),
        ('gitops = "https://user:hunter2@example.org/fleet"', "carries a password"),
        ('gitops = "https://user:hunter2 x@example.org/fleet"', "no address"),
        ('ledger = "https://user:hunter2@ledger.example"', "carries a user, a password"),
        ('ledger = "https://hunter2@ledger.example/below"', "carries a user, a password"),
        ('ledger = "https://ledger.example/?token=hunter2"', "carries a user, a password"),
        ('registry = "oci://user:hunter2@ghcr.io/acme"', "not right"),
        ("registry = [", "cannot be read"),
    ],
)
def test_what_is_refused(checkout: Path, toml: str, match: str) -> None:
    gc.collect()  # else what earlier tests left may be finalised where one of these texts ends the stack
    with pytest.raises(Refused, match=match) as refused:
        loaded(checkout, toml)
    assert refused.value.fault == "you"
    assert "regex" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("gitops", "forge"),
    [
        ("https://github.com/acme/fleet", "github"),
        ("git@github.com:acme/fleet.git", "github"),
        ("ssh://git@gitlab.com/acme/platform/fleet.git", "gitlab"),
        ("https://someone@gitlab.com/acme/fleet", "gitlab"),
        ("ssh://git@altssh.gitlab.com:443/acme/fleet.git", "gitlab"),
        ("https://codeberg.org/acme/fleet", "forgejo"),
        ("https://gitea.com/acme/fleet", "gitea"),
        ("https://git.example.org/acme/fleet", None),
        ("https://github.com.example.org/acme/fleet", None),
        ("http://gitlab.com:8080/acme/fleet", None),
        ("../fleet.git", "file"),
    ],
)
def test_the_forge_is_guessed_only_where_it_is_sure(checkout: Path, gitops: str, forge: str | None) -> None:
    assert loaded(checkout, f'gitops = "{gitops}"').forge == forge


def test_a_secret_comes_from_a_variable_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_LEDGER_TOKEN", "direct")
    assert secret("WAYBILL_LEDGER_TOKEN") == "direct"
    (tmp_path / "token").write_text("from-file\n")
    monkeypatch.setenv("WAYBILL_LEDGER_TOKEN_FILE", str(tmp_path / "token"))
    assert secret("WAYBILL_LEDGER_TOKEN") == "from-file"
    monkeypatch.setenv("WAYBILL_LEDGER_TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(Refused, match="cannot be read"):
        secret("WAYBILL_LEDGER_TOKEN")


def test_a_checkout_that_git_does_not_trust_has_no_commit_or_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet", "repository")
    folder = tmp_path / "repository"
    with pytest.raises(Refused, match="The repository has no commit"):
        load({}, repository_of(folder), cwd=folder)
    with pytest.raises(Refused, match="is not in the work tree of a git repository"):
        load({}, repository_of(tmp_path), cwd=tmp_path)
    (tmp_path / "waybill.toml").touch()
    with pytest.raises(Refused, match="lies outside the repository"):
        load({}, repository_of(folder), cwd=folder, path=tmp_path / "waybill.toml")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(Refused, match="belongs to another user of this machine"):
        load({}, repository_of(folder), cwd=folder)


def test_a_chart_whose_name_is_no_label(world: World) -> None:
    world.commit({"chart/Chart.yaml": "apiVersion: v2\nname: Or_ders\nversion: 0.1.0\n"})
    with pytest.raises(Refused, match="'Or_ders' is no RFC 1123 label"):
        load({}, repository_of(world.checkout), cwd=world.checkout)


def test_the_environments_are_given_in_the_order_of_the_settings(tmp_path: Path) -> None:
    known = config(tmp_path, environments=("staging", "canary", "production"))
    assert known.chosen([]) == ("staging",)
    assert known.chosen(["production", "staging"]) == ("staging", "production")
    with pytest.raises(Refused, match="No environment is configured"):
        config(tmp_path, environments=()).chosen([])


def test_a_group_is_one_stage_and_stands_for_its_environments(checkout: Path) -> None:
    known = loaded(
        checkout,
        """
        environments = ["staging", "production = production-eu + production-us", "archive"]
        namespace = "apps"
        [environment.staging]
        merge = "auto"
        [environment.production]
        namespace = "shop"
        merge = "auto"
        [environment.production-us]
        merge = "review"
        """,
    )
    assert known.environments == ("staging", "production-eu", "production-us", "archive")
    assert [stage.name for stage in known.stages] == ["staging", "production", "archive"]
    assert known.chosen(["archive", "production"]) == ("production-eu", "production-us", "archive")
    assert [known.namespace_of(name) for name in known.environments] == ["apps", "shop", "shop", "apps"]
    assert [known.merges(name) for name in known.environments] == [True, True, False, False]
    with pytest.raises(Refused, match="prod is no environment") as refused:
        known.chosen(["prod"])
    assert "production-eu, production-us, archive, the groups production" in refused.value.remedy
