"""A chart at the top of its repository, as vault-helm has it: `chart = "."`."""

import subprocess

import pytest

from tests.support.builders import CHART, DEPLOYMENT, VALUES, World, git


@pytest.mark.long
def test_it_is_shipped_shipped_again_and_promoted(world: World) -> None:
    git(world.checkout, "rm", "--quiet", "-r", "chart")
    toml = (world.checkout / "waybill.toml").read_text()
    world.commit(
        {
            "Chart.yaml": CHART.format(service="orders"),
            "values.yaml": VALUES,
            "templates/deployment.yaml": DEPLOYMENT,
            ".helmignore": "waybill.toml\n.*\ndocs/\n",
            "docs/a.md": "Not in the chart.\n",
            "waybill.toml": f'chart = "."\n{toml}',
        }
    )
    image = world.image()
    planned = world.waybill("plan", "--json", "--image", image, cwd=world.checkout / "docs").json
    assert planned["chart_files"] == ["M Chart.yaml", "M values.yaml"]
    shipped = world.ship(image)
    archive = world.checkout / ".waybill" / "orders-0.1.0.tgz"
    listed = subprocess.run(["tar", "tzf", archive], capture_output=True, text=True, check=True).stdout.split()
    assert sorted(listed) == ["orders/Chart.yaml", "orders/templates/deployment.yaml", "orders/values.yaml"]
    assert world.ship(image) == shipped
    world.merge("apps/orders")
    ran = world.waybill("promote", "--json", "--to", "production", "--version", "0.1.0")
    assert ran.code == 0, ran.stderr
    assert ran.json["chart"] == shipped["chart"]
    assert world.waybill("bump", "--image", world.image("two")).code == 0
    assert git(world.checkout, "diff", "--name-only").splitlines() == ["Chart.yaml", "values.yaml"]
