"""Python, packages and code of one side: the same question is asked here and on nodes."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import workbench
from workbench import registry
from workbench.code import code_hash, packages
from workbench.doctor.findings import Finding, bad, good, warning
from workbench.errors import RecipeError

CORE = "science-workbench"
PYTHON, PACKAGES, CODE = "python", "packages", "packs"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def software() -> dict[str, Any]:
    """Return what this side runs, as JSON takes it.

    Returns
    -------
    dict
        ``python``, ``executable``, ``packages`` (version by name), ``code`` (hash of the sources
        by pack), ``broken`` (what is wrong by pack).
    """
    entries, claimed = registry.entries()
    broken = {problem.pack: problem.message for problem in claimed}
    code, versions = {CORE: own_code()}, packages(CORE)
    for entry in entries.values():
        versions |= packages(entry.pack)
        name = f"{entry.pack} ({entry.point.module.split('.')[0]})"
        if name not in code:
            try:
                code[name] = code_hash(entry.point)
            except RecipeError as error:
                broken[entry.pack] = error.message
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "packages": dict(sorted(versions.items())),
        "code": code,
        "broken": broken,
    }


def own_code() -> str:
    """Return the hash of the workbench's own files."""
    root = Path(workbench.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def software_findings(here: Mapping[str, Any]) -> Iterator[Finding]:
    """Say what runs here, and what is missing."""
    yield good(PYTHON, f"Python {here['python']} ({here['executable']})")
    missing = sorted(_required() - {_plain(name) for name in here["packages"]})
    if missing:
        names = " ".join(missing)
        yield bad(PACKAGES, f"not installed: {', '.join(missing)}", f"pip install {names}")
    else:
        shown = ("science-workbench", "dask", "distributed", "dask-jobqueue", "numpy")
        there = [f"{name} {here['packages'][name]}" for name in shown if name in here["packages"]]
        yield good(PACKAGES, f"{', '.join(there)}, and {len(here['packages']) - len(there)} more")
    for pack, why in here["broken"].items():
        yield warning(CODE, f"{pack}: {why}", "Reinstall or repair that pack, or uninstall it")
    packs = [name for name in here["code"] if name != CORE]
    yield good(CODE, f"installed: {', '.join(packs) or 'none'}")


def _required() -> set[str]:
    """Return the names of the distributions that the core needs."""
    try:
        lines = requires(CORE) or []
    except PackageNotFoundError:
        return {CORE}
    names = (_NAME.match(line) for line in lines if "extra ==" not in line)
    return {_plain(name[0]) for name in names if name}


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def same_software(here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare both sides: what differs may compute other values, or nothing."""
    python = f"Python {there['python']} ({there['executable']})"
    fix = f"Use one environment on both sides: here it is {here['executable']} (site file: python)"
    if there["python"].split(".")[:2] != here["python"].split(".")[:2]:
        yield bad(PYTHON, f"{python}, but {here['python']} here: Dask's messages may fail", fix)
    elif there["python"] != here["python"]:
        yield warning(PYTHON, f"{python}, but {here['python']} here", fix)
    else:
        yield good(PYTHON, python)
    differ = _differences(here["packages"], there["packages"])
    if differ:
        yield bad(PACKAGES, f"other versions than here: {'; '.join(differ)}", fix)
    else:
        yield good(PACKAGES, f"the same {len(there['packages'])} versions as here")
    other = [name for name in here["code"] if here["code"][name] != there["code"].get(name)]
    if other:
        said = f"other code than here: {', '.join(other)}; its results would be refused"
        yield bad(CODE, said, f"{fix}; after an update, stop and start the cluster")
    else:
        yield good(CODE, f"the same code as here ({', '.join(there['code'])})")


def _differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return [
        f"{name} {there.get(name, 'missing')} (here {here.get(name, 'missing')})"
        for name in sorted({*here, *there})
        if here.get(name) != there.get(name)
    ]
