"""The site file: whether it can be read, is safe from others, and names what is there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.doctor.findings import Finding, bad, good, warning
from workbench.errors import NotFound, ParameterError, did_you_mean
from workbench.pool.partition import LOCAL, Partition
from workbench.pool.site import Site, read_site, site_file

CHECK = "site file"
DRAFT = "Have one drafted: workbench doctor --write"


@dataclass
class SiteLook:
    """The site file as far as it can be used, and what is wrong with it.

    Attributes
    ----------
    site
        The defaults where the file cannot be read.
    """

    site: Site = field(default_factory=Site)
    findings: list[Finding] = field(default_factory=list)

    def take(self) -> Iterator[Finding]:
        """Read the file."""
        try:
            path = site_file()
            if path is None:
                yield good(CHECK, "there is none: the defaults hold")
                return
            yield from owner_findings(path)
            self.site = read_site(path)
        except NotFound as error:
            yield bad(CHECK, error.message, DRAFT)
        except ParameterError as error:
            for problem in error.fields:
                yield bad(
                    CHECK,
                    f"{problem.parameter}: {problem.message}",
                    "Correct that line; docs/site-file.md lists all keys. Until then every "
                    "command that needs the file refuses, and the checks below use the defaults",
                )
            if not error.fields:
                yield bad(CHECK, error.message, "Make it readable for you, as UTF-8")
        else:
            yield good(CHECK, f"{path} is read without a problem")


def owner_findings(path: Path) -> Iterator[Finding]:
    """Say whether others can write shell into our jobs."""
    found = path.stat()
    if found.st_uid not in (0, os.geteuid()) or stat.S_IMODE(found.st_mode) & 0o022:
        yield bad(
            CHECK,
            f"{path} can be changed by others (owner {found.st_uid}, mode "
            f"{stat.S_IMODE(found.st_mode):04o}); its prologue runs in your jobs",
            f"chmod go-w {path}, or have root or yourself own it",
        )


def name_findings(site: Site, partitions: Mapping[str, Partition]) -> Iterator[Finding]:
    """Say which names of the file the schedulers do not know.

    Parameters
    ----------
    partitions
        What the schedulers show, by name.
    """
    there = [name for name in partitions if name != LOCAL]
    kinds = {kind for partition in partitions.values() for kind in partition.accelerators}
    yield from _strange(site, "partitions", site.partitions, there)
    yield from _strange(site, "accelerators", site.accelerators, kinds)
    if site.batch.partition and site.batch.partition not in there:
        yield bad(
            CHECK,
            f"batch.partition is {site.batch.partition!r}, which no scheduler shows."
            f"{did_you_mean(site.batch.partition, there)}",
            f"Set it in {site.file} to one of: {', '.join(there)}",
        )


def _strange(
    site: Site, table: str, names: Iterable[str], there: Iterable[str]
) -> Iterator[Finding]:
    known = sorted(there)
    for name in sorted(set(names) - set(known)):
        yield warning(
            CHECK,
            f"[{table}.{name}]: no scheduler shows it.{did_you_mean(name, known)}",
            f"Correct or remove it in {site.file}. There are: {', '.join(known) or 'none'}",
        )


def path_findings(site: Site) -> Iterator[Finding]:
    """Say whether the paths of the file can be used from here."""
    if site.python and not os.access(site.python, os.X_OK):
        yield warning(
            CHECK,
            f"python is {site.python}, which cannot be run here; it may be there on nodes alone",
            "Start a cluster, then: workbench doctor CLUSTER",
        )
    runs = Path(site.runs) if site.runs else None
    above = next((p for p in (runs, *runs.parents) if p.exists()), None) if runs else None
    if above is not None and not os.access(above, os.W_OK | os.X_OK):
        yield bad(
            CHECK,
            f"runs is {runs}, and nothing can be made in {above}",
            f"Name a folder of yours as 'runs' in {site.file}",
        )
