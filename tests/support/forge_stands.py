"""The stands of the forges' table: a stand-in over HTTP, a path of this machine, a real Gitea."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.forges import Forge
from scripts.forges.file import FileForge
from scripts.forges.gitea import Gitea
from tests.support.forge_stand_in import StandIn
from tools.cluster.waiting import wait_for


@dataclass
class OfStandIn:
    api: StandIn
    forge: Forge
    gives = True

    def __post_init__(self) -> None:
        self.api.held_back = False

    def push(self, branch: str) -> None:
        """It takes every branch for one that there is."""

    def delete_branch(self, branch: str) -> None:
        self.api.delete_branch(branch)

    def close(self, number: int) -> None:
        self.api.close(number)

    def reopen(self, number: int) -> None:
        self.api.reopen(number)

    def merge(self, number: int) -> None:
        self.api.press_merge(number)

    def wait(self, number: int) -> None: ...

    def comments(self, number: int) -> list[str]:
        return self.api.comments

    def labels(self, number: int) -> list[str]:
        return [label["name"] for label in self.api.pulls[number - 1]["labels"]]

    def make_ready(self, number: int, title: str) -> None:
        self.api.pulls[number - 1] |= {"title": title} | ({"draft": False} if self.api.name == "github" else {})


class OfPath:
    gives = False

    def __init__(self, folder: Path) -> None:
        (folder / "fleet.git").mkdir()
        self.forge: Forge = FileForge(str(folder / "fleet.git"))
        self.folder = folder / "fleet.git" / "waybill-proposals"

    def push(self, branch: str) -> None: ...
    def delete_branch(self, branch: str) -> None: ...

    def close(self, number: int) -> None:
        self._say(number, state="closed")

    def reopen(self, number: int) -> None:
        self._say(number, state="open")

    def merge(self, number: int) -> None:
        self._say(number, state="merged")

    def wait(self, number: int) -> None: ...

    def comments(self, number: int) -> list[str]:
        return list(json.loads((self.folder / f"{number}.json").read_text())["comments"])

    def labels(self, number: int) -> list[str]:
        return []

    def make_ready(self, number: int, title: str) -> None: ...

    def _say(self, number: int, **told: str) -> None:
        file = self.folder / f"{number}.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | told))


class RealForge(Protocol):
    """tools/cluster/forge.py's; every token of it has all rights."""

    url: str
    token: str

    def call(self, method: str, path: str, body: dict[str, object] | None = None) -> Any: ...


class OfGitea:
    gives = True

    def __init__(self, real: RealForge, name: str) -> None:
        self.real = real
        made = real.call("POST", "/user/repos", {"name": name, "auto_init": True, "default_branch": "main"}).json()
        self.place = f"/repos/{made['full_name']}"
        self.forge: Forge = Gitea(f"{real.url}/{made['full_name']}.git", real.token)
        for label in ("release", "urgent"):
            real.call("POST", f"{self.place}/labels", {"name": label, "color": "#00aabb"})

    def push(self, branch: str) -> None:
        content = base64.b64encode(branch.encode()).decode()
        body = {"content": content, "message": "A change", "branch": "main", "new_branch": branch}
        self.real.call("POST", f"{self.place}/contents/{branch}.txt", body)

    def delete_branch(self, branch: str) -> None:
        self.real.call("DELETE", f"{self.place}/branches/{branch}")

    def close(self, number: int) -> None:
        self._say(number, state="closed")

    def reopen(self, number: int) -> None:
        self._say(number, state="open")

    def merge(self, number: int) -> None:
        found = self.real.call("GET", f"{self.place}/pulls/{number}").json()
        self.forge.merge(number, found["head"]["sha"])
        self.wait(number)

    def wait(self, number: int) -> None:
        place = f"{self.place}/pulls/{number}"
        wait_for("the forge to merge", lambda: self.real.call("GET", place).json()["merged"], 60)

    def comments(self, number: int) -> list[str]:
        return [it["body"] for it in self.real.call("GET", f"{self.place}/issues/{number}/comments").json()]

    def labels(self, number: int) -> list[str]:
        return [it["name"] for it in self.real.call("GET", f"{self.place}/issues/{number}/labels").json()]

    def make_ready(self, number: int, title: str) -> None:
        self._say(number, title=title)

    def _say(self, number: int, **told: object) -> None:
        self.real.call("PATCH", f"{self.place}/pulls/{number}", told)
