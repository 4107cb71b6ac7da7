"""Slurm 20.11 and newer: ``scontrol``, ``squeue``, ``sbatch``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from workbench.pool.hostlist import expanded
from workbench.pool.scheduler import Command, JobRequest, Scheduler, directive_path
from workbench.pool.schedulers.slurm_gres import asked, counted
from workbench.pool.schedulers.slurm_words import NO_NODE, REASONS, REFUSALS, WHY_NO_NODE
from workbench.pool.seen import (
    JobState,
    Limits,
    Node,
    NodeState,
    QueuedJob,
    Refusal,
    StartEstimate,
)
from workbench.pool.units import hms, mebibytes, seconds, utc
from workbench.pool.words import plain, refused

# Between the job's number and everything else stands a word made for this one call: the name,
# which comes last, may hold line breaks, and with them the picture of another job.
_FIELDS = (
    "UserName", "Partition", "State", "Reason", "StartTime", "EndTime", "NumNodes", "NumTasks",
    "NodeList", "exit_code", "tres-alloc", "tres-per-job", "tres-per-node", "tres-per-task",
)  # fmt: skip
_FIRST = re.compile(r"[^|\n]+\|(\w{16})\|", re.ASCII)

# squeue(1), JOB STATE CODES.  What is not here waits.
_JOB_STATES: Mapping[str, JobState] = {
    "RUNNING": "running",
    "CONFIGURING": "running",
    "SUSPENDED": "running",
    "STOPPED": "running",
    "SIGNALING": "running",
    "RESIZING": "running",
    "COMPLETING": "finishing",
    "STAGE_OUT": "finishing",
    "COMPLETED": "ended",
    "FAILED": "ended",
    "OUT_OF_MEMORY": "ended",
    "BOOT_FAIL": "ended",
    "CANCELLED": "ended",
    "DEADLINE": "ended",
    "NODE_FAIL": "ended",
    "PREEMPTED": "ended",
    "REVOKED": "ended",
    "TIMEOUT": "ended",
}
_UNKNOWN = 0xFFFFFF00  # NO_VAL and the like, slurm.h
_BY_ITSELF = {"COMPLETED", "FAILED", "OUT_OF_MEMORY"}

# scontrol(1), NodeName=... State.  A drained, reserved or failing node takes no job of ours.  A
# node that is asleep or on its way up does not answer, and is as good as any: Slurm starts it.
_ASLEEP = {"POWERED_DOWN", "POWERING_DOWN", "POWERING_UP", "POWER_DOWN", "POWER_UP"}
_OUT_OF_SERVICE = {
    "DOWN", "DRAIN", "DRAINED", "DRAINING", "ERROR", "FAIL", "FAILING", "FUTURE", "INVAL",
    "INVALID_REG", "MAINT", "NO_RESPOND", "NOT_RESPONDING", "REBOOT", "REBOOT_ISSUED",
    "REBOOT_REQUESTED", "RESERVED", "UNKNOWN", "BLOCKED",
}  # fmt: skip
_NODE_STATES: Mapping[str, NodeState] = {
    "IDLE": "idle",
    "MIXED": "mixed",
    "ALLOCATED": "allocated",
    "COMPLETING": "allocated",
}

_NOWHERE = {"", "(null)", "N/A", "None"}


class Slurm(Scheduler):
    """Slurm, as its commands show it; a site's own wrappers of them serve as well."""

    name = "slurm"
    programs = ("squeue", "scontrol", "sbatch", "scancel")
    set_up_by = "slurm.conf"
    job_class = "dask_jobqueue.slurm:SLURMJob"
    job_id_variable = "SLURM_JOB_ID"
    own_variables = ("SLURM_", "SLURMD_", "SBATCH_", "SQUEUE_", "SINFO_", "SCONTROL_", "SALLOC_")
    kept_variables = ("SLURM_CONF",)
    credential_variables = ("SLURM_JWT",)
    node_word = "NodeName="
    account_variable = "SBATCH_ACCOUNT"

    @property
    def title(self) -> str:
        """Return its name for people."""
        return "Slurm"

    def nodes_command(self) -> Command:
        """Ask for nodes in detail (``-d``): only so the cards in use are told."""
        return ("scontrol", "show", "node", "-d", "-o")

    def parse_nodes(self, text: str) -> list[Node]:
        """Read one line a node."""
        return [_node(line) for line in text.splitlines() if line.startswith("NodeName=")]

    def jobs_command(self) -> Command:
        """Ask for all jobs, ended ones too: the controller sends them all for MinJobAge."""
        return ("squeue", "-h", "-a", "-t", "all", "-O", _format())

    def parse_jobs(self, text: str) -> list[QueuedJob]:
        """Read one record a job."""
        return [_job(record) for record in _records(text)]

    def limits_command(self) -> Command:
        """Ask for partitions, hidden ones too."""
        return ("scontrol", "-a", "show", "partition", "-o")

    def parse_limits(self, text: str) -> list[Limits]:
        """Read one line a partition."""
        lines = text.splitlines()
        return [_limits(line) for line in lines if line.startswith("PartitionName=")]

    def card_words(self, kind: str) -> str:
        """Ask for cards by their GRES, for each node."""
        return f"--gres={kind}:{{n}}"

    def job_options(self, request: JobRequest) -> Mapping[str, Any]:
        """Say the request in SLURMJob's keywords.

        One task on one node, one log for both outputs, which a requeued job goes on with.  The
        job's environment is that of whoever submits, as cleaned by
        :func:`workbench.pool.commands.submitting`.
        """
        skip = []
        if request.account is None:
            skip.append("-A ")
        if request.memory_bytes is None:
            skip.append("--mem=")
        log = directive_path(request.log).replace("%", "%%")
        return {
            "queue": request.partition,
            "account": request.account,
            "walltime": hms(request.time_limit_s),
            "job_cpu": request.cpus,
            "job_mem": f"{mebibytes(request.memory_bytes)}M" if request.memory_bytes else None,
            "job_directives_skip": skip,
            "job_extra_directives": [
                "-N 1",
                f"-o {log}",
                "--open-mode=append",
                "--export=ALL",
                *request.card_words,
                *request.directives,
            ],
        }

    def estimate_command(self, request: JobRequest) -> Command:
        """Ask when the job would start; nothing is submitted."""
        words = " ".join((*request.card_words, *request.directives)).split()
        memory = [f"--mem={mebibytes(request.memory_bytes)}M"] if request.memory_bytes else []
        account = [f"--account={request.account}"] if request.account else []
        return (
            "sbatch", "--test-only", f"--job-name={request.name}",
            f"--partition={request.partition}", f"--time={hms(request.time_limit_s)}",
            "--nodes=1", "--ntasks=1",
            f"--cpus-per-task={request.cpus}", "--output=/dev/null",
            *memory, *account, *words, "--wrap=true",
        )  # fmt: skip

    def parse_test(self, out: str, err: str, collected: str) -> StartEstimate | Refusal:
        """Read ``sbatch: Job 20 to start at 2026-11-26T07:55:18 ...``, on standard error."""
        if NO_NODE in err and "error:" not in err:
            return StartEstimate(None, err.strip(), collected, WHY_NO_NODE)
        match = re.search(r"to start at (\S+)", err)
        if match is None:
            return self.refusal(err)
        return StartEstimate(utc(match[1]), err.strip().removeprefix("sbatch: "), collected)

    def find_command(self, names: Sequence[str]) -> Command:
        """Ask for my jobs by name, those that ended just now included."""
        mine = ("--me", f"--name={','.join(names)}")
        return ("squeue", "-h", "-a", "-t", "all", *mine, "-O", _format())

    def refusal(self, err: str) -> Refusal:
        """Translate what sbatch says on standard error."""
        return refused(REFUSALS, err)

    def accounts_command(self, words: str, user: str) -> Command | None:
        """Ask the accounting, where Slurm has one."""
        if "Invalid account" not in words:
            return None
        names = ("user=" + user, "format=account,partition")
        return ("sacctmgr", "-nP", "show", "associations", *names)

    def parse_accounts(self, text: str, partition: str) -> list[str]:
        """Read ``account|partition``; an account without a partition is good for all."""
        rows = [line.split("|") for line in text.splitlines() if "|" in line]
        return sorted({row[0] for row in rows if row[1] in ("", partition)})

    def plain_reason(self, reason: str) -> str:
        """Explain squeue's reason, or the last state of a job that ended."""
        return plain(REASONS, reason)

    def absent(self, error: str) -> bool:
        """Recognize programs that find no slurm.conf and no controller that would send it."""
        return "establish a configuration source" in error

    def gone(self, err: str) -> bool:
        """Recognize what scancel says of a job that ended or was forgotten."""
        return "Invalid job id" in err or "already completing or completed" in err


def _format() -> str:
    """Return the format of one call: number, the word, fields, name."""
    fields = ",".join(f"{name}:0|" for name in _FIELDS)
    return f"JobArrayID:0|{secrets.token_hex(8)}|,{fields},Name:0"


def _records(text: str) -> Iterator[list[str]]:
    """Yield the fields of each job; lines without the word of the first are parts of a name."""
    first = _FIRST.match(text)
    if first is None:
        if text.strip():
            raise ValueError(f"squeue's list cannot be read: {text.strip().splitlines()[0][:80]!r}")
        return
    # The name comes last and keeps whatever it holds.
    starts = re.compile(rf"^([^|\n]+)\|{first[1]}\|", re.MULTILINE | re.ASCII)
    found = list(starts.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=True):
        fields = text[match.end() : end].rstrip("\n").split("|", len(_FIELDS))
        if len(fields) == len(_FIELDS) + 1:
            yield [match[1], *fields]


def _job(record: list[str]) -> QueuedJob:
    (number, user, partition, word, reason, start, end, nodes, tasks, where, code, whole, per_job,
     per_node, per_task, name) = record  # fmt: skip
    state = _JOB_STATES.get(word, "pending")
    ended = state == "ended"
    return QueuedJob(
        job_id=number,
        name=name,
        user=user,
        partition=partition,
        state=state,
        reason=_reason(word, reason, state),
        cards=asked(whole, per_job, per_node, per_task, _number(nodes), _number(tasks)),
        tasks=_array_size(number),
        nodes=expanded(where),
        start=utc(start),
        end=utc(end) if state != "pending" else None,
        exit=_exit(code) if ended else None,
        outside=word not in _BY_ITSELF if ended else None,
    )


def _reason(word: str, reason: str, state: JobState) -> str:
    """Choose what to say: a cancelled job still carries the reason for which it waited."""
    if state == "pending":
        return word if word not in ("PENDING", "REQUEUED") and reason == "None" else reason
    if word == "FAILED" and reason != "None":
        return reason
    return word if state == "ended" or word == "CONFIGURING" else ""


def _number(text: str) -> int:
    """Read a number of nodes or tasks; nobody knows it of a job that was cancelled early."""
    return int(text) if text.isdecimal() and int(text) < _UNKNOWN else 1


def _exit(code: str) -> int | None:
    """Read the status as of wait(2): 768 is exit status 3, 9 is signal 9."""
    if not code.isdecimal():
        return None
    status = int(code)
    signal = status & 0x7F
    return -signal if signal else status >> 8 & 0xFF


def _array_size(number: str) -> int:
    """Count the jobs in ``6_[1-9,12%2]``."""
    inside = number.partition("[")[2].partition("]")[0].partition("%")[0]
    count = 0
    for part in filter(None, inside.split(",")):
        match = re.fullmatch(r"(\d+)(?:-(\d+)(?::(\d+))?)?", part, re.ASCII)
        if match is not None:
            first, last, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
            count += (last - first) // max(1, step) + 1
    return max(1, count)


def _node(line: str) -> Node:
    name, partitions, words, gres = (
        _value(line, key) for key in ("NodeName=", " Partitions=", " State=", " Gres=")
    )
    cpus = int(_value(line, " CPUEfctv=") or _value(line, " CPUTot=") or 0)
    memory = int(_value(line, " RealMemory=") or 0)
    reason = line.partition(" Reason=")[2].partition(" [")[0].strip()
    return Node(
        name=name,
        partitions=() if partitions in _NOWHERE else tuple(partitions.split(",")),
        state=_node_state(words),
        cards=counted(gres, _value(line, " GresUsed="), _value(line, " AllocTRES=")),
        cpus=cpus,
        memory_bytes=memory * 2**20,
        cpus_free=max(0, cpus - int(_value(line, " CPUAlloc=") or 0)),
        memory_free_bytes=max(0, memory - int(_value(line, " AllocMem=") or 0)) * 2**20,
        note=f"{words}: {reason}" if reason else words,
    )


def _value(line: str, key: str) -> str:
    return line.partition(key)[2].partition(" ")[0]


@lru_cache(512)
def _node_state(words: str) -> NodeState:
    """Read ``IDLE+CLOUD+POWERED_DOWN`` or ``DOWN*``; the star means that it does not answer."""
    flags = set(words.replace("*", "+NOT_RESPONDING").split("+"))
    if flags & _ASLEEP:
        flags.discard("NOT_RESPONDING")
    if flags & _OUT_OF_SERVICE:
        return "out_of_service"
    return next((_NODE_STATES[flag] for flag in flags if flag in _NODE_STATES), "out_of_service")


def _limits(line: str) -> Limits:
    accounts = _value(line, " AllowAccounts=")
    return Limits(
        name=_value(line, "PartitionName="),
        time_limit_s=_limit(_value(line, " MaxTime=")),
        default_time_s=_limit(_value(line, " DefaultTime=")),
        up=_value(line, " State=") == "UP",
        default=_value(line, " Default=") == "YES",
        accounts=() if accounts in ("", "ALL") else tuple(accounts.split(",")),
    )


def _limit(text: str) -> int | None:
    """Read ``1-00:00:00``; UNLIMITED and NONE are no limit."""
    return seconds(text) if text[:1].isdecimal() else None
