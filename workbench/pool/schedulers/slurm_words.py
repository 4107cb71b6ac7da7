"""What Slurm says, in plain words: refusals of sbatch, and why jobs wait or how they ended."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.pool.words import Refusals

# What --test-only says also where nodes are only out of service: then sbatch takes the job.
NO_NODE = "allocation failure: Requested node configuration is not available"
WHY_NO_NODE = (
    "No node that is in service has that many CPUs, cards or that much memory. A job for nodes "
    "that are out of service waits for them; else ask for less, or in another partition."
)
# slurm_errno.c and the reasons in job_state_reason.c; sbatch prints the latter on a line before.
REFUSALS: Refusals = (
    (
        "Invalid account or account/partition",
        "This account may not use this partition, or you have no such account. Name another in "
        "the site file or with --account; yours are told by: sacctmgr show associations "
        "user=$USER format=account,partition,qos",
        True,
    ),
    (
        "time limit is invalid",
        "The time limit is longer than this partition or your account allows, or none was given. "
        "Ask for less time; what is allowed is told by: workbench pool show",
        True,
    ),
    # Said together with the next one, which alone tells less.
    (
        "Memory required by task is not available",
        "No node of this partition has that much memory. Ask for less for each worker.",
        True,
    ),
    (
        "Memory specification can not be satisfied",
        "No node of this partition has that much memory. Ask for less for each worker.",
        True,
    ),
    (
        "node configuration is not available",
        "No node of this partition has that many CPUs, cards or that much memory, so the job "
        "could never start. Ask for less, or in another partition.",
        True,
    ),
    (
        "Invalid generic resource (gres)",
        "Slurm knows no cards of this name. Correct `request` of this accelerator in the site "
        "file; the names are told by: workbench pool show",
        True,
    ),
    (
        "invalid partition",
        "There is no such partition. The partitions are told by: workbench pool show",
        True,
    ),
    ("No partition specified", "Slurm has no default partition. Name one with --partition.", True),
    (
        "not permitted to use this partition",
        "Your group may not use this partition. Choose another, or ask the site's staff.",
        True,
    ),
    (
        "MaxSubmitJob",
        "You have as many jobs in the queue as the site allows. Wait for some to end, or ask for "
        "fewer workers; `limits.jobs` in the site file keeps clusters below the limit.",
        False,
    ),
    (
        "MaxJobCount",
        "Slurm's own list of jobs is full. It empties as jobs end.",
        False,
    ),
    (
        "violates accounting/QOS policy",
        "The job is larger or longer than your account or quality of service allows, or you have "
        "too many. Your limits: sacctmgr show associations user=$USER",
        True,
    ),
    ("Invalid qos", "Your account may not use this quality of service. Correct --qos.", True),
    (
        "processors requested than permitted",
        "The job asks for more CPUs than one node of the partition, or your account, may give.",
        True,
    ),
    ("CPU count", "The number of CPUs is not possible in this partition.", True),
    (
        "Node count specification invalid",
        "The job asks for more nodes than the partition has, or allows for one job.",
        True,
    ),
    (
        "Invalid feature specification",
        "No node has the feature that `directives` in the site file ask for (--constraint).",
        True,
    ),
    (
        "reservation",
        "The reservation that `directives` in the site file name cannot be used by you now.",
        True,
    ),
    (
        "Required partition not available",
        "The partition takes no jobs now: its staff has closed it for a while.",
        False,
    ),
    ("Access/permission denied", "Slurm does not let this user do that.", True),
    ("Invalid user id", "Slurm does not know this user.", True),
    ("unrecognized option", "sbatch does not know one of the words of the site file.", True),
    (
        "Unable to contact slurm controller",
        "Slurm's controller does not answer. Running jobs are not harmed; it is asked again.",
        False,
    ),
    ("timed out", "Slurm's controller is too busy to answer in time. It is asked again.", False),
    ("did not answer within", "Slurm does not answer in time. It is asked again.", False),
    ("Rate limit exceeded", "Slurm was asked too often. It is asked again.", False),
    ("standby mode", "Slurm's controller is changing over to its stand-in. Asked again.", False),
    ("temporarily unable", "Slurm takes no jobs at this moment. It is asked again.", False),
    ("Zero Bytes", "The connection to Slurm's controller was cut. It is asked again.", False),
)

# squeue(1), JOB REASON CODES, and job_reason_codes.html; then how jobs end.
REASONS: Mapping[str, str] = {
    "None": "Slurm has not come to it yet.",
    "Priority": "Other jobs are before it in the queue.",
    "Resources": "It is next, and waits for nodes, cards or memory to become free.",
    "Dependency": "It waits for another job to end.",
    "DependencyNeverSatisfied": "It waits for a job that failed, and will never start.",
    "BeginTime": "It may not start before a set time; requeued jobs wait some two minutes.",
    "Licenses": "It waits for a licence.",
    "JobHeldUser": "You hold it back; scontrol release lets it go.",
    "JobHeldAdmin": "The site's staff holds it back.",
    "JobArrayTaskLimit": "Its array may run no more jobs at once.",
    "ReqNodeNotAvail": "Nodes it needs are out of service or kept for a maintenance that is nearer "
    "than its time limit. A shorter time limit may let it start.",
    "Nodes": "The nodes it needs are out of service or kept for jobs of higher rank.",
    "Reserv*": "Its nodes are reserved for somebody else.",
    "PartitionDown": "The partition is closed.",
    "PartitionInactive": "The partition is closed.",
    "PartitionTimeLimit": "Its time limit is longer than the partition allows: it will never "
    "start. Ask for less time.",
    "PartitionNodeLimit": "It asks for more nodes than the partition gives: it will never start.",
    "PartitionConfig": "The partition cannot give what it asks for.",
    "BadConstraints": "No node can give what it asks for: it will never start.",
    "NodeDown": "A node it needs is down.",
    "MaxMemPerLimit": "It asks for more memory than is allowed for each CPU or node.",
    "AccountNotAllowed": "Its account may not use this partition.",
    "InvalidAccount": "Its account does not exist any more.",
    "InvalidQOS": "Its quality of service does not exist any more.",
    "AssocGrpGRES*": "Your group has as many cards in use as its account allows.",
    "AssocGrp*": "Your group has as much in use as its account allows.",
    "AssocMaxJobsLimit": "You have as many jobs running as your account allows.",
    "Assoc*": "It asks for more than your account allows.",
    "QOSGrpGRES*": "As many cards are in use as its quality of service allows to all together.",
    "QOSGrp*": "As much is in use as its quality of service allows to all together.",
    "QOSMaxGRESPerUser": "You have as many cards in use as one user may have.",
    "QOSMaxJobsPerUserLimit": "You have as many jobs running as one user may have.",
    "QOSMin*": "It asks for less than its quality of service demands at least.",
    "QOSMaxWallDurationPerJobLimit": "Its time limit is longer than its quality of service allows.",
    "QOS*": "It asks for more than its quality of service allows.",
    "Prolog": "Its node is being prepared.",
    "Cleaning": "It was put back into the queue, and its node is being cleaned up.",
    "JobLaunchFailure": "It could not be started on its node.",
    "NonZeroExitCode": "It ended by itself with an error.",
    "RaisedSignal*": "It was ended by a signal.",
    "OUT_OF_MEMORY": "It used more memory than it had asked for.",
    "OutOfMemory": "It used more memory than it had asked for.",
    "COMPLETED": "It ended by itself.",
    "CANCELLED": "It was cancelled.",
    "PREEMPTED": "A job of higher rank took its place.",
    "TIMEOUT": "Its time limit was over.",
    "NODE_FAIL": "Its node failed.",
    "BOOT_FAIL": "Its node did not start.",
    "DEADLINE": "It could not be done before its deadline.",
    "REVOKED": "Another Slurm took it.",
    "FAILED": "It ended by itself with an error.",
}
