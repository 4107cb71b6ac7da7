"""``files``: a picked file becomes a path on the server's disk; an uploaded one is kept there."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from pathlib import Path
from typing import IO, Any

from tornado import web

import workbench
from jupyterlab_workbench.documents.recipes import ContentsPath, UploadQuery
from jupyterlab_workbench.errors import Told, plain, told
from jupyterlab_workbench.request import BODY_BYTES, Request, verb
from workbench.errors import WorkbenchError, quoted
from workbench.unforeseen import explained, server_log

JSON = "application/json"
ENDLESS = 2**62


@web.stream_request_body
class Files(Request):
    """``files``.

    A JSON body ``{path}`` names a file of the file browser.  Any other body is the file itself,
    ``?name=`` its name; it is written as it comes, never held in memory.  What nobody may send, or
    under a name that is none, is thrown away as it comes.
    """

    def initialize(self) -> None:
        """Begin with nothing."""
        self._file: IO[bytes] | None = None
        self._place: Path | None = None
        self._bytes = 0
        self._refused: Told | None = None
        self._told = bytearray()

    async def prepare(self, **how: Any) -> None:
        """Look who it is before a byte is taken."""
        await super().prepare(**how)
        # What comes may be larger than other bodies: data_received counts, and throws away what
        # is too much, so that the browser reads the answer and sees no broken connection.
        self.request.connection.set_max_body_size(ENDLESS)  # type: ignore[union-attr]
        self._json = self.request.headers.get("Content-Type", "").startswith(JSON)
        allowed = self.current_user is not None and self.request.method == "POST"
        if not allowed or self._json:
            return
        try:
            name = self.query(UploadQuery).name
            self._place = await asyncio.to_thread(lambda: workbench.views.upload_place(name))
            self._file = self._place.open("xb")
        except Told as error:
            self._refused = error
        except WorkbenchError as error:
            self._refused = told(error)
        except OSError as error:
            self._refused = self._unwritten(error)

    def _unwritten(self, error: OSError) -> Told:
        self.log.warning("an upload could not be written", exc_info=error)
        return told(explained(error, server_log))

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body."""
        self._bytes += len(chunk)
        most = BODY_BYTES if self._json else self.desk.upload_bytes
        if self._bytes > most:
            size = f"The file has more than {most:,} bytes, which is the most that can be uploaded."
            advice = "Copy it to the server by other means and pick it there."
            self._refused = self._refused or plain(413, "too_large", f"{size} {advice}")
        elif self._file is not None:
            try:
                self._file.write(chunk)
            except OSError as error:
                self._refused = self._refused or self._unwritten(error)
        elif self._json:
            self._told += chunk

    @verb
    async def post(self) -> None:
        """Say where the file lies on the server's disk."""
        if self._refused is not None:
            self._throw_away()
            raise self._refused
        if self._file is not None and self._place is not None:
            self._file.close()
            self._file = None
            document = {
                "path": str(self._place), "name": self._place.name, "bytes": self._bytes
            }  # fmt: skip
            self.tell(document, 201)
            return
        self.request.body = bytes(self._told)
        self.tell(await self._resolved(self.body(ContentsPath).path))

    def on_connection_close(self) -> None:
        """Forget a file that did not come whole."""
        self._throw_away()
        super().on_connection_close()

    def on_finish(self) -> None:
        """Forget a file that was not wanted."""
        if self._file is not None:
            self._throw_away()
        super().on_finish()

    def _throw_away(self) -> None:
        if self._file is not None:
            # What the disk has no room for is not wanted here.
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
        if self._place is not None:
            self._place.unlink(missing_ok=True)
            self._place.parent.rmdir()
            self._place = None

    async def _resolved(self, path: str) -> dict[str, Any]:
        """Return where a file of the file browser lies on the disk."""
        contents = self.contents_manager
        on_disk = getattr(contents, "get_os_path", None) or getattr(contents, "_get_os_path", None)
        if on_disk is None:
            raise plain(
                422,
                "not_on_disk",
                "This file browser's files do not lie on the server's disk: upload the file "
                "instead.",
            )
        try:
            found = Path(on_disk(path))
        except web.HTTPError as error:
            raise plain(404, "not_found", f"There is no file {quoted(path)} here.") from error
        if not await asyncio.to_thread(_exists, found):
            raise plain(404, "not_found", f"There is no file {quoted(path)} in the file browser.")
        size = found.stat().st_size if found.is_file() else 0
        return {"path": str(found), "name": found.name, "bytes": size}


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False
