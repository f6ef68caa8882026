"""The ledger's image: `python -m tools.image build`, and `push REPOSITORY [FILE]` once it has been asked."""

import sys
from pathlib import Path

from tools.cluster.namespaces import ADDRESS
from tools.prerequisites import complaint

from .build import BASE_NAME, REVISION, available_base, build, pinned_base
from .buildah import STORE, BuildahError, buildah, inspect

NAME = "localhost/waybill"


def main(arguments: list[str]) -> None:
    if missing := complaint("image"):
        sys.exit(missing)
    STORE.mkdir(parents=True, exist_ok=True)
    try:
        match arguments:
            case ["build"]:
                build(NAME, available_base())
                buildah("rmi", "--prune", "--force")  # the one before, and the stage that built this one
                print(f"{NAME} is built")
            case ["push", repository, *file]:
                push(repository, *file)
            case _:
                sys.exit(__doc__)
    except BuildahError as error:
        sys.exit(f"The image was not made: {error}")


def push(repository: str, file: str | None = None) -> None:
    """Pushes the image that was built, tagged with its commit, and prints REPOSITORY@DIGEST.

    `file` gets it as the lines `repository=` and `digest=`, the form of GITHUB_OUTPUT.
    """
    labels = inspect(NAME)["config"]["Labels"]
    here = repository.startswith(("127.0.0.1:", "localhost:", f"{ADDRESS}:"))  # the last is `make cluster`'s
    if labels[BASE_NAME] != pinned_base() and not here:
        raise BuildahError(f"It stands on {labels[BASE_NAME]}; only one on the Containerfile's base is published.")
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
