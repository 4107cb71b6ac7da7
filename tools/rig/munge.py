"""A munge of the rig's own: who calls is proven by it, as on a real cluster."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

from tools.rig.processes import Daemons, until


def start_munge(folder: Path, daemons: Daemons) -> None:
    """Start ``munged`` with a key and a socket in the rig's folder, and wait for it."""
    private = folder / "munge"
    private.mkdir(mode=0o700)
    key = private / "key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    socket = folder / "run" / "munge.socket"
    daemons.start(
        "munged",
        "munged",
        "--foreground",
        f"--socket={socket}",
        f"--key-file={key}",
        f"--pid-file={private}/pid",
        f"--log-file={private}/log",
        f"--seed-file={private}/seed",
    )
    words = ("munge", "--no-input", f"--socket={socket}")

    def answers() -> bool:
        daemons.check("munged")
        return (
            socket.exists()
            and not subprocess.run(words, check=False, capture_output=True).returncode
        )

    until(answers, 20, "munged answers")
