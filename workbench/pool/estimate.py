"""When a job would start, by the scheduler's own word: asked rarely, and kept for all processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.errors import ParameterError
from workbench.home import private_folder, workbench_home
from workbench.pool import pace
from workbench.pool.commands import TIMEOUT_S, asking, run
from workbench.pool.partition import Accelerator, Partition, Start
from workbench.pool.plugins import schedulers
from workbench.pool.scheduler import Command, JobRequest, Scheduler
from workbench.pool.seen import Refusal, StartEstimate
from workbench.pool.site import Site
from workbench.pool.terms import job_bytes, usual
from workbench.pool.units import rfc3339
from workbench.runs.files import replace_json

SAME_S = 30.0  # a question that was answered so lately is not asked again
SHOWN_S = 600.0  # an older answer is worth nothing any more
MOST = 4  # questions of one look

Answer = StartEstimate | Refusal


@dataclass(frozen=True)
class _Kept:
    answer: Answer | None
    age_s: float


def test_only(scheduler: Scheduler, asked: JobRequest, *, wait: bool) -> Answer | None:
    """Ask when a job would start; nothing is submitted.

    The same question within half a minute is answered from what was said before.  Each other one
    takes a turn of :mod:`workbench.pool.pace`, like submitting.

    Parameters
    ----------
    asked
        What would be submitted.
    wait
        Whether to wait for that turn.

    Returns
    -------
    StartEstimate or Refusal or None
        None: the scheduler has no such command or did not answer, or it is not our turn.
    """
    command, key = _question(scheduler, asked)
    if command is None:
        return None
    kept = _read(key)
    if kept is not None and kept.age_s < SAME_S:
        return kept.answer
    if not pace.slot(wait=wait):
        return None
    began = time.time()
    said = run(command, asking(scheduler), timeout_s=TIMEOUT_S)
    # No answer is none: it says nothing of the job.
    silent = said.code is None
    answer = None if silent else scheduler.parse_test(said.out, said.err, rfc3339(began))
    _write(key, answer, began)
    return answer


def estimate(partitions: Iterable[Partition], site: Site) -> None:
    """Say for each kind of card when a job with one, or a whole node, would start.

    A few questions a look: those whose answers are the oldest.
    """
    wanted = []
    for partition, accelerator in _shown(partitions):
        scheduler = schedulers().usable[partition.scheduler]
        try:
            request, cards = usual_request(site, scheduler, partition, accelerator)
        except ParameterError:
            # A word of the site that no job may hold is told when a job is asked for.
            continue
        command, key = _question(scheduler, request)
        if command is None:
            continue
        kept = _read(key)
        if kept is not None:
            _put(accelerator, cards, command, kept)
        if kept is None or kept.age_s >= SAME_S:
            age_s = kept.age_s if kept else SHOWN_S
            wanted.append((age_s, scheduler, request, accelerator, cards, command))
    chosen = sorted(wanted, key=lambda each: -each[0])[:MOST]
    with ThreadPoolExecutor(MOST) as pool:
        answers = pool.map(lambda each: test_only(each[1], each[2], wait=False), chosen)
        for (*_, accelerator, cards, command), answer in zip(chosen, answers, strict=True):
            _put(accelerator, cards, command, _Kept(answer, 0.0))


def usual_request(
    site: Site, scheduler: Scheduler, partition: Partition, accelerator: Accelerator | None
) -> tuple[JobRequest, int]:
    """Return what a first job for a kind of card, or none, would ask for, and its cards."""
    terms = usual(site, partition, accelerator)
    cards = terms.workers if accelerator else 0
    request = site.request(
        scheduler,
        partition.name,
        cpus=terms.cpus,
        memory_bytes=job_bytes(terms.workers, terms.memory_bytes),
        kind=accelerator.name if accelerator else None,
        cards=cards,
        name="workbench-estimate",
        command=("true",),
        time_limit_s=terms.time_limit_s,
        log=Path("/dev/null"),
    )
    return request, cards


def _shown(partitions: Iterable[Partition]) -> Iterator[tuple[Partition, Accelerator]]:
    for partition in partitions:
        for accelerator in partition.accelerators.values():
            if partition.up and accelerator.cards.total:
                yield partition, accelerator


def _put(accelerator: Accelerator, cards: int, command: Command, kept: _Kept) -> None:
    source, answer = " ".join(command[:2]), kept.answer
    if isinstance(answer, StartEstimate):
        why_not = answer.why_not or None
        accelerator.start = Start(answer.at, cards, source, answer.collected, why_not)
    elif isinstance(answer, Refusal) and answer.permanent:
        collected = rfc3339(time.time() - kept.age_s)
        accelerator.start = Start(None, cards, source, collected, answer.plain)


def _question(scheduler: Scheduler, asked: JobRequest) -> tuple[Command | None, Path]:
    """Return the command, and where its answer is kept: the same question has the same place."""
    command = scheduler.estimate_command(asked)
    chosen = sorted(
        (name, value)
        for name, value in asking(scheduler).items()
        if name in scheduler.kept_variables
    )
    key = hashlib.sha256(json.dumps([scheduler.name, chosen, command]).encode()).hexdigest()[:24]
    return command, private_folder(workbench_home() / "pool" / "asked") / key


def _read(path: Path) -> _Kept | None:
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        found = json.loads(path.read_bytes())
        age_s = time.time() - found.pop("asked")
        kind = StartEstimate if "collected" in found else Refusal if found else _nothing
        # An answer of the future is one of another clock.
        if 0 <= age_s < SHOWN_S:
            return _Kept(kind(**found), age_s)
    return None


def _nothing() -> None:
    return None


def _write(path: Path, answer: Answer | None, asked: float) -> None:
    for old in path.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if asked - old.stat().st_mtime > SHOWN_S:
                old.unlink()
    replace_json(path, (asdict(answer) if answer else {}) | {"asked": asked})
