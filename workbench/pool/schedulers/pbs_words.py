"""What PBS says, in plain words: refusals of qsub, and why jobs wait or how they ended."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.pool.words import Refusals

REFUSALS: Refusals = (
    ("Unknown queue", "There is no such queue. The queues: workbench pool show", True),
    (
        "Job violates queue and/or server resource limits",
        "The job asks for more time, CPUs or cards than the queue allows. Ask for less; what is "
        "allowed is told by: workbench pool show, and qstat -Qf",
        True,
    ),
    (
        "Unknown resource",
        "PBS knows no cards of this name. Correct `request` of this accelerator in the site file.",
        True,
    ),
    (
        "Illegal attribute or resource value",
        "PBS cannot read one of the words of the site file: `request` or `directives`.",
        True,
    ),
    (
        "Access to queue is denied",
        "You, your group or your account may not use this queue. Choose another.",
        True,
    ),
    ("Queue is not enabled", "The queue takes no jobs now: its staff has closed it.", False),
    ("No default queue", "PBS has no default queue. Name one with --partition.", True),
    (
        "would exceed",
        "You have as many jobs in this queue as the site allows. Wait for some to end, or ask for "
        "fewer workers; `limits.jobs` in the site file keeps clusters below the limit.",
        False,
    ),
    (
        "Maximum number of jobs already in queue",
        "You have as many jobs in this queue as the site allows. Wait for some to end.",
        False,
    ),
    (
        "account",
        "PBS does not take this account. Correct `account` in the site file.",
        True,
    ),
    ("Unauthorized Request", "PBS does not let this user do that.", True),
    ("Bad UID for job execution", "PBS does not know this user on its server.", True),
    (
        "cannot connect to server",
        "The PBS server does not answer. Running jobs are not harmed; it is asked again.",
        False,
    ),
    ("Connection refused", "The PBS server does not answer. It is asked again.", False),
    ("Communication failure", "The connection to the PBS server was cut. Asked again.", False),
    ("did not answer within", "PBS does not answer in time. It is asked again.", False),
)

# What the scheduler writes into a job's comment.
REASONS: Mapping[str, str] = {
    "Insufficient amount of resource*": "It waits for cards, CPUs or memory to become free.",
    "Not enough free nodes available*": "It waits for nodes to become free.",
    "Not enough total nodes available*": "No node can give what it asks for now: they may be "
    "down, or there is none.",
    "Can Never Run*": "Nothing here can give what it asks for: it will never start.",
    "*has reached*limit*": "As much is running as the site allows to you, your group or the queue.",
    "*would exceed*limit*": "As much is running as the site allows to you, your group or the "
    "queue.",
    "*job held, too many failed attempts*": "It failed to start too often; qstat -f tells more.",
    "Job is requesting an exclusive node*": "It wants a whole node, and waits for one.",
    "Queue not started*": "The queue is stopped.",
    "held": "It is held back: by you, by the site's staff, or until another job has ended.",
    "waiting": "It may not start before a set time, or waits for files.",
    "queued": "It waits; the scheduler has not said why.",
}
