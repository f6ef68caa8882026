"""Charts of the shapes that public ones have, each with one thing about its image that is awkward: values, how the
container names the image, and what else the chart holds."""

from dataclasses import dataclass, field

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {LABELS}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers:
        - name: web
          image: "{{ IMAGE }}"
"""
PLAIN = "{app: a}"


@dataclass(frozen=True)
class Shape:
    """`image` is what stands in the template's braces; `keys` are those that init is to find, `settings` what else of
    waybill.toml; None: none are to be found."""

    values: str
    image: str
    keys: list[dict[str, str]] | None
    labels: str = PLAIN
    more: dict[str, str] = field(default_factory=dict)
    settings: dict[str, object] = field(default_factory=dict)

    @property
    def deployment(self) -> str:
        return DEPLOYMENT.replace("IMAGE", self.image).replace("{LABELS}", self.labels)


TAG = 'printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion)'
MINE = "image:\n  repository: ghcr.io/acme/orders\n  tag: 1.2.3\n"
BY_TAG = [{"repository": "image.repository", "tag": "image.tag"}]
PINNED = [{"post_render": "ghcr.io/acme/orders"}]
SHAPES = {
    "repository and tag": Shape(MINE, TAG, BY_TAG),
    "an empty tag": Shape(MINE.replace("1.2.3", '""'), TAG, BY_TAG),
    "a digest of its own": Shape(
        MINE + "  digest: ''\n",
        "with .Values.image.digest }}{{ $.Values.image.repository }}@{{ . }}{{ else }}{{ " + TAG + " }}{{ end",
        [{"repository": "image.repository", "digest": "image.digest"}],
    ),
    "a digest that values.yaml does not mention": Shape(
        MINE,
        '.Values.image.repository }}{{ with .Values.image.digest }}@{{ . }}{{ else }}:{{ .Values.image.tag }}{{ end',
        [{"repository": "image.repository", "digest": "image.digest"}],
    ),
    "a registry apart": Shape(
        "image:\n  registry: ghcr.io\n  repository: acme/orders\n  tag: 1.2.3\n",
        'printf "%s/%s:%s" .Values.image.registry .Values.image.repository .Values.image.tag',
        [{"registry": "image.registry", "repository": "image.repository", "tag": "image.tag"}],
    ),
    "a name in place of a repository": Shape(
        "hub:\n  image:\n    name: ghcr.io/acme/orders\n    tag: 1.2.3\n",
        'printf "%s:%s" .Values.hub.image.name .Values.hub.image.tag',
        [{"repository": "hub.image.name", "tag": "hub.image.tag"}],
    ),
    "a repository that the templates know": Shape(
        "image:\n  repository: ''\n  tag: ''\n",
        'printf "%s:%s" (.Values.image.repository | default "ghcr.io/acme/orders") (.Values.image.tag | default "1")',
        BY_TAG,
    ),
    "one text": Shape("image: ghcr.io/acme/orders:1.2.3\n", ".Values.image", [{"reference": "image"}]),
    "a list": Shape(
        "containers:\n  - image: ghcr.io/acme/orders:1.2.3\n",
        "(index .Values.containers 0).image",
        [{"reference": "containers.0.image"}],
    ),
    "global.image": Shape(
        "global:\n  image:\n    repository: ghcr.io/acme/orders\n    tag: ''\n",
        'printf "%s:%s" .Values.global.image.repository (.Values.global.image.tag | default .Chart.AppVersion)',
        [{"repository": "global.image.repository", "tag": "global.image.tag"}],
    ),
    "one image in two places": Shape(
        "web:\n  image: {repository: ghcr.io/acme/orders, tag: 1.2.3}\n"
        "worker:\n  image: {repository: ghcr.io/acme/orders, tag: 1.2.3}\n",
        '.Values.web.image.repository }}:{{ .Values.web.image.tag }}"\n        - name: worker\n          image: "'
        "{{ .Values.worker.image.repository }}:{{ .Values.worker.image.tag",
        [
            {"repository": "web.image.repository", "tag": "web.image.tag"},
            {"repository": "worker.image.repository", "tag": "worker.image.tag"},
        ],
    ),
    "other images": Shape(
        "cache:\n  image: {repository: docker.io/library/redis, tag: '7'}\n" + MINE,
        TAG + ' }}"\n        - name: cache\n          image: "{{ .Values.cache.image.repository }}:7{{ ""',
        BY_TAG,
    ),
    "a tag in a label": Shape(
        MINE, TAG, PINNED, labels="{app.kubernetes.io/version: {{ .Values.image.tag | quote }}}"
    ),
    "a tag in a label, and a registry that the templates add": Shape(
        "global: {registry: ghcr.io}\nimage: {repository: acme/orders, tag: 1.2.3}\n",
        "printf \"%s/%s:%s\" .Values.global.registry .Values.image.repository .Values.image.tag",
        PINNED,
        labels="{app.kubernetes.io/version: {{ .Values.image.tag | quote }}}",
    ),
    "a tag that is read as a version": Shape(
        MINE, "if semverCompare \">=1.0.0\" .Values.image.tag }}{{ end }}{{ " + TAG, PINNED
    ),
    "an appVersion that is read as a version": Shape(
        MINE,
        'if semverCompare ">=0.0.1" .Chart.AppVersion }}{{ end }}{{ ' + TAG,
        BY_TAG,
        settings={"app_version": False},
    ),
    "a chart that needs values": Shape(
        "image: {repository: ghcr.io/acme/orders, tag: 1.2.3}\n",
        'required "say who" .Values.who | trunc 0 }}{{ ' + TAG,
        BY_TAG,
        more={"ci/test-values.yaml": "who: me\n"},
        settings={"values": "chart/ci/test-values.yaml"},
    ),
    "an image without a key": Shape("{}\n", 'print "ghcr.io/acme/orders:1.2.3"', PINNED),
    "no image of its own": Shape(MINE, TAG, None, more={"templates/deployment.yaml": ""}),
    "values that nothing gives": Shape(MINE, 'required "say who" .Values.who', None),
}  # fmt: skip
