"""The README's "Adopt it in five minutes", done as it says with a chart that Waybill did not make."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.builders import World, git

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.long
def test_a_chart_of_helm_create_ships_with_the_readmes_settings(world: World) -> None:
    block = re.search(r"<!-- adopt -->\n\s*```toml\n(.*?)\n\s*```", README.read_text(), re.DOTALL)
    assert block
    told = "\n".join(line.removeprefix("   ") for line in block[1].splitlines())
    assert set(tomllib.loads(told)) == {"registry", "gitops", "environments", "ledger", "image"}

    subprocess.run(["helm", "create", "orders"], cwd=world.folder, check=True, capture_output=True)
    git(world.checkout, "rm", "-r", "--quiet", "chart", "waybill.toml")
    (world.folder / "orders").rename(world.checkout / "chart")
    world.commit({"waybill.toml": told})
    # The addresses are this test's own; there is no ledger here.
    env = {
        "WAYBILL_REGISTRY": f"oci://{world.registry}/{world.folder.name}",
        "WAYBILL_GITOPS": str(world.gitops),
        "WAYBILL_LEDGER": "",
    }
    toml = world.checkout / "waybill.toml"
    toml.write_text("".join(line for line in told.splitlines(True) if not line.startswith("ledger")))

    image = world.image()
    planned = world.waybill("plan", "--json", "--image", image, env=env)
    assert planned.code == 0, planned.stderr
    assert planned.json["difference"].startswith("staging: the first release there")
    waybill = world.ship(image, env=env)
    assert waybill["chart"]["version"] == "0.1.0"
    proposed = git(world.gitops, "show", "apps/orders:apps/orders/staging/release.yaml")
    assert 'version: "0.1.0"' in proposed
    released = git(world.origin, "show", "orders-0.1.0:chart/values.yaml")
    assert f'tag: "{waybill["source"]["commit"][:12]}@{image.split("@")[1]}"' in released
