"""Items and the deaths of jobs: a bad item is found, and nobody is blamed for what Slurm did."""

from tests.slurm.work import Work, until

CPU = ("--partition", "cpu")


def test_an_item_that_kills_its_worker_is_set_aside_and_one_whose_job_was_cancelled_is_not(slurm):
    with Work(slurm) as work:
        work.cluster("bad", *CPU, workers=1, full=False)
        work.cluster("unlucky", *CPU, workers=1, full=False)
        bad = work.start("faults.steps", "--on", "bad", n=40, bad="17:exit")
        unlucky = work.start("faults.steps", "--on", "unlucky", n=1, seconds=4)
        for call in (1, 2):
            until(lambda n=call: unlucky.calls()["main", 0] == n, f"call {call}", tell=unlucky.log)
            slurm.cancel(*work.job_ids("unlucky", "connected", "starting"))
        work.ends(unlucky)
        assert unlucky.calls() == {("main", 0): 3}
        assert unlucky.describe()["items"]["failed"] == 0
        assert work.submitted("unlucky") == 3

        work.ends(bad, "completed_with_failures")
        assert bad.describe()["items"] == {"total": 40, "done": 39, "failed": 1, "not_run": 0}
        [failed] = [each for line in bad.receipts() for each in line["failed"]]
        assert (failed["task"], failed["items"]) == (17, [17])
        # The job lived on: its nanny brought another worker.
        assert work.submitted("bad") == 1
        assert len(work.queue("bad")) == 1
        assert work.call("run", "wait", bad.id).returncode == 5
