"""Releases of one chart, in small templates: published to a real registry, proposed and merged."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import UNSET, structs

from scripts.chart.renderer import Renderer
from scripts.diff.repo import Repo, opened
from scripts.document import Waybill
from scripts.forges.file import FileForge
from scripts.proposal.intent import Change, Intent, prepare
from scripts.proposal.verdict import verdicts
from scripts.report import Report
from scripts.steps.propose import carry_out
from tests.support.gitops_repo import GitopsRepo, waybill

HEADER = "metadata:\n  name: {{ .Release.Name }}\n  labels:\n    helm.sh/chart: orders-{{ .Chart.Version }}\n"
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\n"
    + HEADER
    + "spec:\n  template:\n    spec:\n      containers:\n        - name: web\n"
    + '          image: "orders@{{ .Values.digest }}"\n          env:\n            - {name: A, value: "1"}\n'
)
SERVICE = "apiVersion: v1\nkind: Service\n" + HEADER + "spec:\n  ports:\n    - port: 80\n"
SECRET = (
    "apiVersion: v1\nkind: Secret\n"
    + HEADER
    + "data:\n  kept: a2VwdA==\n  password: {{ .Values.password | b64enc | quote }}\n"
)
TEMPLATES = {"deployment": DEPLOYMENT, "service": SERVICE}


@dataclass
class Releases:
    """Publishes versions of one chart and proposes them; `body` is what the forge got last."""

    repo: GitopsRepo
    registry: str
    settings: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # version -> manifest

    def publish(self, version: str, templates: Mapping[str, str], values: str = "digest: a\n") -> None:
        chart = self.repo.folder / f"chart-{version}" / "orders"
        for name, text in templates.items():
            path = chart / (name if "/" in name else f"templates/{name}.yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: orders\nversion: {version}\n")
        (chart / "values.yaml").write_text(values)
        subprocess.run(["helm", "package", "-d", chart.parent, chart], check=True, capture_output=True)
        archive = chart.parent / f"orders-{version}.tgz"
        push = ["helm", "push", "--plain-http", archive, self.repository]
        said = subprocess.run(push, check=True, capture_output=True, text=True)
        self.digests[version] = (said.stdout + said.stderr).split("Digest: ")[1].split()[0]

    @property
    def repository(self) -> str:
        return f"oci://{self.registry}/{self.repo.folder.name}"

    def waybill(self, version: str) -> Waybill:
        release = waybill(version=version)
        assert release.chart is not UNSET
        digest = self.digests.get(version, UNSET)
        return structs.replace(release, chart=structs.replace(release.chart, repository=self.repository, digest=digest))

    def propose(self, version: str, *environments: str) -> str:
        change = self.repo.change(self.waybill(version), *environments, **self.settings)
        # Nothing is refused: what these charts run is no image of a release.
        with opened(FileForge(str(self.repo.bare)), Renderer(None), change.config) as repo:
            carry_out(change, repo, Report(), decide=_all_allowed)
        return str(self.repo.proposals()[-1]["body"])

    def merged(self, version: str, templates: Mapping[str, str], values: str = "digest: a\n") -> None:
        self.publish(version, templates, values)
        self.propose(version)
        self.repo.merge("apps/orders")

    def changes(self, templates: Mapping[str, str], values: str = "digest: a\n") -> str:
        """What the body of the next release says of the rendered difference."""
        self.publish("1.1.0", templates, values)
        body = self.propose("1.1.0")
        return body[body.index("In the cluster: ") : body.index("Waybill-Release")]


def _all_allowed(change: Change, repo: Repo) -> tuple[Change, Intent]:
    intent = prepare(change, repo)
    return change, structs.replace(intent, verdicts=verdicts(change, repo, intent))
