"""An image by digest, as the user names it."""

import re
from dataclasses import dataclass, field

from ..errors import Refused

_REFERENCE = re.compile(
    r"(?P<repository>[^@\s=]+?)(:(?P<tag>[\w][\w.-]{0,127}))?@(?P<digest>sha256:[a-f0-9]{64})", re.ASCII
)


@dataclass(frozen=True)
class Reference:
    """`repository` has no tag and no scheme; `digest` is `sha256:` and 64 hex digits. `tag` names nothing, and goes
    into values.yaml where the settings say so."""

    repository: str
    digest: str
    tag: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


def parse(text: str) -> Reference:
    """From `REPOSITORY[:TAG]@sha256:...`."""
    found = _REFERENCE.fullmatch(text)
    if found is None or "://" in text:
        raise Refused(
            f"--image {text!r} does not name an image by digest.",
            "Give REPOSITORY@sha256:<64 hex>, as `docker buildx build --metadata-file` or `crane digest` prints it.",
            fault="you",
        )
    return Reference(found["repository"].rstrip("/"), found["digest"], found["tag"] or "")
