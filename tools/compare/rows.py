"""The rows of the comparison: each does the same with both, and tells what came of it."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from tools.compare.scene import Scene

PEERS = "dask/clusters"
OURS = "workbench/api"
SETTLE_S = 12.0
SIZED_S = 20.0
WITHIN_S = 60.0


class Row(NamedTuple):
    """What was done, and what each of the two answered."""

    what: str
    peer: str
    ours: str
    ours_does: bool


def start_both(scene: Scene, name: str, **size: Any) -> str:
    """Start a cluster with each; return the peer's number of its own."""
    _, made = scene.ask("PUT", f"{PEERS}/")
    status, told = scene.ask("POST", f"{OURS}/clusters", cluster(name, **size))
    if status != 201:
        raise SystemExit(f"The workbench refused a cluster: {told}")
    return str(made["id"])


def cluster(name: str, partition: str = "cpu", **size: Any) -> dict[str, Any]:
    """Return a request for a cluster."""
    return {"name": name, "partition": partition, "time_limit_s": 600, **(size or {"workers": 1})}


def until(reached: Callable[[], bool], within_s: float = WITHIN_S) -> bool:
    """Wait until something is so; return whether it came to that."""
    deadline = time.monotonic() + within_s
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.5)
    return reached()


def connected(scene: Scene, name: str) -> int:
    """Return how many workers our cluster has."""
    return int(scene.ask("GET", f"{OURS}/clusters/{name}")[1]["workers"]["connected"])


def listed(scene: Scene) -> tuple[int, int]:
    """Return how many clusters each of the two lists as running."""
    theirs = scene.ask("GET", f"{PEERS}/")[1]
    ours = scene.ask("GET", f"{OURS}/clusters")[1]["clusters"]
    return len(theirs), sum(one["state"] == "running" for one in ours)


def found_again(scene: Scene) -> Row:
    """Kill the Jupyter server while a cluster of each runs."""
    start_both(scene, "again")
    until(lambda: listed(scene)[1] == 1)
    before = listed(scene)
    scene.restart()
    after = listed(scene)
    scene.ask("DELETE", f"{OURS}/clusters/again")
    scene.cancel()
    told = "{1} of {0} clusters in the list"
    return Row(
        "Find a cluster again after the Jupyter server was killed",
        told.format(before[0], after[0]),
        told.format(before[1], after[1]),
        after[1] == before[1] == 1,
    )


def unknown(scene: Scene) -> Row:
    """Stop a cluster that is not there."""
    name = str(uuid.uuid4())
    theirs, said = scene.ask("DELETE", f"{PEERS}/{name}")
    ours, told = scene.ask("DELETE", f"{OURS}/clusters/{name}")
    return Row(
        "Stop a cluster that is not there",
        f"status {theirs}: {brief(said)}",
        f"status {ours}: {brief(told)}",
        ours == 404,
    )


def grown_then_scaled(scene: Scene) -> Row:
    """Have it grow and shrink, twice with the same bounds, then ask for two workers."""
    made = scene.ask("PUT", f"{PEERS}/")[1]["id"]
    bounds = {"adapt": {"minimum": 1, "maximum": 2}}
    theirs = _sized(scene, f"{PEERS}/{made}", bounds)
    scene.ask("POST", f"{OURS}/clusters", cluster("sized", between=[1, 2]))
    ours = _sized(scene, f"{OURS}/clusters/sized", {"between": [1, 2]})
    told = "after {0:g} s {1} of 2 workers, {2} of 2 jobs in the queue"
    return Row(
        "Grow and shrink between 1 and 2, then ask for 2 workers",
        told.format(SIZED_S, *theirs),
        told.format(SIZED_S, *ours),
        ours == (2, 2),
    )


def _sized(scene: Scene, path: str, bounds: Any) -> tuple[int, int]:
    """Give bounds twice, then a number; return workers and jobs a while after that."""
    for _ in range(2):
        scene.ask("PATCH", path, bounds)
    scene.ask("PATCH", path, {"workers": 2})
    time.sleep(SIZED_S)
    workers = scene.ask("GET", path)[1]["workers"]
    found = workers["connected"] if isinstance(workers, dict) else workers, len(scene.jobs())
    scene.ask("DELETE", path)
    scene.cancel()
    until(lambda: not scene.jobs())
    return found


def encrypted(scene: Scene) -> Row:
    """Look at the addresses of the schedulers."""
    made = start_both(scene, "sealed")
    until(lambda: connected(scene, "sealed") == 1)
    theirs = str(scene.ask("GET", f"{PEERS}/{made}")[1]["scheduler_address"])
    file = scene.place.home / "clusters" / "sealed" / "scheduler.json"
    ours = str(json_of(file)["address"])
    scene.ask("DELETE", f"{PEERS}/{made}")
    scene.ask("DELETE", f"{OURS}/clusters/sealed")
    scene.cancel()
    return Row(
        "Encryption between scheduler, workers and notebook, as it comes",
        theirs.split(":", maxsplit=1)[0],
        ours.split(":", maxsplit=1)[0],
        ours.startswith("tls"),
    )


def refused(scene: Scene) -> Row:
    """Ask for a partition that Slurm does not have."""
    scene.configure_peer("nowhere")
    scene.restart()
    status, made = scene.ask("PUT", f"{PEERS}/")
    said = f"start: status {status}"
    if status == 200:
        scaled, told = scene.ask("PATCH", f"{PEERS}/{made['id']}", {"workers": 1})
        time.sleep(SETTLE_S)
        count = scene.ask("GET", f"{PEERS}/{made['id']}")[1]
        said = f"accepted; scaling to 1: status {scaled}, then {count['workers']} workers, no word"
    ours, told = scene.ask("POST", f"{OURS}/clusters", cluster("bad", "nowhere"))
    scene.configure_peer("cpu")
    return Row(
        "A partition that Slurm refuses", said, f"status {ours}: {brief(told)}", 400 <= ours < 500
    )


def pool(scene: Scene) -> Row:
    """Ask which cards there are and how many are free."""
    theirs, said = scene.ask("GET", "dask/pool")
    _, told = scene.ask("GET", f"{OURS}/pool")
    lanes = [one for part in told["partitions"] for one in part["accelerators"]]
    names = sorted({one["name"] for one in lanes})
    return Row(
        "See the pool: cards by kind, free, busy, out of service",
        f"status {theirs}: {brief(said)}",
        f"{len(told['partitions'])} partitions, {len(names)} kinds: {', '.join(names)}",
        len(names) > 1,
    )


def card(scene: Scene) -> Row:
    """Ask for a card of one kind."""
    request = {**cluster("card", "dcu"), "accelerator": "dcu:k100"}
    _, draft = scene.ask("POST", f"{OURS}/clusters/script", request)
    asks = [line for line in (draft["script"] or "").splitlines() if "dcu:k100" in line]
    theirs, made = scene.ask("PUT", f"{PEERS}/", request)
    scene.ask("DELETE", f"{PEERS}/{made['id']}")
    named = "names it" if "dcu:k100" in json.dumps(made) else "does not name it"
    return Row(
        "Choose a kind of card when a cluster is started",
        f"asked with the kind: status {theirs}, and its answer {named}",
        f"the job script reads `{asks[0].strip()}`" if asks else brief(draft),
        bool(asks),
    )


def forms(scene: Scene) -> Row:
    """Count the fields that a recipe's form has."""
    _, page = scene.ask("GET", f"{OURS}/recipes/proteins.search")
    fields = page["form"]["properties"]
    theirs, said = scene.ask("GET", "dask/recipes")
    return Row(
        "A form for a packaged calculation",
        f"status {theirs}: {brief(said)}",
        f"{len(fields)} fields for {page['title']}, each with help",
        all(one.get("description") for one in fields.values()),
    )


def brief(told: Any) -> str:
    """Return the words of an answer, in one short line."""
    if isinstance(told, dict):
        told = (
            told.get("error", told).get("message", told)
            if "error" in told
            else told.get("message", told)
        )
    page = re.search(r"<html.*<title>(.*?)</title>", str(told), re.DOTALL | re.IGNORECASE)
    if page:
        told = f"a page with the title {page[1]}"
    return " ".join(str(told).split()).replace("|", "\\|")[:160]


def json_of(file: Any) -> Any:
    """Return what a JSON file holds."""
    return json.loads(file.read_text())


ROWS = (found_again, unknown, grown_then_scaled, refused, encrypted, card, pool, forms)
