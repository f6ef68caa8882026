"""A setting that may change while the ledger runs: a text, or a file that is read again whenever it changes."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from prometheus_client import Gauge

T = TypeVar("T")

UNUSABLE = Gauge(
    "waybill_settings_file_unusable",
    "1: this file has changed and cannot be used; what it said before holds.",
    ["file"],
)
log = logging.getLogger(__name__)


class SecretFile(Generic[T]):
    """What `parse` makes of it, which raises ValueError. `name`: the setting that names the file.

    Raises ValueError if it cannot be used at the start. Kubernetes changes a mounted Secret by letting a symbolic link
    point elsewhere, which `os.stat` follows.
    """

    def __init__(self, source: str | Path, parse: Callable[[str | bytes], T], name: str) -> None:
        self.path = source if isinstance(source, Path) else None
        self._parse, self._name = parse, name
        self._stamp = self._current_stamp()
        self._content = parse(self.path.read_bytes() if self.path else str(source))
        if self.path:
            UNUSABLE.labels(name).set(0)

    def content(self) -> T:
        """A file that cannot be used changes nothing: a mistake while secrets change must not lock anybody out."""
        stamp = self._current_stamp()
        if self.path and stamp != self._stamp:
            self._stamp = stamp
            try:
                self._content = self._parse(self.path.read_bytes())
            except (OSError, ValueError) as error:
                UNUSABLE.labels(self._name).set(1)
                log.error("%s has changed and cannot be used, so what it said before holds: %s", self._name, error)
            else:
                UNUSABLE.labels(self._name).set(0)
                log.info("%s has changed and was read again", self._name)
        return self._content

    def _current_stamp(self) -> tuple[int, int, int] | None:
        """What changes with the file; None: it cannot be read."""
        try:
            stat = os.stat(self.path) if self.path else None
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None
