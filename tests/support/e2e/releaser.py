"""A clone of this checkout with the release tool, as developers and their CI use it."""

import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.support.builders import Ran
from tools.demo import world as demo


@dataclass
class Releaser:
    """The clone and its remote are in `folder`; `settings` are the tool's environment variables."""

    folder: Path
    settings: dict[str, str]

    @cached_property
    def env(self) -> dict[str, str]:
        return demo.environment(self.folder)

    @cached_property
    def clone(self) -> Path:
        self.folder.mkdir(parents=True)
        return demo.clone_of_the_checkout(self.folder, self.env)

    def waybill(self, *arguments: str, **more: str) -> Ran:
        """Run the release tool. Its output is also kept in waybill.log."""
        program = ["env", f"PYTHONPATH={demo.CHECKOUT}", sys.executable, "-P", "-m", "scripts"]
        env = self.env | self.settings | more
        done = subprocess.run(
            [*program, *arguments], cwd=self.clone, env=env, capture_output=True, text=True, check=False
        )
        with (self.folder / "waybill.log").open("a") as log:
            log.write(f"$ waybill {' '.join(arguments)}\n{done.stderr}{done.stdout}exit code {done.returncode}\n\n")
        return Ran(done.returncode, done.stdout, done.stderr)

    def ship(self, image: str) -> str:
        """Ship `image`; returns the version."""
        ran = self.waybill("ship", "--image", image, "--json")
        assert ran.code == 0, ran.stderr
        version: str = ran.json["chart"]["version"]
        return version

    def commit(self, message: str) -> None:
        """Commit a change and push it."""
        (self.clone / "NOTES.md").write_text(f"{message}\n")
        for words in (["add", "NOTES.md"], ["commit", "--quiet", "--message", message], ["push", "--quiet"]):
            demo.run(["git", *words], self.env, self.clone)
