"""IBM Spectrum LSF 10.1: ``bhosts``, ``bqueues`` and ``bjobs -o ... -json``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workbench.pool.scheduler import Command, JobRequest, Scheduler, directive_path
from workbench.pool.seen import CardCount, JobState, Limits, Node, NodeState, QueuedJob, Refusal
from workbench.pool.units import utc
from workbench.pool.words import Refusals, plain, refused

# What bhosts, bqueues and bmgroup print stands between these lines.
_MARK = "== workbench =="
_FIELDS = (
    "jobid jobindex stat user queue job_name exec_host gpu_num start_time finish_time exit_code "
    "exit_reason pend_reason"
)

# bhosts(1), STATUS.  A full or busy host is in service.
_IN_SERVICE = {"ok", "closed_Full", "closed_Excl", "closed_Busy", "closed_cu_Excl", "closed"}

# bjobs(1), STAT.  UNKWN: its host does not answer.
_JOB_STATES: Mapping[str, JobState] = {
    "RUN": "running",
    "PROV": "running",
    "USUSP": "running",
    "SSUSP": "running",
    "UNKWN": "running",
    "ZOMBI": "finishing",
    "DONE": "ended",
    "EXIT": "ended",
}
# bacct(1), termination reasons that are the job's own doing.
_BY_ITSELF = ("TERM_MEMLIMIT", "TERM_SWAP", "TERM_CWD_NOTEXIST", "TERM_ORPHAN_SYSTEM")

# lsb_perror's messages, as bsub prints them before "Job not submitted."
_REFUSALS: Refusals = (
    ("No such queue", "There is no such queue. The queues: workbench pool show", True),
    ("User cannot use the queue", "You may not use this queue. Choose another.", True),
    ("Queue does not accept", "The queue does not take such jobs. Choose another.", True),
    ("Queue has been closed", "The queue takes no jobs now: its staff has closed it.", False),
    (
        "exceed queue's hard limit",
        "The job asks for more time, CPUs or memory than the queue allows. Ask for less; what is "
        "allowed is told by: bqueues -l",
        True,
    ),
    ("RUNLIMIT", "The time limit is longer than the queue allows. Ask for less.", True),
    (
        "Bad resource requirement",
        "LSF cannot read what is asked for. Correct `request` or `directives` in the site file.",
        True,
    ),
    (
        "GPU resource requirement",
        "LSF cannot read how cards are asked for. Correct `request` of this accelerator in the "
        "site file.",
        True,
    ),
    ("project", "LSF does not take this project. Correct `account` in the site file.", True),
    (
        "limit has been reached",
        "You have as many jobs in the queue as the site allows. Wait for some to end, or ask for "
        "fewer workers; `limits.jobs` in the site file keeps clusters below the limit.",
        False,
    ),
    ("User permission denied", "LSF does not let this user do that.", True),
    (
        "Please wait",
        "LSF does not answer. Running jobs are not harmed; it is asked again.",
        False,
    ),
    ("LSF is down", "LSF does not answer. It is asked again.", False),
    ("batch daemon not responding", "LSF does not answer. It is asked again.", False),
    ("Failed in an LSF library call", "LSF does not answer. It is asked again.", False),
    ("did not answer within", "LSF does not answer in time. It is asked again.", False),
)

# bjobs -p, and how jobs ended (bacct(1)).
_REASONS: Mapping[str, str] = {
    "New job is waiting for scheduling*": "It was submitted just now.",
    "Not enough hosts to meet*": "It waits for hosts that have what it asks for.",
    "Not enough slot*": "It waits for CPUs to become free.",
    "*GPU*": "It waits for cards to become free.",
    "Job slot limit reached*": "As many CPUs are in use as the site allows.",
    "*has reached*limit*": "As much is running as the site allows to you, your group or the queue.",
    "*limit*reached*": "As much is running as the site allows to you, your group or the queue.",
    "The queue is inactivated*": "The queue is stopped.",
    "Job dependency condition not satisfied*": "It waits for another job to end.",
    "Load information unavailable*": "The hosts it could use do not answer.",
    "suspended": "It is held back.",
    "TERM_OWNER*": "You ended it.",
    "TERM_ADMIN*": "The site's staff ended it.",
    "TERM_FORCE*": "It was ended by force.",
    "TERM_RUNLIMIT*": "Its time limit was over.",
    "TERM_MEMLIMIT*": "It used more memory than it had asked for.",
    "TERM_PREEMPT*": "A job of higher rank took its place.",
    "EXIT": "It ended by itself with an error.",
    "DONE": "It ended by itself.",
}


class Lsf(Scheduler):
    """LSF; partitions are its queues, cards its GPUs by model."""

    name = "lsf"
    programs = ("bhosts", "bqueues", "bjobs", "bsub", "bkill")
    set_up_by = "lsf.conf"
    job_class = "dask_jobqueue.lsf:LSFJob"
    job_id_variable = "LSB_JOBID"
    own_variables = ("LSB_", "LS_", "LSF_BINDIR_")
    kept_variables = ("LSF_ENVDIR",)
    account_variable = "LSB_DEFAULTPROJECT"

    def nodes_command(self) -> Command:
        """Ask for hosts, their cards, and which queue uses which hosts and groups of them."""
        parts = ("bhosts -w", "bhosts -gpu -w", "bqueues -l", "bmgroup -r -w")
        # Sites without cards or groups of hosts answer that there are none, with an error.
        first, gpu, queues, groups = parts
        mark = f"echo '{_MARK}'"
        return (
            "sh",
            "-c",
            f"{first} || exit; {mark}; {gpu} 2>/dev/null; {mark}; {queues} || exit; {mark}; "
            f"{groups} 2>/dev/null; true",
        )

    def parse_nodes(self, text: str) -> list[Node]:
        """Put the four tables together."""
        hosts, gpus, queues, groups, *_ = [*text.split(f"{_MARK}\n"), "", "", ""]
        cards = _cards(gpus)
        rows = [line.split() for line in hosts.splitlines()]
        if not rows or rows[0][:2] != ["HOST_NAME", "STATUS"]:
            raise ValueError(f"this is no list of bhosts: {hosts.strip()[:80]!r}")
        names = [row[0] for row in rows[1:] if row]
        members = {name: _members(said, names, groups) for name, said in _queues(queues).items()}
        return [
            _node(row, cards.get(row[0], {}), tuple(q for q, m in members.items() if row[0] in m))
            for row in rows[1:]
            if len(row) >= 9
        ]

    def jobs_command(self) -> Command:
        """Ask for everybody's jobs, those that ended lately too, with the year in their times."""
        script = f"LSB_DISPLAY_YEAR=Y bjobs -u all -a -o '{_FIELDS}' -json"
        return ("sh", "-c", script)

    def parse_jobs(self, text: str) -> list[QueuedJob]:
        """Read one record a job."""
        start = text.find("{")
        if start < 0:
            # Without any job it says so, in words.
            if text.strip() and "No " not in text:
                raise ValueError(f"this is no JSON of bjobs: {text.strip()[:80]!r}")
            return []
        return [_job(each) for each in json.loads(text[start:], strict=False).get("RECORDS", [])]

    def limits_command(self) -> Command:
        """Ask for the queues in full."""
        return ("bqueues", "-l")

    def parse_limits(self, text: str) -> list[Limits]:
        """Read one block of lines a queue."""
        return [_limits(name, said) for name, said in _queues(text).items()]

    def card_words(self, kind: str) -> str:
        """Ask for GPUs of a model."""
        model = kind.partition(":")[2]
        return f'-gpu "num={{n}}{f":gmodel={model}" if model else ""}"'

    def job_options(self, request: JobRequest) -> Mapping[str, Any]:
        """Say the request in LSFJob's keywords."""
        minutes = math.ceil(request.time_limit_s / 60)
        skip = [] if request.account else ["-P "]
        if request.memory_bytes is None:
            skip.append("-M ")
        return {
            "queue": request.partition,
            "project": request.account,
            "ncpus": request.cpus,
            "mem": request.memory_bytes,
            "walltime": f"{minutes // 60}:{minutes % 60:02}",
            # bsub reads directives from its standard input only.
            "use_stdin": True,
            "job_directives_skip": skip,
            "job_extra_directives": [
                f"-o {directive_path(request.log)}",
                "-L /bin/bash",
                *request.card_words,
                *request.directives,
            ],
        }

    def find_command(self, names: Sequence[str]) -> Command:
        """Ask for my jobs; LSF takes one name at a time, so it is asked for all of them."""
        return ("sh", "-c", f"LSB_DISPLAY_YEAR=Y bjobs -a -o '{_FIELDS}' -json")

    def refusal(self, err: str) -> Refusal:
        """Translate what bsub says."""
        return refused(_REFUSALS, err.replace("Job not submitted.", ""))

    def plain_reason(self, reason: str) -> str:
        """Explain why a job waits or how it ended."""
        return plain(_REASONS, reason, whole=True)

    def absent(self, error: str) -> bool:
        """Recognize programs that find no ``lsf.conf``."""
        return "lsf.conf" in error

    def gone(self, err: str) -> bool:
        """Recognize what bkill says of a job that ended."""
        return "Job has already finished" in err or "No matching job found" in err


def _cards(text: str) -> dict[str, dict[str, CardCount]]:
    """Count the cards of ``bhosts -gpu -w``; a host's name may stand in its first row only."""
    found: dict[str, dict[str, CardCount]] = {}
    host = ""
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 8:
            continue
        if not line[:1].isspace():
            host = words.pop(0)
        # GPU_ID MODEL MUSED MRSV NJOBS RUN SUSP RSV, and in newer versions VENDOR.
        kind, jobs = f"gpu:{words[1]}", words[4]
        before = found.setdefault(host, {}).get(kind, CardCount(0))
        found[host][kind] = CardCount(before.total + 1, before.allocated + (jobs not in ("0", "-")))
    return found


def _queues(text: str) -> dict[str, str]:
    """Split ``bqueues -l`` into blocks by name."""
    blocks = re.split(r"^QUEUE: *", text, flags=re.MULTILINE)[1:]
    return {block.split(maxsplit=1)[0]: block for block in blocks}


def _members(queue: str, names: Sequence[str], groups: str) -> set[str]:
    """Return the hosts of a queue: ``all``, names, and groups, which end with a slash."""
    match = re.search(r"^HOSTS: *(.*)$", queue, re.MULTILINE)
    words = match[1].split() if match else ["all"]
    known = dict(
        (parts[0].rstrip("/"), parts[1])
        for parts in (line.split(maxsplit=1) for line in groups.splitlines()[1:])
        if len(parts) == 2
    )
    found: set[str] = set()
    for word in words:
        plus = word.lstrip("~").split("+")[0]
        expanded = set(known.get(plus.rstrip("/"), plus).split()) if plus != "all" else set(names)
        # all ~this ~that/: what stands behind a tilde is left out.
        found = found - expanded if word.startswith("~") else found | expanded
    return found


def _node(row: Sequence[str], cards: Mapping[str, CardCount], queues: tuple[str, ...]) -> Node:
    """Read ``HOST_NAME STATUS JL/U MAX NJOBS RUN SSUSP USUSP RSV``; a dash means no limit."""
    name, status, _, most, used, *_ = row
    slots = int(most) if most.isdecimal() else 0
    free = max(0, slots - int(used)) if used.isdecimal() and slots else None
    return Node(
        name=name,
        partitions=queues,
        state=_state(status, used, free),
        cards=cards,
        cpus=slots,
        cpus_free=free,
        note=status,
    )


def _state(status: str, used: str, free: int | None) -> NodeState:
    if status not in _IN_SERVICE:
        return "out_of_service"
    if status in ("closed_Full", "closed_Excl") or free == 0:
        return "allocated"
    return "idle" if used == "0" else "mixed"


def _job(said: Mapping[str, str]) -> QueuedJob:
    word = said.get("STAT", "")
    state = _JOB_STATES.get(word, "pending")
    index, number = said.get("JOBINDEX", ""), said.get("GPU_NUM", "")
    why = said.get("EXIT_REASON", "")
    return QueuedJob(
        job_id=said.get("JOBID", "") + (f"[{index}]" if index not in ("", "0") else ""),
        name=said.get("JOB_NAME", ""),
        user=said.get("USER", ""),
        partition=said.get("QUEUE", ""),
        state=state,
        reason=_reason(word, said.get("PEND_REASON", ""), why, state),
        cards={"gpu": int(number)} if number.isdecimal() and int(number) else {},
        nodes=_hosts(said.get("EXEC_HOST", "")),
        start=_time(said.get("START_TIME", "")),
        end=_time(said.get("FINISH_TIME", "")),
        exit=_exit(word, said.get("EXIT_CODE", "")) if state == "ended" else None,
        outside=_outside(word, why) if state == "ended" else None,
    )


def _outside(word: str, why: str) -> bool | None:
    """Say whether somebody ended it; without a reason nobody can tell."""
    if word == "DONE" or why.startswith(_BY_ITSELF):
        return False
    return True if why.startswith("TERM_") else None


def _reason(word: str, pending: str, why: str, state: JobState) -> str:
    if state == "pending":
        first = re.split(r"[;:(]", pending)[0].strip()
        return "suspended" if word == "PSUSP" else first or "pending"
    return (why or word) if state == "ended" else ""


def _hosts(text: str) -> tuple[str, ...]:
    """Read ``a:a:b`` or ``8*a:4*b``."""
    return tuple(dict.fromkeys(word.rpartition("*")[2] for word in text.split(":") if word))


def _time(text: str) -> str | None:
    """Read ``Apr 12 18:10:55 2026 L``; without a year it is nobody's guess."""
    match = re.match(r"(\w{3}) +(\d+) (\d\d:\d\d)(:\d\d)? (\d{4})", text)
    if match is None:
        return None
    said = f"{match[1]} {match[2]} {match[3]}{match[4] or ':00'} {match[5]}"
    return utc(datetime.strptime(said, "%b %d %H:%M:%S %Y").isoformat())


def _exit(word: str, code: str) -> int | None:
    """Read the exit code: above 128 it is a signal's number."""
    if word == "DONE":
        return 0
    if not code.isdecimal():
        return None
    return 128 - int(code) if int(code) > 128 else int(code)


def _limits(name: str, said: str) -> Limits:
    usual, _, most = said.rpartition("MAXIMUM LIMITS:")
    status = re.search(r"\b(Open|Closed):(\w+)", said)
    return Limits(
        name=name,
        time_limit_s=_runlimit(most),
        default_time_s=_runlimit(usual.partition("DEFAULT LIMITS:")[2]),
        up=status is None or status[0] == "Open:Active",
    )


def _runlimit(text: str) -> int | None:
    match = re.search(r"RUNLIMIT\s+([\d.]+) min", text)
    return round(float(match[1]) * 60) if match else None
