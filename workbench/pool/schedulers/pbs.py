"""OpenPBS and PBS Professional 19.1 and newer: ``pbsnodes`` and ``qstat`` with JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from workbench.pool.scheduler import Command, JobRequest, Scheduler, directive_path
from workbench.pool.schedulers.pbs_words import REASONS, REFUSALS
from workbench.pool.seen import CardCount, JobState, Limits, Node, NodeState, QueuedJob, Refusal
from workbench.pool.units import binary_size, clock, hms, later, mebibytes, utc
from workbench.pool.words import plain, refused

# pbs_node_attributes(7B), state.
_OUT_OF_SERVICE = {
    "down", "offline", "stale", "state-unknown", "unknown", "unresolvable", "maintenance",
    "provisioning", "wait-provisioning", "initializing", "resv-exclusive",
}  # fmt: skip

# Cards are whole numbers called like ngpus; their model is a text that sites call differently.
_CARDS = re.compile(r"n([a-z]+)s", re.ASCII)
_NO_CARDS = {"ncpus", "nodes"}
_MODEL = ("gputype", "gpu_type", "gpu_model", "accelerator_model")

# pbs_job_attributes(7B), job_state.
_JOB_STATES: Mapping[str, JobState] = {
    "R": "running",
    "S": "running",
    "U": "running",
    "B": "running",
    "E": "finishing",
    "F": "ended",
    "M": "ended",
    "X": "ended",
}
_SIGNALLED = 256
_TERMINATED = _SIGNALLED + 15  # what qdel and the end of the time limit leave


class Pbs(Scheduler):
    """PBS; partitions are queues that take jobs from users, cards its ``n...s`` resources."""

    name = "pbs"
    programs = ("pbsnodes", "qstat", "qsub", "qdel", "qselect")
    set_up_by = "pbs.conf"
    job_class = "dask_jobqueue.pbs:PBSJob"
    job_id_variable = "PBS_JOBID"
    own_variables = ("PBS_", "NCPUS")
    kept_variables = ("PBS_CONF_FILE", "PBS_EXEC", "PBS_HOME", "PBS_SERVER", "PBS_DEFAULT")
    account_variable = "PBS_ACCOUNT"

    def nodes_command(self) -> Command:
        """Ask for all nodes, and for the queues, which tell what nodes their jobs want."""
        return ("sh", "-c", "pbsnodes -a -F json && qstat -Q -f -F json")

    def parse_nodes(self, text: str) -> list[Node]:
        """Read both."""
        said = _documents(text)
        queues = said.get("Queue", {})
        return [_node(name, each, queues) for name, each in said.get("nodes", {}).items()]

    def jobs_command(self) -> Command:
        """Ask for all jobs, then for mine that ended since ten minutes.

        Everybody's ended jobs would be those of weeks.
        """
        ended = 'qselect -H -u "$(id -un)" -tm.gt."$(date -d -10min +%Y%m%d%H%M)"'
        return (
            "sh",
            "-c",
            f'qstat -f -F json || exit; ids=$({ended}); [ -z "$ids" ] || qstat -x -f -F json $ids',
        )

    def parse_jobs(self, text: str) -> list[QueuedJob]:
        """Read one or two lists."""
        return [_job(name, each) for name, each in _documents(text).get("Jobs", {}).items()]

    def limits_command(self) -> Command:
        """Ask for the queues."""
        return ("qstat", "-Q", "-f", "-F", "json")

    def parse_limits(self, text: str) -> list[Limits]:
        """Read those that take jobs from users."""
        queues = _documents(text).get("Queue", {})
        return [_limits(name, each) for name, each in queues.items() if _takes_jobs(each)]

    def card_words(self, kind: str) -> str:
        """Ask for cards as a part of each chunk: ``ngpus={n}:gputype=A100``."""
        family, *model = kind.split(":", 2)
        typed = f":{model[0]}={model[1]}" if len(model) == 2 else ""
        return f"n{family}s={{n}}{typed}"

    def job_options(self, request: JobRequest) -> Mapping[str, Any]:
        """Say the request in PBSJob's keywords.

        Words for cards that begin with no dash are parts of each chunk.  The log is written where
        it belongs from the start (``-k oed``), so that its end can be read while the job runs.
        """
        chunk = [f"1:ncpus={request.cpus}"]
        if request.memory_bytes:
            chunk.append(f"mem={mebibytes(request.memory_bytes)}mb")
        chunk += [word for word in request.card_words if not word.startswith("-")]
        words = [word for word in request.card_words if word.startswith("-")]
        return {
            "queue": request.partition,
            "account": request.account,
            "resource_spec": f"select={':'.join(chunk)}",
            "walltime": hms(request.time_limit_s),
            "job_directives_skip": [] if request.account else ["-A "],
            "job_extra_directives": [
                "-j oe",
                f"-o {directive_path(request.log)}",
                "-k oed",
                "-S /bin/bash",
                *words,
                *request.directives,
            ],
        }

    def find_command(self, names: Sequence[str]) -> Command:
        """Ask for my jobs of these names, ended ones too; PBS takes one name at a time."""
        script = (
            'ids=$(for name in "$@"; do qselect -x -N "$name" -u "$(id -un)" || exit; done) '
            '|| exit; [ -z "$ids" ] || qstat -x -f -F json $ids'
        )
        return ("sh", "-c", script, "sh", *names)

    def refusal(self, err: str) -> Refusal:
        """Translate what qsub says."""
        return refused(REFUSALS, err)

    def plain_reason(self, reason: str) -> str:
        """Explain what PBS noted at a job."""
        return plain(REASONS, reason, whole=True)

    def absent(self, error: str) -> bool:
        """Recognize programs that find no ``pbs.conf``."""
        return "pbsconf" in error or "pbs.conf" in error

    def gone(self, err: str) -> bool:
        """Recognize what qdel says of a job that ended."""
        return "Unknown Job Id" in err or "Job has finished" in err


def _documents(text: str) -> dict[str, Any]:
    """Merge JSON documents that follow each other; PBS leaves control characters in texts."""
    found: dict[str, Any] = {}
    decoder = json.JSONDecoder(strict=False)
    rest = text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        for key, value in document.items():
            if isinstance(value, dict):
                found.setdefault(key, {}).update(value)
        rest = rest[end:].lstrip()
    return found


def _node(name: str, said: Mapping[str, Any], queues: Mapping[str, Any]) -> Node:
    there, taken = said.get("resources_available", {}), said.get("resources_assigned", {})
    states = set(str(said.get("state", "")).split(","))
    whole = bool(states & {"job-exclusive"})
    cards = {}
    for kind, resource in _kinds(there).items():
        total = int(there[resource])
        used = total if whole else min(total, int(taken.get(resource, 0)))
        cards[kind] = CardCount(total, used)
    cpus, memory = int(there.get("ncpus", 0)), binary_size(there.get("mem", "0"))
    free = 0 if whole else max(0, cpus - int(taken.get("ncpus", 0)))
    left = 0 if whole else max(0, memory - binary_size(taken.get("mem", "0")))
    return Node(
        name=name,
        partitions=_queues_of(name, said, queues),
        state=_state(states, said, free),
        cards=cards,
        cpus=cpus,
        memory_bytes=memory,
        cpus_free=free,
        memory_free_bytes=left,
        note=": ".join(filter(None, [str(said.get("state", "")), str(said.get("comment", ""))])),
    )


def _kinds(there: Mapping[str, Any]) -> dict[str, str]:
    """Return the resource of each kind of card: ``{"gpu:gputype:A100": "ngpus"}``."""
    typed = next((f":{key}:{there[key]}" for key in _MODEL if there.get(key)), "")
    found = {}
    for resource, number in there.items():
        match = _CARDS.fullmatch(resource)
        if match and resource not in _NO_CARDS and str(number).isdecimal() and int(number):
            found[f"{match[1]}{typed}"] = resource
    return found


def _state(states: set[str], said: Mapping[str, Any], free: int) -> NodeState:
    if states & _OUT_OF_SERVICE:
        return "out_of_service"
    if states & {"job-exclusive", "job-busy"} or not free:
        return "allocated"
    return "mixed" if said.get("jobs") else "idle"


def _takes_jobs(queue: Mapping[str, Any]) -> bool:
    return queue.get("from_route_only") != "True"


def _queues_of(name: str, node: Mapping[str, Any], queues: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the queues whose jobs a node takes.

    A node may belong to one queue; else each queue's jobs want what its ``default_chunk`` says.
    A routing queue hands its jobs on.
    """
    own = node.get("queue")
    direct = {
        queue
        for queue, said in queues.items()
        if said.get("queue_type") != "Route" and (own == queue if own else _fits(node, said))
    }
    routed = {
        queue
        for queue, said in queues.items()
        if direct & set(str(said.get("route_destinations", "")).split(","))
    }
    return tuple(
        queue for queue in queues if queue in direct | routed and _takes_jobs(queues[queue])
    )


def _fits(node: Mapping[str, Any], queue: Mapping[str, Any]) -> bool:
    there = node.get("resources_available", {})
    for key, wanted in queue.get("default_chunk", {}).items():
        if isinstance(wanted, str) and not wanted[:1].isdecimal():
            have = str(there.get(key, "False")).split(",")
            if wanted not in have:
                return False
    return True


def _job(name: str, said: Mapping[str, Any]) -> QueuedJob:
    asked = said.get("Resource_List", {})
    word = str(said.get("job_state", ""))
    state = _JOB_STATES.get(word, "pending")
    start = _time(said.get("stime") if state != "pending" else _estimated(said))
    exit_ = said.get("Exit_status") if state == "ended" else None
    return QueuedJob(
        job_id=name.partition(".")[0],
        name=str(said.get("Job_Name", "")),
        user=str(said.get("Job_Owner", "")).partition("@")[0],
        partition=str(said.get("queue", "")),
        state=state,
        reason=_reason(word, str(said.get("comment", "")), state),
        cards=_asked(asked),
        tasks=_waiting(said) if state == "pending" or word == "B" else 1,
        nodes=tuple(dict.fromkeys(re.findall(r"\(([^:()\[]+)", str(said.get("exec_vnode", "")))))
        if state in ("running", "finishing")
        else (),
        start=start,
        end=later(start, clock(asked.get("walltime"))) if state != "pending" else None,
        exit=_exit(exit_),
        outside=None if exit_ is None else exit_ == _TERMINATED or exit_ < 0,
    )


def _asked(asked: Mapping[str, Any]) -> Mapping[str, int]:
    """Count the cards of a job; a model that it wants stands in its chunks."""
    typed = re.search(rf"\b({'|'.join(_MODEL)})=([\w.-]+)", str(asked.get("select", "")))
    suffix = f":{typed[1]}:{typed[2]}" if typed else ""
    found = {}
    for resource, number in asked.items():
        match = _CARDS.fullmatch(resource)
        if match and resource not in _NO_CARDS and str(number).isdecimal() and int(number):
            found[f"{match[1]}{suffix}"] = int(number)
    return found


def _reason(word: str, comment: str, state: JobState) -> str:
    """Shorten the comment to what many jobs share: numbers in brackets are each job's own."""
    if state != "pending":
        return comment if state == "ended" else ""
    said = comment.removeprefix("Not Running: ").partition(" (")[0].partition(": ")[0].strip()
    return said or {"H": "held", "W": "waiting"}.get(word, "queued")


def _waiting(said: Mapping[str, Any]) -> int:
    """Count the jobs of an array that wait: ``Queued:999 Running:0 ...``."""
    match = re.search(r"Queued:(\d+)", str(said.get("array_state_count", "")))
    return max(1, int(match[1])) if match else 1


def _estimated(said: Mapping[str, Any]) -> Any:
    estimated = said.get("estimated")
    return estimated.get("start_time") if isinstance(estimated, dict) else None


def _time(text: Any) -> str | None:
    """Read ``Thu Nov  9 13:05:50 2023``, or seconds since 1970."""
    if isinstance(text, int):
        return utc(datetime.fromtimestamp(text, UTC).replace(tzinfo=None).isoformat())
    try:
        return utc(datetime.strptime(str(text), "%a %b %d %H:%M:%S %Y").isoformat())
    except ValueError:
        return None


def _exit(status: Any) -> int | None:
    """Read the status: 256 and a signal's number for a job that was ended by it."""
    if not isinstance(status, int):
        return None
    return _SIGNALLED - status if status > _SIGNALLED else status


def _limits(name: str, said: Mapping[str, Any]) -> Limits:
    most, usual = said.get("resources_max", {}), said.get("resources_default", {})
    return Limits(
        name=name,
        time_limit_s=clock(most.get("walltime")),
        default_time_s=clock(usual.get("walltime")),
        up=said.get("enabled") == "True" and said.get("started") == "True",
    )
