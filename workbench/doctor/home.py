"""``$WORKBENCH_HOME``: who may read it, where it lies, how much room there is, and its clock."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from workbench.doctor.findings import Finding, bad, good, unknown, warning
from workbench.doctor.mounts import Mount, Seen
from workbench.room import ADVICE, no_room

CHECK = "home"
CLOCK = "clock"
SHARED = "shared folder"
PURGE = "purge"
SKEW_S, MUCH_SKEW_S = 2.0, 60.0
# Words of paths and names of variables by which sites name what they clean up.
SCRATCH_WORDS = ("scratch", "gscratch", "pscratch", "flash", "nobackup")
SCRATCH_VARIABLES = ("SCRATCH", "PSCRATCH", "GSCRATCH")


def mode_findings(home: Path) -> Iterator[Finding]:
    """Say whether others may read or change what lies in the home."""
    found = home.stat()
    mode = stat.S_IMODE(found.st_mode)
    said = f"{home} has mode {mode:04o}"
    fix = f"chmod 700 {home}"
    if found.st_uid not in (os.geteuid(), 0):
        yield bad(
            CHECK,
            f"{home} belongs to another user (number {found.st_uid})",
            "Set WORKBENCH_HOME to a folder of your own",
        )
    elif mode & 0o022:
        yield bad(CHECK, f"{said}: others can replace your clusters' keys and your runs", fix)
    elif mode & 0o055:
        yield warning(CHECK, f"{said}: others can see what lies there, your runs among it", fix)
    else:
        yield good(CHECK, f"{said}: yours alone")


def write_findings(home: Path) -> Iterator[Finding]:
    """Say where nothing can be written in the home: no run and no cluster starts there."""
    try:
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"a")
    except OSError as error:
        fix = "Choose a place where you may write: set WORKBENCH_HOME"
        if no_room(error):
            fix = ADVICE
        yield bad(CHECK, f"nothing can be written in {home}: {error.strerror}", fix)


def shared_finding(what: str, path: Path, mount: Mount | None, *, jobs: bool) -> Finding:
    """Say whether nodes see a folder, as far as its file system tells from here.

    Parameters
    ----------
    what
        What lies there, for people.
    jobs
        Whether clusters here have jobs on other hosts.
    """
    said = f"{what} {path} is on {mount or 'a file system that nobody tells'}"
    seen: Seen = mount.seen(path.resolve()) if mount else "unknown"
    if not jobs:
        return good(SHARED, said)
    if seen == "everywhere":
        return good(SHARED, f"{said}, which other hosts see")
    move = "Set WORKBENCH_HOME to a folder on a file system that all nodes see"
    if what != CHECK:
        move = "Install it on a file system that all nodes see, or set 'python' in the site file"
    if seen == "here":
        return warning(SHARED, f"{said}: that looks like this host's own, unseen by nodes", move)
    return unknown(
        SHARED,
        f"{said}: whether nodes see it cannot be told from here",
        f"Start a cluster, then 'workbench doctor CLUSTER' looks from its nodes. If not: {move}",
    )


def purge_findings(home: Path, mount: Mount | None) -> Iterator[Finding]:
    """Say what is known of a clean-up by age where the home looks like scratch."""
    named = [name for name in SCRATCH_VARIABLES if _below(home, os.environ.get(name))]
    words = {part.lower() for part in home.parts[:-1]} & set(SCRATCH_WORDS)
    if not named and not words:
        return
    why = f"below ${named[0]}" if named else f"below a folder named {sorted(words)[0]}"
    atime = {"noatime", "relatime"} & set(mount.options if mount else ())
    counts = f" It is mounted {sorted(atime)[0]}: reading alone may not count." if atime else ""
    yield unknown(
        PURGE,
        f"{home} lies {why}. Many sites remove there what was not touched for 30 to 90 days, and "
        f"no command tells.{counts}",
        "Ask the site for its rule. Keep results elsewhere: workbench run start --folder DIR, or "
        "'runs' in the site file",
    )


def _below(path: Path, folder: str | None) -> bool:
    return bool(folder) and path.is_relative_to(Path(str(folder)))


def clock_findings(home: Path) -> Iterator[Finding]:
    """Compare this host's clock with that of the file system, which stamps all files."""
    before = time.time()
    try:
        with tempfile.TemporaryFile(dir=home) as probe:
            stamp = os.fstat(probe.fileno()).st_mtime
    except OSError as error:
        said = f"the file system of {home} was not asked for its time: {error.strerror}"
        yield unknown(CLOCK, said, "It stamps what is written: see what 'home' says above")
        return
    after = time.time()
    off = max(before - stamp, stamp - after, 0.0)
    yield clock_finding(f"the clock of the file system of {home}", off)


def clock_finding(other: str, off_s: float) -> Finding:
    """Judge how far two clocks are apart at least."""
    said = f"this host's clock and {other} agree within {max(off_s, 0.1):.1f} s"
    fix = "Tell the site: the clocks of its hosts have to be kept by NTP or the like"
    if off_s > MUCH_SKEW_S:
        said = f"this host's clock and {other} are {off_s:.0f} s apart"
        return bad(CLOCK, f"{said}: certificates and credentials of jobs may be refused", fix)
    if off_s > SKEW_S:
        return warning(CLOCK, f"this host's clock and {other} are {off_s:.1f} s apart", fix)
    return good(CLOCK, said)
