"""The settings: what each one means, stated once, and where it comes from: waybill.toml < environment < flags."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from .errors import Refused, unknown_key
from .setting_errors import refusal
from .setting_texts import parsed

# RFC 1123 label; 53 characters is what Helm allows a release's name, and lets `<service>-X.Y.Z` parse in one way.
Service = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$(?!\n)",
        title="a name of at most 53 lower-case letters, digits and hyphens",
    ),
]
Label = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)",
        title="a name of at most 63 lower-case letters, digits and hyphens",
    ),
]
Registry = Annotated[
    str, Meta(pattern=r"^oci://[A-Za-z0-9.\[\]:-]+(/[a-z0-9._-]+)*/?$(?!\n)", title="an address oci://HOST/PATH")
]
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+(/[^\s]*)?$(?!\n)", title="an address http:// or https://")]
FluxVersion = Annotated[
    str, Meta(pattern=r"^[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,4})?$(?!\n)", title="a version such as 2.9")
]
Unbroken = Annotated[str, Meta(pattern=r"^[^\x00-\x20\x7f]+$(?!\n)", title="a text without spaces")]
KubeVersion = Annotated[
    str,
    Meta(
        pattern=r"^v?[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,4}([+-][0-9A-Za-z.+-]+)?)?$(?!\n)", title="a version such as 1.36"
    ),
]
ServiceAccount = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$(?!\n)",
        title="a name of lower-case letters, digits, hyphens and dots",
    ),
]  # RFC 1123 subdomain
FLUX_VERSION = "2.9"
# FILE or FILE#NAME: a path in the GitOps repo, and the name of a HelmRelease in a file of several.
HelmReleaseFile = Annotated[
    str,
    Meta(
        pattern=r"^[^/#\s][^#\n]*(#[a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$(?!\n)",
        title="FILE or FILE#NAME, a path inside the GitOps repo",
    ),
]
Person = Annotated[str, Meta(pattern=r"^[^<>\s][^<>\n]* <[^<>\s]+>$(?!\n)", title='"Name <email>"')]
Title = Annotated[str, Meta(pattern=r"^[^\n]*\{title\}[^\n]*$(?!\n)", title="one line with {title} in it")]
ForgeName = Literal["github", "gitlab", "gitea", "forgejo", "file"]
Merge = Literal["review", "auto"]
LabelName = Annotated[
    str, Meta(pattern=r"^[^,\s]([^,\n]*[^,\s])?$(?!\n)", max_length=255, title="a text without commas")
]
Reviewer = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$(?!\n)", title="a user, or GROUP/NAME"),
]


def about(text: str) -> Meta:
    """What a setting means, for --help and the README."""
    return Meta(description=text)


class EnvironmentSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A table [environment.NAME] of waybill.toml; None: as for every environment."""

    namespace: Label | None = None
    merge: Merge | None = None
    helmrelease: HelmReleaseFile | None = None


class VerifyImage(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose signature an image must have: that of a key, or of a workflow."""

    key: str | None = None
    issuer: Url | None = None
    identity: str | None = None


class Settings(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"image_keys": "image", "environment_tables": "environment"},
):
    """The keys of waybill.toml. Every field but the tables [environment.NAME] is also a flag and a variable
    WAYBILL_<FIELD>; the key `image` is `image_keys` there, since --image is the image itself."""

    service: Annotated[Service | None, about("Name of the service: its chart's name, which is the default.")] = None
    chart: Annotated[str, about("Folder of the chart.")] = "chart"
    namespace: Annotated[
        Label | dict[Label, Label],
        about("Namespace of the HelmRelease: one for all environments, or a table environment -> namespace."),
    ] = "apps"
    registry: Annotated[Registry | None, about("Where charts are pushed: oci://host/path.")] = None
    plain_http: Annotated[bool, about("Use plain HTTP for the registry. One on localhost needs no setting.")] = False
    source_repository: Annotated[
        str | None, about("Address of the source repository in the record. Default: the remote's, as https://.")
    ] = None
    gitops: Annotated[str | None, about("The GitOps repo: a URL, or a path on this machine.")] = None
    gitops_branch: Annotated[
        Unbroken | None,
        about("The branch that pull requests are merged into. Default: the GitOps repo's default branch."),
    ] = None
    forge: Annotated[
        ForgeName | None,
        about(
            f"Who opens the pull request: {', '.join(get_args(ForgeName))}. The last is for a GitOps repo that is a "
            "path on this machine. Default: what its address shows."
        ),
    ] = None
    labels: Annotated[
        tuple[LabelName, ...], about("Labels of the pull request: added where they lack, never taken off.")
    ] = ()
    reviewers: Annotated[
        tuple[Reviewer, ...],
        about("Who is asked, once, to review the pull request: users, and teams or groups as GROUP/NAME."),
    ] = ()
    draft: Annotated[bool, about("Open the pull request as a draft. Default: false.")] = False
    environments: Annotated[
        tuple[str, ...],
        about("All environments, in the order of promotion. A group is one stage: production = production-eu + ..."),
    ] = ()
    environment_tables: Annotated[
        dict[Label, EnvironmentSettings],
        about(
            "Tables of one environment or group each: its `namespace`; `merge`: review (the default) or auto; of one "
            "environment also `helmrelease`: FILE or FILE#NAME in the GitOps repo, a HelmRelease that people wrote."
        ),
    ] = msgspec.field(default_factory=dict)
    flux_source: Annotated[
        Literal["helm-repository", "oci-repository"],
        about("How Flux gets the chart: helm-repository (by version) or oci-repository (by digest)."),
    ] = "helm-repository"
    artifact: Annotated[
        Registry | None,
        about(
            "Where the manifests are published as OCI artifacts of Flux, too: oci://host/path, below which each "
            "environment has a repository of its own."
        ),
    ] = None
    manifests: Annotated[
        str,
        about(
            "Without a GitOps repo: the folder of the manifests, in which each environment has a folder that its "
            "artifact is made of. Default: deploy."
        ),
    ] = "deploy"
    sign: Annotated[
        Literal["key", "keyless"] | None,
        about(
            "key: sign chart and manifests with the private key in WAYBILL_SIGNING_KEY, whose password, if it has "
            "one, is in WAYBILL_SIGNING_PASSWORD. keyless: as the workflow that ships, with Sigstore. Default: nothing "
            "is signed."
        ),
    ] = None
    verify_image: Annotated[
        VerifyImage | None,
        about(
            "Refuse images without a signature or an attestation: key = the file of a public key, relative to "
            "waybill.toml; or of a workflow: issuer = who gives its tokens, identity = its address."
        ),
    ] = None
    ledger: Annotated[Url | None, about("Address of the ledger.")] = None
    kube_version: Annotated[
        KubeVersion | None, about("Kubernetes version that the chart is rendered for. Default: Helm's own.")
    ] = None
    api_versions: Annotated[
        tuple[Unbroken, ...],
        about(
            "APIs that the clusters have beside Kubernetes' own, which templates may ask for, e.g. "
            '"monitoring.coreos.com/v1".'
        ),
    ] = ()
    flux_version: Annotated[
        FluxVersion, about("Version of Flux in the clusters, e.g. 2.8: before 2.9, hooks are not post-rendered.")
    ] = FLUX_VERSION
    values: Annotated[
        str | tuple[str, ...], about("Values files without which the chart cannot be linted and rendered.")
    ] = ()
    app_version: Annotated[
        bool, about("Write the first 12 hex digits of the commit to Chart.yaml as appVersion. Default: true.")
    ] = True
    service_account: Annotated[
        ServiceAccount | None, about("ServiceAccount that helm-controller uses to install the release.")
    ] = None
    paths: Annotated[
        tuple[str, ...],
        Meta(min_length=1, title="a list of at least one path"),
        about(
            'What of the repository is this service: commits that touch it are a release\'s changes. Default: ["."].'
        ),
    ] = (".",)
    authors: Annotated[bool, about("Name the authors of commits in the record and in proposals. Default: true.")] = True
    commit_author: Annotated[
        Person | None,
        about('Author of release commits and proposals, "Name <email>". Default: Waybill <waybill@waybill.invalid>.'),
    ] = None
    commit_sign: Annotated[
        bool, about("Sign these commits, and annotated tags, as git is configured to sign (ssh, gpg). Default: false.")
    ] = False
    commit_title: Annotated[
        Title, about('First line of these commits, and title of pull requests, e.g. "chore(release): {title}".')
    ] = "{title}"
    annotated_tags: Annotated[bool, about("Make the tags of releases annotated ones. Default: false.")] = False
    image_keys: Annotated[
        dict[str, Any] | tuple[dict[str, Any], ...],
        about(
            "Where values.yaml names the image, one block for each place; flags and variables know one, "
            "e.g. repository=image.repository,digest=image.digest."
        ),
    ] = msgspec.field(default_factory=lambda: {"repository": "image.repository", "digest": "image.digest"})
    tag_text: Annotated[
        str,
        about("What a tag key gets, of {commit}, {version} and {tag} (that of --image). Default: {commit}."),
    ] = "{commit}"

    @property
    def has_releases(self) -> bool:
        """Whether environments get releases: by a GitOps repo, or by a tag of the artifact."""
        return self.gitops is not None or self.artifact is not None


_ALL = msgspec.structs.fields(Settings)
FIELDS = tuple(field for field in _ALL if field.name != "environment_tables")  # --environment chooses environments
# Which settings belong together, for --help: a title, and their fields.
PARTS = {
    "the chart": "service chart registry plain_http values app_version kube_version api_versions image_keys tag_text",
    "the source repository": "source_repository paths authors commit_author commit_sign commit_title annotated_tags",
    "the GitOps repo": "gitops gitops_branch environments namespace flux_source flux_version service_account artifact "
    "manifests",
    "signatures": "sign verify_image",
    "the pull request": "forge labels reviewers draft",
    "the ledger": "ledger",
}
KEYS: dict[str, str] = {field.encode_name: field.type.__metadata__[-1].description for field in _ALL}


def read(file: Path | None, flags: Mapping[str, Any]) -> Settings:
    """The settings in the waybill.toml `file`, in the environment and in `flags` (by field); the later ones win."""
    variables = {field.name: os.environ.get(f"WAYBILL_{field.name.upper()}") or None for field in FIELDS}
    table = {**_table(file), **_given(variables), **_given(flags)}
    try:
        return msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise refusal(table, Settings) from error


def image_keys(text: bytes) -> dict[str, Any] | tuple[dict[str, Any], ...] | None:
    """The key `image` in a waybill.toml of an earlier commit; None where it cannot be read."""
    try:
        table = tomllib.loads(text.decode())
        return msgspec.convert({key: table[key] for key in ("image",) if key in table}, Settings).image_keys
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, msgspec.ValidationError):
        return None


def _table(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(f"{file} cannot be read: {error}.", "Correct the file.", fault="you") from error
    for key in table:
        if key not in KEYS:
            raise unknown_key(str(file), key, KEYS)
    return table


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` by field (those that are there, texts parsed) by their keys in waybill.toml."""
    return {
        field.encode_name: parsed(field.type, value) if isinstance(value, str) else value
        for field in FIELDS
        if (value := values.get(field.name)) is not None
    }
