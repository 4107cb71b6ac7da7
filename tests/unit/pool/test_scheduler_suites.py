"""The four schedulers that come with the workbench keep the promises of their suite."""

from tests.unit.pool.conftest import DATA
from workbench.pool.schedulers.lsf import Lsf
from workbench.pool.schedulers.pbs import Pbs
from workbench.pool.schedulers.sge import Sge
from workbench.pool.schedulers.slurm import Slurm
from workbench.testing import SchedulerTests


class TestSlurm(SchedulerTests):
    scheduler = Slurm()
    captured = DATA / "slurm-22.05.8"
    cards = {"dcu:k100": (16, 8, 8), "gpu:a100": (4, 4, 0), "npu:910b": (8, 2, 0)}
    nodes = {"mixed": 3, "out_of_service": 2}
    jobs = {
        **dict.fromkeys(("31", "34", "35_[2-9%2]", "36", "40", "41"), "pending"),
        **dict.fromkeys(("29", "30", "32", "33", "35_0", "35_1"), "running"),
        **dict.fromkeys(("5", "37", "38", "39", "42"), "ended"),
    }
    partitions = {"dcu": 3600, "gpu": None, "npu": 172800, "cpu": 7200, "all": 1800}
    refused = (
        ("allocation failure: Invalid partition name specified", True),
        ("sbatch: error: Invalid generic resource (gres) specification", True),
        ("sbatch: error: AssocMaxSubmitJobLimit", False),
        ("Unable to contact slurm controller (connect failure)", False),
    )


class TestSge(SchedulerTests):
    scheduler = Sge()
    captured = DATA / "sge-8.1.9"
    cards = {"dcu": (4, 2, 0), "gpu": (2, 2, 0)}
    nodes = {"mixed": 1}
    jobs = {
        **dict.fromkeys(("18", "21", "22.1"), "running"),
        **dict.fromkeys(("19", "20", "22.2-5:1", "23", "25"), "pending"),
        **dict.fromkeys(("1", "2", "3", "4", "5.1-5:1", "6", "7", "8", "24"), "ended"),
    }
    partitions = {"cards.q": 86400}
    kind = "dcu"
    # Said by qsub of version 8.1.9.
    refused = (
        (
            'Unable to run job: Job was rejected because job requests unknown queue "nope"\n'
            "Exiting.",
            True,
        ),
        ('Unable to run job: unknown resource "foo"\nExiting.', True),
        (
            'Unable to run job: job rejected: the requested project "nope" does not exist',
            True,
        ),
        ("Unable to run job: error: no suitable queues\nExiting.", True),
        ("error: unable to send message to qmaster using port 6444", False),
    )


class TestPbs(SchedulerTests):
    scheduler = Pbs()
    captured = DATA / "pbs-2022.1.1"
    cards = {"gpu:gputype:A100": (12, 4, 4)}
    nodes = {"idle": 1, "allocated": 1, "out_of_service": 1}
    jobs = {"359322": "pending", "412020": "pending", "1147579": "running"}
    partitions = {"run_next": None, "debug": 3600, "prod": 86400}
    kind = "gpu:gputype:A100"
    refused = (
        ("qsub: Unknown queue", True),
        ("qsub: Job violates queue and/or server resource limits", True),
        ("qsub: would exceed queue generic's per-user limit", False),
        ("qsub: cannot connect to server pbs-01 (errno=111)", False),
    )


class TestLsf(SchedulerTests):
    scheduler = Lsf()
    captured = DATA / "lsf-10.1"
    cards = {"gpu:TeslaV100_SXM2_16GB": (4, 2, 0), "gpu:NVIDIAA100_SXM4_40GB": (3, 1, 1)}
    nodes = {"idle": 1, "mixed": 2, "allocated": 1, "out_of_service": 2}
    jobs = {
        "321": "running", "22005": "ended", "22006": "ended", "22007[3]": "pending",
        "58652": "pending",
    }  # fmt: skip
    partitions = {"gpu": 172800, "normal": 86400, "frozen": None}
    kind = "gpu:NVIDIAA100_SXM4_40GB"
    refused = (
        ("nope: No such queue. Job not submitted.", True),
        ("gpu: User cannot use the queue. Job not submitted.", True),
        ("Cannot connect to LSF. Please wait ...", False),
    )
