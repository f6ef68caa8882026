"""A real Kubernetes node with Flux, a registry and a forge, on this machine: `python -m tools.cluster up`.

`up` leaves it running for a person to use, `down` ends it. `run COMMAND` runs a command inside (see namespaces.py) and
ends the cluster with it. All need root.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from tools.prerequisites import complaint

from . import namespaces

ABOUT = namespaces.FOLDER / "about.json"
STORY = namespaces.FOLDER / "story.log"


def main(arguments: Sequence[str]) -> int:
    if missing := complaint("cluster-down" if arguments == ["down"] else "cluster"):
        sys.exit(missing)
    match arguments:
        case ["up"]:
            return up()
        case ["down"]:
            ended = [namespaces.end(folder) for folder in namespaces.CLUSTERS.glob("*/")]
            print("the cluster has ended" if any(ended) else "no cluster is running")
            return 0
        case ["run", *command] if command:
            return run(command)
        case ["hold"]:
            return hold()
    sys.exit(f"usage: python -m tools.cluster up | down | run COMMAND...\nnot {' '.join(arguments)!r}")


def up() -> int:
    if namespaces.found():
        sys.exit("A cluster is running already: `make cluster-down` ends it.")
    _prepare()
    with STORY.open("wb") as story:
        process = namespaces.start([sys.executable, "-m", "tools.cluster", "hold"], story)
    with STORY.open() as story:
        while not ABOUT.exists():
            ended = process.poll() is not None
            print(story.read(), end="", flush=True)
            if ended:
                namespaces.end()
                sys.exit(f"The cluster did not start. Its logs are in {namespaces.FOLDER / 'logs'}.")
            time.sleep(0.2)
        print(story.read(), end="")
    namespaces.join()
    print("\n".join(json.loads(ABOUT.read_text())))
    return 0


def run(command: Sequence[str]) -> int:
    """Run the command inside and return its exit code. Nothing of the cluster is left then."""
    if namespaces.found():
        sys.exit("A cluster is running already: `make cluster-down` ends it.")
    ended, process = False, None

    def end(*_: object) -> None:
        nonlocal ended
        ended = True
        if process:
            process.kill()

    signal.signal(signal.SIGTERM, end)  # which may come before there is a process
    _prepare()
    process = namespaces.start(command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the command too
    try:
        if ended:
            process.kill()
        return process.wait()
    finally:
        namespaces.end()


def hold() -> int:
    """Inside the namespaces: keep a cluster running until this process is killed."""
    from .world import REGISTRY_PORT, world

    with world() as it:
        lines = [
            f"export KUBECONFIG={it.cluster.kubeconfig}",
            f"registry   {namespaces.ADDRESS}:{REGISTRY_PORT} (plain HTTP; here and for the node)",
            f"forge      http://{namespaces.ADDRESS}:3000/ (user {it.forge.user}, password {it.forge.password})",
            f"logs       {namespaces.FOLDER / 'logs'}",
            "`make cluster-down` ends all of this.",
        ]
        unfinished = ABOUT.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(lines))
        unfinished.rename(ABOUT)
        signal.pause()
    return 0


def _prepare() -> None:
    namespaces.end()  # what a killed cluster left
    namespaces.forget()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit("\n".join([f"{error}", *getattr(error, "__notes__", [])]))
