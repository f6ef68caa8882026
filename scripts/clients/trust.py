"""The certificates that this machine trusts: those of its own store, as for curl, git and helm."""

import os
import ssl
from functools import cache
from pathlib import Path

from ..errors import Refused


def trusted() -> ssl.SSLContext:
    """The system's store; with SSL_CERT_FILE or SSL_CERT_DIR, what these name and nothing else."""
    return _trusted(os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None)


@cache
def _trusted(file: str | None, folders: str | None) -> ssl.SSLContext:
    if not (file or folders):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    variable = "SSL_CERT_FILE" if file else "SSL_CERT_DIR"
    try:
        if not file and not any(Path(folder).is_dir() for folder in str(folders).split(os.pathsep)):
            raise FileNotFoundError(f"{folders} is no folder")
        context.load_verify_locations(file, folders)
    except OSError as error:  # an SSLError is one
        raise Refused(
            f"The certificates that {variable} names cannot be read: {error.strerror or error}.",
            f"Name a readable file of certificates (PEM), or unset {variable}: then this machine's own store is used.",
            fault="machine",
        ) from error
    return context
