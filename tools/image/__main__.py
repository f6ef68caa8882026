"""Builds the images, and pushes the ledger's: `python -m tools.image build ledger tool`, `push REPOSITORY [FILE]`."""

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
                    build(NAMES[target], base, target)
                    print(f"{NAMES[target]} is built")
                buildah("rmi", "--prune", "--force")  # the images before, and the build stage
            case ["push", repository, *file]:
                push(repository, *file)
            case _:
                sys.exit(__doc__)
    except BuildahError as error:
        sys.exit(f"The image was not built or pushed: {error}")


def push(repository: str, file: str | None = None) -> None:
    """Push the image that was built, tagged with its commit, and print REPOSITORY@DIGEST.

    The lines `repository=` and `digest=` are added to `file`, as GITHUB_OUTPUT wants them.
    """
    labels = inspect(NAME)["config"]["Labels"]
    here = repository.startswith(
        ("127.0.0.1:", "localhost:", f"{ADDRESS}:")
    )  # ADDRESS is the registry of `make cluster`
    if labels[BASE_NAME] != pinned_base() and not here:
        raise BuildahError(f"Its base is {labels[BASE_NAME]}; only an image on the Containerfile's base is published.")
    written = STORE / "digest"
    where = f"docker://{repository}:{labels[REVISION][:12]}"
    buildah("push", "--quiet", f"--tls-verify={'false' if here else 'true'}", "--digestfile", written, NAME, where)
    digest = written.read_text().strip()
    if file:
        with Path(file).open("a") as output:
            output.write(f"repository={repository}\ndigest={digest}\n")
    print(f"{repository}@{digest}")


if __name__ == "__main__":
    main(sys.argv[1:])
