"""A sub-path: where a proxy serves the ledger below `ROOT_PATH`, whether or not it takes that off the address."""

from typing import Any

from litestar.types import ASGIApp, Receive, Send


def below(root: str, app: ASGIApp) -> ASGIApp:
    """`app` sees addresses without `root`; one without it, as a probe or Flux in the cluster sends, stays as it is."""
    raw = root.encode()

    async def answer(scope: Any, receive: Receive, send: Send) -> None:
        if scope["path"] == root or scope["path"].startswith(f"{root}/"):
            scope["path"] = scope["path"].removeprefix(root) or "/"
            scope["raw_path"] = scope["raw_path"].removeprefix(raw) or b"/"
        await app(scope, receive, send)

    return answer if root else app
