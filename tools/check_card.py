"""Whether this computer's cards can be found, held, pinned and computed on: prints JSON.

Usage: python tools/check_card.py [VENDOR ...]   (none: every vendor of whom a tool is here)

Each card is held as a worker holds it; one process after the other is started for it alone and
multiplies two matrices with the vendor's array library, where there is one.  Nothing of the
project needs to be installed.  Exit status 1: a card was found that cannot be used.
"""

import json
import os
import subprocess
import sys
import time
import tomllib
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from workbench.errors import WorkbenchError  # noqa: E402
from workbench.pool.held import HeldCard, hold, pinned  # noqa: E402
from workbench.pool.probe import Probe  # noqa: E402
from workbench.pool.vendor import Vendor  # noqa: E402
from workbench.worker.device import arrays, told  # noqa: E402
from workbench.worker.energy import Meter  # noqa: E402

SIZE = 4096
SMALL = 512
COMPUTE_S = 2.0
TIMEOUT_S = 300.0


def compute() -> dict[str, Any]:
    """Multiply matrices as a worker process would, on the card that the environment names."""
    found: dict[str, Any] = {
        "importable": {n["name"]: find_spec(n["name"]) is not None for n in told()["namespaces"]}
    }
    meter, begun, empty = Meter(), time.monotonic(), memory_bytes()
    time.sleep(1.0)
    found["idle"] = {"energy_j": meter.joules(), "seconds": time.monotonic() - begun}
    begun = time.monotonic()
    try:
        made = arrays()
    except ImportError as error:
        return {**found, "error": f"{error}: install science-workbench's dependencies"}
    found |= {"words": made.words, "ready_s": time.monotonic() - begun}
    xp, on_card = made.xp, not made.words.startswith("numpy")
    n = SIZE if on_card else SMALL
    flat = xp.arange(n * n, dtype=xp.float32, device=made.device) / (n * n)
    a = xp.reshape(flat, (n, n))
    meter, begun, rounds, trace = Meter(), time.monotonic(), 0, 0.0
    while time.monotonic() - begun < COMPUTE_S:
        trace = float(xp.sum(xp.linalg.diagonal(a @ a)))
        rounds += 1
    seconds, joules = time.monotonic() - begun, meter.joules()
    exact = ((n**2 + 1) * (n * (n - 1) // 2) ** 2 + n**3 * (n - 1) * (2 * n - 1) // 3) / n**4
    found |= {"on_card": on_card, "size": n, "rounds": rounds, "seconds": seconds}
    found |= {"flops": 2.0 * n**3 * rounds / seconds, "energy_j": joules}
    found |= {"relative_error": abs(trace / exact - 1)}
    found["memory_bytes"] = {"before": empty, "after": memory_bytes()}
    properties = getattr(getattr(xp, "cuda", None), "get_device_properties", None)
    if on_card and properties is not None:
        found["uuid_seen"] = str(getattr(properties(0), "uuid", ""))
    return found


def memory_bytes() -> dict[str, int]:
    """Return what this process has allocated and uses: a library's driver takes its part."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    said = dict(line.split(":", 1) for line in lines)
    return {name: int(said[name].split()[0]) * 1024 for name in ("VmPeak", "VmData", "RssAnon")}


def source_vendors() -> dict[str, Vendor]:
    """Return the vendors of this source tree, by name."""
    described = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    points = described["project"]["entry-points"]["workbench.vendors"]
    found = {}
    for name, where in points.items():
        module, _, kind = where.partition(":")
        found[name] = getattr(import_module(module), kind)()
    return found


def power_w(vendor: Vendor, held: HeldCard) -> dict[str, Any]:
    """Read the card's power now."""
    command = vendor.power_command(held.found)
    if command is None:
        return {"power_command": None}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    said: dict[str, Any] = {"power_command": command, "power_output": done.stdout[-2000:]}
    try:
        return {**said, "power_w": vendor.parse_power(done.stdout)}
    except ValueError as error:
        return {**said, "power_error": str(error)}


def computed(held: HeldCard) -> dict[str, Any]:
    """Let a process of its own compute on the card."""
    done = subprocess.run(
        [sys.executable, __file__, "--compute"],
        env=pinned(os.environ, held),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return {"error": f"exit {done.returncode}: {done.stderr[-2000:]}"}
    return found


def checked(vendor: Vendor) -> dict[str, Any]:
    """Find, hold and use all cards of a vendor."""
    begun = time.monotonic()
    probe = Probe.run(vendor, os.environ)
    report: dict[str, Any] = {
        "vendor": vendor.name,
        "probe": probe.words,
        "probe_s": round(time.monotonic() - begun, 3),
        "found": [asdict(card) for card in probe.cards],
        "outputs": {" ".join(c): output(c) for c in vendor.probe_commands()} if probe.there else {},
    }
    if not probe.cards:
        return report
    named = next((v for v in vendor.visible_variables if v in os.environ), None)
    wanted = len(probe.cards) if named is None else len(os.environ[named].split(","))
    try:
        cards = hold(vendor, wanted, environ=os.environ)
    except WorkbenchError as error:
        return {**report, "refused": error.message}
    report["cards"] = [use(vendor, held) for held in cards]
    try:
        hold(vendor, 1, environ=os.environ, patience_s=0)
    except WorkbenchError as error:
        report["second_holder"] = error.message
    for held in cards:
        held.close()
    return report


def use(vendor: Vendor, held: HeldCard) -> dict[str, Any]:
    """Use one card."""
    return {
        "card": asdict(held.card),
        "environment": dict(held.environment),
        "before": power_w(vendor, held),
        "computed": computed(held),
        "after": power_w(vendor, held),
    }


def output(command: tuple[str, ...]) -> str:
    """Return what a command prints here, word for word."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except OSError as error:
        return f"{error}"
    return done.stdout + done.stderr


def main(names: list[str]) -> int:
    """Check the named vendors, or those of whom there is a tool."""
    vendors = source_vendors()
    unknown = [name for name in names if name not in vendors]
    if unknown:
        sys.stderr.write(f"No vendor {', '.join(unknown)} here. There are: {', '.join(vendors)}\n")
        return 2
    chosen = [vendors[name] for name in names or vendors]
    reports = [checked(vendor) for vendor in chosen]
    if not names:
        reports = [report for report in reports if report["outputs"]]
    sys.stdout.write(json.dumps({"python": sys.version, "vendors": reports}, indent=1) + "\n")
    cards = [card for report in reports for card in report.get("cards", [])]
    unused = [card for card in cards if not card["computed"].get("on_card")]
    return 1 if unused or any("refused" in report for report in reports) else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--compute"]:
        sys.stdout.write(json.dumps(compute()) + "\n")
    else:
        sys.exit(main(sys.argv[1:]))
