"""The rendered difference, case by case: what a reviewer sees of charts and GitOps repos as people write them."""

import pytest

from tests.support.chart_releases import DEPLOYMENT, HEADER, SECRET, TEMPLATES, Releases

STAGING = "apps/orders/staging/release.yaml"


def lines(said: str) -> list[str]:
    """The lines that came and went."""
    return [line for line in said.splitlines() if line.startswith(("+", "-")) and "helm.sh/chart" not in line]


def test_a_value_that_is_added_shows_what_it_adds(releases: Releases) -> None:
    more = DEPLOYMENT + "            - {name: B, value: {{ .Values.b | quote }}}\n"
    releases.merged("1.0.0", TEMPLATES)
    said = releases.changes({**TEMPLATES, "deployment": more}, "digest: a\nb: two\n")
    assert lines(said) == ["+        - name: B", "+          value: two"]


@pytest.mark.long
def test_a_chart_that_needs_values_gets_the_environments_own(releases: Releases) -> None:
    needy = {"deployment": DEPLOYMENT.replace(".Values.digest", '(required "give it" .Values.mine)')}
    releases.publish("1.0.0", needy)
    releases.propose("1.0.0")
    releases.repo.merge("apps/orders")
    releases.repo.commit({STAGING: releases.repo.text(STAGING) + "  values: {mine: own}\n"})
    said = releases.changes({"deployment": needy["deployment"].replace("orders@", "shop@")})
    assert lines(said) == ["-        image: orders@own", "+        image: shop@own"]


@pytest.mark.long
def test_what_a_reviewer_changes_on_the_branch_is_told_too(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    releases.publish("1.1.0", TEMPLATES)
    releases.propose("1.1.0")
    text = releases.repo.text(STAGING, "apps/orders")
    releases.repo.commit({STAGING: text + "  values: {digest: theirs}\n"}, "apps/orders")
    assert lines(releases.propose("1.1.0")[:-1])[-2:] == ["-        image: orders@a", "+        image: orders@theirs"]


@pytest.mark.long
def test_a_secret_that_comes_goes_or_is_renamed_shows_none_of_its_data(releases: Releases) -> None:
    text = SECRET + "stringData:\n  plain: {{ .Values.password }}\n"
    coming, going = text.replace("{{ .Release.Name }}", "coming"), text.replace("{{ .Release.Name }}", "going")
    different = going.replace("metadata:", "immutable: true\nmetadata:").replace("kept:", "other:")
    releases.merged("1.0.0", {**TEMPLATES, "going": going}, "digest: a\npassword: hunter2\n")
    said = releases.changes({**TEMPLATES, "going": different, "coming": coming}, "digest: a\npassword: swordfish\n")
    assert "**added** `Secret/coming`" in said
    assert "**changed** `Secret/going`" in said
    releases.repo.merge("apps/orders")
    releases.publish("1.2.0", {**TEMPLATES, "renamed": text.replace("{{ .Release.Name }}", "renamed")}, "password: x\n")
    said += releases.propose("1.2.0")
    assert "**renamed** `Secret/coming -> renamed`" in said or "**renamed** `Secret/going -> renamed`" in said
    assert "**removed** `Secret/" in said
    for value in ("hunter2", "swordfish", "aHVudGVyMg", "c3dvcmRmaXNo", "a2VwdA"):
        assert value not in said + (releases.repo.folder / "orders.md").read_text()


def test_charts_that_are_pinned_by_digest_are_compared(releases: Releases) -> None:
    releases.settings["flux_source"] = "oci-repository"
    releases.merged("1.0.0", TEMPLATES)
    said = releases.changes(TEMPLATES, "digest: b\n")
    assert lines(said) == ["-        image: orders@a", "+        image: orders@b"]
    source = releases.repo.text("apps/orders/staging/source.yaml")
    assert releases.digests["1.0.0"] in source
    releases.repo.commit({"apps/orders/staging/source.yaml": source.rstrip() + "\n  suspend: true\n"})
    unseen = "- Not seen here: when Flux fetches the chart: OCIRepository orders is suspended."
    assert unseen in lines(releases.changes(TEMPLATES, "digest: c\n"))


def test_a_source_that_lies_elsewhere_is_looked_for_where_the_new_chart_is(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    base = "apps/orders/base"
    kustomization = releases.repo.text(f"{base}/kustomization.yaml").replace("  - helmrepository.yaml\n", "")
    releases.repo.commit({f"{base}/helmrepository.yaml": None, f"{base}/kustomization.yaml": kustomization})
    said = releases.changes(TEMPLATES, "digest: b\n")
    unseen = "- Not seen here: where Flux gets the chart from: the environment's folder names no registry of it."
    assert lines(said) == ["-        image: orders@a", "+        image: orders@b", unseen]


@pytest.mark.long
def test_a_release_that_moves_is_said(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    releases.publish("1.1.0", TEMPLATES)
    releases.propose("1.1.0")
    text = releases.repo.text(STAGING, "apps/orders")
    releases.repo.commit({STAGING: text + "  targetNamespace: shop\n"}, "apps/orders")
    said = releases.propose("1.1.0")
    assert "- The release moves from apps/orders to shop/shop-orders." in said
    assert "**renamed** `Deployment/orders -> shop-orders`" in said or "**added** `Deployment/shop-orders`" in said


def test_objects_are_read_as_kubernetes_reads_them(releases: Releases) -> None:
    odd = f"apiVersion: v1\nkind: ConfigMap\n{HEADER}data:\n  a: =\n  b: 22:30\n  c: 2026-13-45\n"
    releases.merged("1.0.0", {"odd": odd})
    said = releases.changes({"odd": odd.replace("22:30", "22:45")})
    assert lines(said) == ["-  b: '22:30'", "+  b: '22:45'"]


def test_a_chart_that_no_longer_renders_is_said_and_proposed_all_the_same(releases: Releases) -> None:
    releases.merged("1.0.0", TEMPLATES)
    said = releases.changes({**TEMPLATES, "bad": '{{ fail "no <b>way</b>" }}\n'})
    assert said.startswith("In the cluster: what changes is not known.\n\n- It could not be rendered: ")
    assert "no &lt;b>way" in said
