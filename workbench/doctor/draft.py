"""A site file drafted from what the live scheduler and this host show."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from workbench import environ
from workbench.clusters.login import on_login_node
from workbench.doctor.drafted import Facts, drafted
from workbench.doctor.network import addresses, guess
from workbench.doctor.session import LINGER, kills_user_processes
from workbench.errors import Refused
from workbench.home import expanded, workbench_home
from workbench.pool.partition import LOCAL
from workbench.pool.pool import Pool
from workbench.pool.site import ETC, Site, read_site
from workbench.pool.snapshot import user_name


def draft() -> str:
    """Return the text of a site file for here.

    Raises
    ------
    Refused
        When no scheduler answers.
    """
    # Not as an older site file would have it.
    pool = Pool.now(Site(), starts=False)
    if not pool.snapshot.names or not pool.snapshot.nodes:
        trouble = f" ({'; '.join(pool.snapshot.problems)})" if pool.snapshot.problems else ""
        raise Refused(
            f"No scheduler shows its nodes to this host{trouble}, and a site file is about one. "
            "Call this where its commands work, such as a login node. Clusters on this computer "
            "need no site file.",
            code="no_scheduler",
        )
    partitions = [each for each in pool.partitions.values() if each.scheduler != LOCAL]
    return drafted(partitions, pool.snapshot.names, _facts())


def write_draft(text: str, file: Path | None = None) -> tuple[Path, list[str]]:
    """Write a draft where it counts, or into a file; return where, and what to know of it.

    Raises
    ------
    Refused
        Where a file is there already, or none can be made.
    """
    place = _place() if file is None else expanded(file)
    if place is None:
        raise Refused(f"Nobody knows where {file} is: name another file.", code="file")
    try:
        descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise Refused(
            f"{place} is there already and stays as it is. To have the draft beside it: workbench "
            f"doctor --write FILE; to compare them: workbench doctor --write - | diff {place} -",
            code="exists",
        ) from error
    except OSError as error:
        raise Refused(
            f"{place} cannot be written ({error.strerror}): name another file.", code="file"
        ) from error
    with open(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    read_site(place)
    return place, list(_notes(place))


def _place() -> Path:
    """Return which site file would count here."""
    given = os.environ.get(environ.SITE)
    named = expanded(given) if given else None
    return named or workbench_home() / "site.toml"


def _notes(place: Path) -> Iterator[str]:
    if place != _place():
        yield f"{place} does not count before it is {_place()}, or WORKBENCH_SITE names it"
    elif ETC.is_file():
        yield f"from now on {place} counts for you, and nothing of the site's own {ETC}"


def _facts() -> Facts:
    """Look at this host."""
    there = addresses()
    return Facts(
        host=socket.gethostname(),
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        user=user_name(),
        interfaces=there,
        leads_out=guess(there),
        login=on_login_node(Site()),
        kills=bool(kills_user_processes()) and not (LINGER / user_name()).exists(),
    )
