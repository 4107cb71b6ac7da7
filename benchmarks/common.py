"""What the benchmarks share: a home of their own, the machine, medians, and the JSON they leave."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACK = HERE / "pack"
RESULTS = HERE / "results"
COMMAND = str(Path(sys.executable).with_name("workbench"))
WORKERS = 2
FINAL = ("stopped", "failed", "completed", "completed_with_failures")
sys.path.insert(0, str(PACK))


def workbench(*arguments: str, timeout_s: float = 900) -> dict[str, Any]:
    """Call the command line with ``--json`` and return its document."""
    done = subprocess.run(
        [COMMAND, *arguments, "--json"],
        stdout=subprocess.PIPE,
        check=False,
        timeout=timeout_s,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}: {document}")
    return document


@contextlib.contextmanager
def home(workers: int | None = WORKERS) -> Iterator[Path]:
    """Give the command line a home of its own; its cluster ends with the block.

    Parameters
    ----------
    workers
        Size of the cluster, which is waited for; None: none is started here.
    """
    before = dict(os.environ)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as folder:
        paths = [str(PACK), *filter(None, [before.get("PYTHONPATH")])]
        os.environ.update(WORKBENCH_HOME=folder, PYTHONPATH=os.pathsep.join(paths))
        try:
            if workers is not None:
                workbench("cluster", "start", "local", "--workers", str(workers))
                _wait_for_workers(workers)
            yield Path(folder)
        finally:
            _end_all(Path(folder))
            os.environ.clear()
            os.environ.update(before)


def _end_all(folder: Path) -> None:
    """Stop what an interrupted benchmark left running, and the cluster."""
    for run in workbench("run", "list")["runs"]:
        if run["state"] not in FINAL:
            workbench("run", "stop", run["run_id"])
    if (folder / "clusters" / "local").exists():
        workbench("cluster", "stop", "local")


def scale(workers: int) -> None:
    """Give the cluster another size, and wait for it."""
    workbench("cluster", "scale", "local", "--workers", str(workers))
    _wait_for_workers(workers)


def _wait_for_workers(workers: int) -> None:
    status = Path(os.environ["WORKBENCH_HOME"], "clusters", "local", "status.json")
    wait_for(
        lambda: json.loads(status.read_bytes())["workers"]["connected"] == workers, "the workers"
    )


def wait_for(reached: Callable[[], Any], what: str, *, within_s: float = 60) -> Any:
    """Return the first true value of `reached`, asked every 2 ms."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := reached():
            return found
        time.sleep(0.002)
    raise SystemExit(f"{what}: not within {within_s:g} s")


def start_run(recipe: str, **values: Any) -> Path:
    """Start a run and return its folder."""
    pairs = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    return Path(workbench("run", "start", recipe, *pairs)["folder"])


def finished(folder: Path) -> dict[str, Any]:
    """Wait for the end of a run, which has to be complete."""
    return workbench("run", "wait", folder.name)


def receipts(folder: Path) -> list[dict[str, Any]]:
    """Return the whole lines of the first journal of a run."""
    path = folder / "tasks.1.jsonl"
    data = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


def first_call_s(folder: Path) -> float:
    """Return when the run's first batch began, in seconds since 1970."""
    return min(seconds(line["started"]) for line in receipts(folder))


def last_call_s(folder: Path) -> float:
    """Return when the run's last batch ended, in seconds since 1970."""
    return max(seconds(line["started"]) + line["wall_s"] for line in receipts(folder))


def seconds(text: str) -> float:
    """Return an RFC 3339 time as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return median, smallest and largest."""
    return {
        "median": round(statistics.median(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
        "n": len(values),
    }


def say(what: str, found: dict[str, Any], unit: str = "", target: str = "") -> None:
    """Print one figure."""
    line = f"{what}: {found['median']:g}{unit} ({found['min']:g} to {found['max']:g})"
    print(f"{line}; target: {target}" if target else line)


def told(what: str, **values: float) -> None:
    """Print the figures of one round as soon as they are there, with the load of the machine."""
    text = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
    print(f"  {what}: {text} (load {os.getloadavg()[0]:.1f})", flush=True)


def arguments(description: str, repeats: int) -> Any:
    """Return the arguments of a benchmark's command line."""
    parser = ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=repeats, help=f"pairs ({repeats})")
    return parser.parse_args()


def leave(name: str, figures: dict[str, Any], packages: Sequence[str] = ()) -> None:
    """Write ``results/<name>.json``."""
    names = ("science-workbench", "distributed", "numpy", "zarr", *packages)
    document = {
        "benchmark": name,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in names},
        "commit": _commit(),
        **figures,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """Say what the figures were measured on, and what else it did."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "model": models[0] if models else platform.machine(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load_1min": round(os.getloadavg()[0], 2),
        "system": platform.release(),
    }


def _commit() -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    asked = [git, "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
