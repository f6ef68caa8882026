"""Which version bump chooses beside what the remote's tags and the registry really hold."""

import pytest

from scripts.errors import Refused
from scripts.image.reference import parse
from scripts.steps.bump import Choice, bump
from tests.support.builders import CHART, World, git
from tests.support.release import checkout
from tools.demo.image import crane


def chosen(world: World, image: str, **choice: object) -> str:
    waybill = bump(Choice({"orders": parse(image)}, **choice), checkout(world))  # type: ignore[arg-type]
    return str(waybill.chart.version)  # type: ignore[union-attr]


def tag(world: World, *names: str, on: str = "HEAD", annotated: bool = False) -> None:
    for name in names:
        git(world.checkout, "tag", *(["-a", "-m", "by hand"] if annotated else []), name, on)
        git(world.checkout, "push", "--quiet", "origin", name)


def publish(world: World, image: str, *tags: str) -> None:
    """Something lies under these tags in the chart's repository."""
    for name in tags:
        crane("copy", "--insecure", image, f"{world.registry}/charts-{world.folder.name}/orders:{name}")


def test_tags_of_others_take_nothing(world: World) -> None:
    tag(world, "v9.0.0", "9.0.0", "invoices-9.0.0", "orders-api-9.0.0", "orders-9.0", "orders-v9.0.0", "orders-nightly")
    image = world.image()
    publish(world, image, "latest", "v9.0.0", "9.0", "sha256-0123.sig")
    assert chosen(world, image) == "0.1.0"


def test_a_tag_below_another_leaves_no_room_for_it(world: World) -> None:
    tag(world, "orders-0.1.0/linux")
    assert chosen(world, world.image()) == "0.1.1"
    world.ship(world.image())
    assert "orders-0.1.1" in world.tags()


def test_the_registry_takes_versions_too_and_an_underscore_is_build_metadata(world: World) -> None:
    image = world.image()
    publish(world, image, "0.1.0_build.7")
    assert chosen(world, image) == "0.1.1"
    publish(world, image, "0.4.0", "1.0.0-rc.1")
    assert chosen(world, image) == "0.4.1"
    assert chosen(world, image, part="major") == "1.0.0"
    with pytest.raises(Refused, match=r"0\.4\.0 is taken"):
        chosen(world, image, version="0.4.0")
    assert chosen(world, image, version="0.3.0") == "0.3.0"


@pytest.mark.parametrize("annotated", [False, True])
def test_a_tag_that_a_person_set_takes_its_version(world: World, annotated: bool) -> None:
    tag(world, "orders-0.3.0", annotated=annotated)
    image = world.image()
    assert chosen(world, image) == "0.3.1"
    world.commit({"chart/Chart.yaml": CHART.format(service="orders").replace("0.1.0", "0.5.0")}, "Raise it")
    assert chosen(world, image) == "0.5.0"


@pytest.mark.parametrize("what", ["HEAD^{tree}", "HEAD:chart/values.yaml"])
def test_a_tag_that_names_no_commit_takes_its_version_too(world: World, what: str) -> None:
    tag(world, "orders-0.3.0", on=what)
    image = world.image()
    assert chosen(world, image) == "0.3.1"
    assert chosen(world, image, part="minor") == "0.4.0"


def test_a_pre_release_goes_on_within_its_own_version(world: World) -> None:
    world.commit({"chart/Chart.yaml": CHART.format(service="orders").replace("0.1.0", "2.0.0-rc.1")})
    image = world.image()
    tag(world, "orders-1.9.0", "orders-3.0.0-rc.4")
    assert chosen(world, image) == "2.0.0-rc.1"
    tag(world, "orders-2.0.0-rc.9", "orders-2.0.0-rc.10")
    assert chosen(world, image) == "2.0.0-rc.11"
    publish(world, image, "2.0.0")
    with pytest.raises(Refused, match=r"2\.0\.0 is released already"):
        chosen(world, image)


def test_a_tag_without_a_chart_is_completed_by_its_own_input_alone(world: World) -> None:
    image, other = world.image("one"), world.image("two")
    half = bump(Choice({"orders": parse(image)}), checkout(world))
    git(world.checkout, "push", "--quiet", "origin", f"{half.source.release_commit}:refs/tags/{half.source.tag}")
    assert bump(Choice({"orders": parse(image)}, part="major"), checkout(world)) == half
    assert chosen(world, other) == "0.1.1"
    with pytest.raises(Refused, match=r"are released as orders-0\.1\.0 already"):
        chosen(world, image, version="0.7.0")
    with pytest.raises(Refused, match=r"0\.1\.0 is taken"):
        chosen(world, other, version="0.1.0")


def test_an_older_commit_is_compared_with_what_its_version_is_compared_with(world: World) -> None:
    """A pre-release of a newer commit does not make a stable one of an older commit old, nor a lower --version new."""
    older = git(world.checkout, "rev-parse", "HEAD")
    newer = world.commit({"README.md": "newer"})
    tag(world, "orders-1.0.0-rc.1", on=newer)
    git(world.checkout, "checkout", "--quiet", older)
    image = world.image()
    assert chosen(world, image) == "0.1.0"
    tag(world, "orders-1.0.0", on=newer)
    with pytest.raises(Refused, match=f"{older[:12]} is older than {newer[:12]}, which is released as orders-1.0.0"):
        chosen(world, image)
    assert chosen(world, image, allow_older=True) == "1.0.1"


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3+build", "01.2.3", "1.0", '""', "latest"])
def test_a_chart_whose_version_is_none_is_refused(world: World, version: str) -> None:
    world.commit({"chart/Chart.yaml": CHART.format(service="orders").replace("0.1.0", version)})
    with pytest.raises(Refused, match=r"no X.Y.Z or X.Y.Z-pre") as refused:
        chosen(world, world.image())
    assert refused.value.fault == "chart"
    with pytest.raises(Refused) as refused:
        chosen(world, world.image(), version=version.strip('"') or "latest")
    assert "no X.Y.Z or X.Y.Z-pre" in refused.value.what


def test_a_release_commit_is_known_by_its_trailer_and_its_images_whoever_made_it(world: World) -> None:
    made = str(bump(Choice({"orders": parse(world.image())}), checkout(world)).source.release_commit)
    assert (
        git(world.checkout, "log", "-1", "--format=%(trailers:key=Waybill-Release,valueonly)", made) == "orders 0.1.0"
    )
    tree = git(world.checkout, "rev-parse", f"{made}^{{tree}}")
    message = git(world.checkout, "log", "-1", "--format=%B", made)
    theirs = git(world.checkout, "commit-tree", tree, "-p", "HEAD", "-m", message)
    tag(world, "orders-0.1.0", on=theirs)
    assert chosen(world, world.image("two")) == "0.1.1"
    plain = git(world.checkout, "commit-tree", tree, "-p", "HEAD", "-m", "A person's")
    tag(world, "orders-0.2.0", on=plain)
    with pytest.raises(Refused, match="is older than"):
        chosen(world, world.image("three"))


def test_the_merge_that_a_forge_makes_to_try_a_pull_request_gets_no_version(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As actions/checkout leaves it, of one commit; main itself would be older than what was released of it."""
    main, image = git(world.checkout, "rev-parse", "HEAD"), world.image()
    git(world.checkout, "checkout", "--quiet", "-b", "change")
    git(world.checkout, "commit", "--quiet", "--allow-empty", "-m", "A change")
    git(world.checkout, "checkout", "--quiet", "--detach", main)
    git(world.checkout, "merge", "--quiet", "--no-ff", "-m", "Merge", "change")
    merge = git(world.checkout, "rev-parse", "HEAD")
    git(world.checkout, "push", "--quiet", "origin", "HEAD:refs/pull/7/merge", "change")
    git(world.folder, "clone", "--quiet", "--depth=1", f"file://{world.origin}", "runner")
    runner = world.folder / "runner"
    git(runner, "fetch", "--quiet", "--depth=1", "origin", f"+{merge}:refs/remotes/pull/7/merge")
    git(runner, "checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge")
    world.checkout = runner
    with pytest.raises(Refused, match="a merge that the forge made to try a pull request") as error:
        chosen(world, image)
    assert "pull_request.head.sha" in error.value.remedy
    assert chosen(world, image, version="0.1.1-pr.7") == "0.1.1-pr.7"
    git(runner, "update-ref", "-d", "refs/remotes/pull/7/merge")
    assert chosen(world, image) == "0.1.0"
    monkeypatch.setenv("GITHUB_SHA", merge)
    monkeypatch.setenv("GITHUB_REF", "refs/pull/7/merge")
    with pytest.raises(Refused, match="refs/pull/7/merge"):
        chosen(world, image)
