"""Builds the images, and pushes them.

`python -m tools.image build ledger tool`, `push REPOSITORY` (the ledger's alone), `publish REPOSITORY FILE [VERSION]`.
"""

import os
import sys
from pathlib import Path

from tools.cluster.namespaces import ADDRESS
from tools.prerequisites import complaint

from .build import BASE_NAME, REVISION, available_base, build, pinned_base
from .buildah import STORE, BuildahError, buildah, inspect

NAME = "localhost/waybill"
NAMES = {"ledger": NAME, "tool": f"{NAME}-tool"}  # by the target of the Containerfile


def main(arguments: list[str]) -> None:
    if missing := complaint("image"):
        sys.exit(missing)
    STORE.mkdir(parents=True, exist_ok=True)
    try:
        match arguments:
            case ["build", *targets] if targets and NAMES.keys() >= {*targets}:
                base = available_base()
                for target in targets:
                    build(NAMES[target], base, target, os.environ.get("VERSION", ""))
                    print(f"{NAMES[target]} is built")
                buildah("rmi", "--prune", "--force")  # the images before, and the build stage
            case ["push", repository]:
                print(push(NAME, repository))
            case ["publish", repository, file, *version]:
                publish(repository, Path(file), *version)
            case _:
                sys.exit(__doc__)
    except BuildahError as error:
        sys.exit(f"The image was not built or pushed: {error}")


def push(name: str, repository: str, version: str = "") -> str:
    """Push the image that was built, tagged with its commit and, of a release, with its version; REPOSITORY@DIGEST."""
    labels = inspect(name)["config"]["Labels"]
    here = repository.startswith(
        ("127.0.0.1:", "localhost:", f"{ADDRESS}:")
    )  # ADDRESS is the registry of `make cluster`
    if labels[BASE_NAME] != pinned_base() and not here:
        raise BuildahError(f"Its base is {labels[BASE_NAME]}; only an image on the Containerfile's base is published.")
    written = STORE / "digest"
    flags = ("push", "--quiet", f"--tls-verify={'false' if here else 'true'}", "--digestfile", written)
    for tag in (labels[REVISION][:12], version):
        if tag:
            buildah(*flags, name, f"docker://{repository}:{tag}")
    return f"{repository}@{written.read_text().strip()}"


def publish(repository: str, file: Path, version: str = "") -> None:
    """Push both images, the tool's to REPOSITORY-tool. `file` gets the lines `repository=` and `digest=`, and the same
    with `tool-` before them, as GITHUB_OUTPUT wants them."""
    for prefix, name, suffix in (("", NAME, ""), ("tool-", NAMES["tool"], "-tool")):
        pushed = push(name, f"{repository}{suffix}", version)
        print(pushed)
        with file.open("a") as output:
            where, _, digest = pushed.partition("@")
            output.write(f"{prefix}repository={where}\n{prefix}digest={digest}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
