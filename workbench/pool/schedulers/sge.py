"""Grid Engine: Son of Grid Engine 8.1, and those that print the same XML (Univa, Altair)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from workbench.pool.scheduler import Command, JobRequest, Scheduler, directive_path
from workbench.pool.seen import (
    CardCount,
    JobState,
    Limits,
    Node,
    NodeState,
    QueuedJob,
    Refusal,
    StartEstimate,
)
from workbench.pool.units import binary_size, clock, hms, later, utc
from workbench.pool.words import Refusals, plain, refused

# qstat(1), -f: states of a queue on a host.  A load alarm (a) passes by itself.
_OUT_OF_SERVICE = set("uAdDEsSCcoP")

# Cards are whole numbers that hosts have (hc, complex(5)), unlike slots and what load sensors tell.
_NO_CARDS = {"slots", "num_proc", "m_core", "m_socket", "m_thread"}

_REFUSALS: Refusals = (
    (
        "unknown queue",
        "There is no such queue. The queues are told by: workbench pool show",
        True,
    ),
    (
        "unknown resource",
        "Grid Engine knows no cards of this name. Correct `request` of this accelerator, or "
        "`directives`, in the site file; the names are told by: qconf -sc",
        True,
    ),
    (
        "requested project",
        "There is no such project, or it is not yours. Correct `account` in the site file.",
        True,
    ),
    (
        "requested parallel environment",
        "There is no parallel environment of this name, by which several CPUs are asked for. Put "
        '"-pe NAME {cpus}" into `directives` of the partition; names are told by: qconf -spl',
        True,
    ),
    (
        "no suitable queues",
        "No queue can give what the job asks for, so it could never start. Ask for fewer cards, "
        "less time or less memory.",
        True,
    ),
    (
        "are allowed per user",
        "You have as many jobs in the queue as the site allows. Wait for some to end, or ask for "
        "fewer workers; `limits.jobs` in the site file keeps clusters below the limit.",
        False,
    ),
    (
        "job count",
        "Grid Engine's own list of jobs is full. It empties as jobs end.",
        False,
    ),
    ("has no permission", "Grid Engine does not let this user do that.", True),
    (
        "unable to contact qmaster",
        "Grid Engine's master does not answer. Running jobs are not harmed; it is asked again.",
        False,
    ),
    (
        "unable to send message to qmaster",
        "Grid Engine's master does not answer. Running jobs are not harmed; it is asked again.",
        False,
    ),
    ("commlib error", "Grid Engine's master does not answer. It is asked again.", False),
    ("did not answer within", "Grid Engine does not answer in time. It is asked again.", False),
)

# qstat(1), state of a job; why one waits, qstat alone does not tell.
_REASONS: Mapping[str, str] = {
    "qw": "It waits until a queue has room for it; qstat -j tells more where the site lets it.",
    "hqw": "It is held back: by you, by the site's staff, or until another job has ended.",
    "hRwq": "It was put back into the queue and is held back.",
    "Rq*": "It was put back into the queue.",
    "Rr": "It runs again after it was put back into the queue.",
    "Eqw": "It failed to start, and waits until its error is looked at: qstat -j, then qmod -cj.",
    "Ehqw": "It failed to start, and is held back: qstat -j tells the error.",
    "t": "It is on its way to its node.",
    "d*": "It is being deleted.",
    "z": "It has ended; how, qacct -j tells.",
}


class Sge(Scheduler):
    """Grid Engine; partitions are its queues, cards its consumable resources.

    How many cards a host has in all is not told by any one command: it is what is left plus what
    the jobs there have.
    """

    name = "sge"
    programs = ("qconf", "qhost", "qstat", "qsub", "qdel")
    set_up_by = "act_qmaster that names a master"
    job_class = "dask_jobqueue.sge:SGEJob"
    job_id_variable = "JOB_ID"
    own_variables = (
        "SGE_",
        "JOB_ID",
        "JOB_NAME",
        "PE_",
        "PE",
        "QUEUE",
        "NSLOTS",
        "NHOSTS",
        "NQUEUES",
    )
    kept_variables = (
        "SGE_ROOT", "SGE_CELL", "SGE_CLUSTER_NAME", "SGE_QMASTER_PORT", "SGE_EXECD_PORT",
    )  # fmt: skip

    def nodes_command(self) -> Command:
        """Ask for all queues on all hosts, their resources and their jobs' requests."""
        return _and_complexes("qstat -f -F -r -u '*' -xml")

    def parse_nodes(self, text: str) -> list[Node]:
        """Put the queues of each host together."""
        tree, complexes = _parts(text)
        hosts: dict[str, _Host] = {}
        for queue in tree.iter("Queue-List"):
            name, _, host = (queue.findtext("name") or "").partition("@")
            hosts.setdefault(host, _Host(host)).add(name, queue, complexes)
        return [host.node() for host in hosts.values()]

    def jobs_command(self) -> Command:
        """Ask for everybody's jobs, and the last ones that ended."""
        return _and_complexes("qstat -r -s prsz -u '*' -xml")

    def parse_jobs(self, text: str) -> list[QueuedJob]:
        """Read one element a job, or a group of an array's tasks."""
        tree, complexes = _parts(text)
        return [_job(each, complexes) for each in tree.iter("job_list")]

    def limits_command(self) -> Command:
        """Ask for the settings of all queues."""
        return ("qconf", "-sq", "*")

    def parse_limits(self, text: str) -> list[Limits]:
        """Read one block of lines a queue."""
        found = []
        for block in re.split(r"^(?=qname\s)", text.replace("\\\n", " "), flags=re.MULTILINE):
            # What stands in brackets is meant for single hosts.
            lines = [line.split("[")[0].split(maxsplit=1) for line in block.splitlines()]
            said = {line[0]: line[1].strip(" ,") for line in lines if len(line) == 2}
            if "qname" in said:
                projects = said.get("projects", "NONE")
                found.append(
                    Limits(
                        name=said["qname"],
                        time_limit_s=clock(said.get("h_rt", "INFINITY")),
                        up=said.get("initial_state", "default") != "disabled",
                        accounts=() if projects == "NONE" else tuple(re.split(r"[ ,]+", projects)),
                    )
                )
        return found

    def card_words(self, kind: str) -> str:
        """Ask for cards by the name of their resource."""
        return f"-l {kind}={{n}}"

    def job_options(self, request: JobRequest) -> Mapping[str, Any]:
        """Say the request in SGEJob's keywords.

        Several CPUs want a parallel environment; ``smp`` is the usual name, and ``-pe`` among the
        site's directives another.
        """
        # Only a path that names no host may hold a colon.
        log = directive_path(request.log)
        places = [*request.card_words, *request.directives]
        if request.cpus > 1 and not any(each.startswith("-pe ") for each in places):
            places.insert(0, f"-pe smp {request.cpus}")
        return {
            "queue": request.partition,
            "project": request.account,
            "walltime": None,
            # Also what a jobqueue.yaml of the user would add; our own lines come after these.
            "job_directives_skip": ["-l ", "-cwd", *([] if request.account else ["-P "])],
            "job_extra_directives": [
                f"-l h_rt={hms(request.time_limit_s)}",
                f"-o {':' if ':' in log else ''}{log}",
                "-S /bin/bash",
                *places,
            ],
        }

    def estimate_command(self, request: JobRequest) -> Command:
        """Ask whether any queue could take the job, were it empty; no time is told."""
        words = self.job_options(request)["job_extra_directives"]
        account = ["-P", request.account] if request.account else []
        return (
            "qsub", "-w", "v", "-N", request.name, "-q", request.partition, *account,
            *" ".join(word for word in words if not word.startswith("-o ")).split(),
            "-b", "y", "true",
        )  # fmt: skip

    def parse_test(self, out: str, err: str, collected: str) -> StartEstimate | Refusal:
        """Read ``verification: found suitable queue(s)``."""
        said = f"{out}\n{err}".strip()
        if "found suitable queue" in said:
            return StartEstimate(None, said, collected)
        return self.refusal(said)

    def find_command(self, names: Sequence[str]) -> Command:
        """Ask for all jobs of whoever asks: Grid Engine lists none by name."""
        return _and_complexes('qstat -r -s prsz -u "$(id -un)" -xml')

    def refusal(self, err: str) -> Refusal:
        """Translate what qsub says."""
        return refused(_REFUSALS, err.replace("Exiting.", ""))

    def plain_reason(self, reason: str) -> str:
        """Explain a job's state."""
        return plain(_REASONS, reason)

    def absent(self, error: str) -> bool:
        """Recognize programs that find no cell: no master in a file ``act_qmaster``."""
        return "unable to read qmaster name" in error or "SGE_ROOT" in error

    def gone(self, err: str) -> bool:
        """Recognize what qdel says of a job that ended."""
        return "does not exist" in err


def _and_complexes(command: str) -> Command:
    """Return a command that also tells which resources count once a job, and which each slot."""
    return ("sh", "-c", f"{command} && qconf -sc")


def _parts(text: str) -> tuple[Element, Mapping[str, bool]]:
    """Split an answer into its XML and the resources that are counted: name, once a job."""
    document, end, table = text.rpartition("</job_info>")
    if not end:
        raise ValueError(f"this is no XML of qstat: {text.strip()[:80]!r}")
    counted = {}
    for line in table.splitlines():
        words = line.split()
        if len(words) == 8 and words[2] == "INT" and words[5] in ("YES", "JOB"):
            counted[words[0]] = words[5] == "JOB"
    return ElementTree.fromstring(document + end), counted


def _cards(job: Element, complexes: Mapping[str, bool]) -> Mapping[str, int]:
    slots = int(job.findtext("slots") or 1)
    found = {}
    for request in job.iter("hard_request"):
        name = request.get("name", "")
        if name in complexes and name not in _NO_CARDS:
            number = round(float(request.text or 0))
            found[name] = number if complexes[name] else number * slots
    return found


@dataclass
class _Host:
    """What its queues show of one host."""

    name: str
    queues: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    slots: list[tuple[int, int]] = field(default_factory=list)
    memory_bytes: int = 0

    def add(self, queue_name: str, queue: Element, complexes: Mapping[str, bool]) -> None:
        self.queues.append(queue_name)
        self.states.append(queue.findtext("state") or "")
        used, reserved, total = (
            int(queue.findtext(name) or 0) for name in ("slots_used", "slots_resv", "slots_total")
        )
        self.slots.append((total, max(0, total - used - reserved)))
        for resource in queue.iter("resource"):
            name, value = resource.get("name", ""), resource.text or ""
            if resource.get("type") == "hc" and name in complexes and name not in _NO_CARDS:
                self.left[name] = round(float(value))
            elif name == "mem_total":
                self.memory_bytes = binary_size(value)
        for job in queue.iter("job_list"):
            for kind, number in _cards(job, complexes).items():
                self.taken[kind] = self.taken.get(kind, 0) + number

    def node(self) -> Node:
        cards = {
            kind: CardCount(max(0, left) + self.taken.get(kind, 0), self.taken.get(kind, 0))
            for kind, left in self.left.items()
        }
        cpus, free = max(total for total, _ in self.slots), max(left for _, left in self.slots)
        return Node(
            name=self.name,
            partitions=tuple(self.queues),
            state=self._state(cpus, free),
            cards={kind: count for kind, count in cards.items() if count.total},
            cpus=cpus,
            memory_bytes=self.memory_bytes,
            cpus_free=free,
            note=" ".join(filter(None, self.states)),
        )

    def _state(self, cpus: int, free: int) -> NodeState:
        if all(set(state) & _OUT_OF_SERVICE for state in self.states):
            return "out_of_service"
        if free == cpus and not any(self.taken.values()):
            return "idle"
        return "mixed" if free else "allocated"


def _job(job: Element, complexes: Mapping[str, bool]) -> QueuedJob:
    word = job.findtext("state") or ""
    queue, _, host = (job.findtext("queue_name") or "").partition("@")
    state = _job_state(word)
    start = utc(job.findtext("JAT_start_time") or "")
    tasks = job.findtext("tasks") or ""
    number = job.findtext("JB_job_number") or ""
    return QueuedJob(
        job_id=f"{number}.{tasks}" if tasks else number,
        name=job.findtext("full_job_name") or job.findtext("JB_name") or "",
        user=job.findtext("JB_owner") or "",
        partition=queue or (job.findtext("hard_req_queue") or "").partition("@")[0],
        state=state,
        reason=word if word != "r" else "",
        cards=_cards(job, complexes),
        tasks=sum(_count(part) for part in tasks.split(",")) if state == "pending" else 1,
        nodes=(host,) if host else (),
        start=start,
        end=_end(job, start),
    )


def _job_state(word: str) -> JobState:
    if "z" in word:
        return "ended"
    if "q" in word:
        return "pending"
    return "finishing" if "d" in word else "running"


def _end(job: Element, start: str | None) -> str | None:
    """Return when a job's time limit is over."""
    limits = [each.text for each in job.iter("hard_request") if each.get("name") == "h_rt"]
    return later(start, clock(limits[0])) if limits else None


def _count(part: str) -> int:
    """Count the tasks in ``2-5:1``."""
    match = re.fullmatch(r"(\d+)-(\d+):(\d+)", part, re.ASCII)
    if match is None:
        return 1
    first, last, step = (int(group) for group in match.groups())
    return (last - first) // max(1, step) + 1
