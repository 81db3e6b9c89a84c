"""The archive of answers: every body that was ever received, once, under its hash.

For many services it is the only record of what they said at the time.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from groundswell.data.errors import StoreError

_LEVEL = 4
"""Of packing: a third of the time of the usual nine, for files a tenth larger."""


_LEFT_OVER = 3600.0
"""Seconds after which a file that is still being written was left behind by a program that was stopped."""


class Archive:
    """The bodies kept in a folder, as `<service>/<year>-<month>/<sha256>.gz`.

    Args:
        folder: where they are kept; it is made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tidy: set[Path] = set()

    def keep(self, service: str, content: bytes, sha256: str, fetched: datetime) -> None:
        """Keep a body; one that the service has sent before is kept already.

        Raises:
            StoreError: it cannot be written.
        """
        home = self.folder / service
        if any(home.glob(f"*/{sha256}.gz")):
            return
        file = home / f"{fetched:%Y-%m}" / f"{sha256}.gz"
        # Written beside and moved in, so that a file in the archive is whole whenever one looks.
        beside = file.with_name(f"{sha256}.{os.getpid()}-{threading.get_ident()}.tmp")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._clear(home)
            beside.write_bytes(gzip.compress(content, _LEVEL, mtime=0))
            beside.replace(file)
        except OSError as problem:
            raise StoreError(
                f"an answer could not be kept ({problem.strerror})",
                where=str(file.parent),
                expected="a folder that can be written, with room",
                remedy="make room, or choose another data folder with GROUNDSWELL_DATA",
            ) from None

    def _clear(self, home: Path) -> None:
        """Remove, before the first write for a service, what programs that were stopped have left."""
        if home in self._tidy:
            return
        self._tidy.add(home)
        for file in home.glob("*/*.tmp"):
            with suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > _LEFT_OVER:
                    file.unlink()

    def read(self, sha256: str) -> bytes:
        """Return a body by its hash.

        Raises:
            StoreError: it is not in the archive, or is no longer what it was.
        """
        file = next(self.folder.glob(f"*/*/{sha256}.gz"), None)
        if file is None:
            raise StoreError(f"there is no answer {sha256}", where=str(self.folder))
        try:
            content = gzip.decompress(file.read_bytes())
        except (OSError, EOFError) as problem:
            raise StoreError(f"the answer cannot be read ({problem})", where=str(file)) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError(
                "the answer was changed after it was kept", where=str(file), remedy="remove the file"
            )
        return content
