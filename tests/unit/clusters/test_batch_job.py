import asyncio
import signal
import stat
from pathlib import Path

import pytest

from workbench.clusters.process import batch_job
from workbench.clusters.process.batch_job import CommandFailed, Unanswered
from workbench.pool.plugins import scheduler
from workbench.pool.scheduler import JobRequest

SLURM = scheduler("slurm")


@pytest.fixture(autouse=True)
def handlers():
    """dask-jobqueue takes over Ctrl-C of whoever imports it."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def request_(tmp_path):
    return JobRequest(
        name="wb-dcu-12345678-1",
        partition="dcu",
        command=("/opt/my python/bin/python", "-P", "-m", "workbench.worker", str(tmp_path), "x"),
        cpus=2,
        memory_bytes=3 * 2**30,
        time_limit_s=5400,
        log=tmp_path / "job.log",
        account="chem",
        card_words=("--gres=dcu:k100:1",),
        prologue=("module load dtk/24.04",),
    )


def program(folder, text):
    """Put a stand-in for sbatch on PATH: what a real one answers is tested on the rig."""
    path = folder / "bin" / "sbatch"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path.parent)


def test_the_script_asks_for_what_was_asked_and_quotes_its_command(request_, tmp_path):
    lines = batch_job.build(SLURM, request_).job_script().splitlines()
    directives = [line.removeprefix("#SBATCH ") for line in lines if line.startswith("#SBATCH")]
    for expected in (
        "-J wb-dcu-12345678-1",
        "-p dcu",
        "-A chem",
        "--cpus-per-task=2",
        "--mem=3072M",
        "-t 01:30:00",
        "--gres=dcu:k100:1",
        f"-o {tmp_path}/job.log",
    ):
        assert expected in directives
    assert lines[0] == "#!/bin/bash"
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == [
        "module load dtk/24.04",
        'export WORKBENCH_JOB_ID="${SLURM_JOB_ID:-}"',
        f"'/opt/my python/bin/python' -P -m workbench.worker {tmp_path} x",
    ]


def submitted(request_, tmp_path, monkeypatch, text):
    monkeypatch.setenv("PATH", program(tmp_path, text), prepend=":")
    script = tmp_path / "job.sh"
    job = batch_job.build(SLURM, request_)
    return asyncio.run(batch_job.submit(SLURM, job, script)), script


def test_the_script_is_private_and_what_was_shown(request_, tmp_path, monkeypatch):
    answer = f'cp "$1" {tmp_path}/sent; echo Submitted batch job 4711'
    job_id, script = submitted(request_, tmp_path, monkeypatch, answer)
    assert job_id == "4711"
    assert stat.S_IMODE(script.stat().st_mode) == 0o600
    shown = batch_job.build(SLURM, request_).job_script().rstrip("\n") + "\n"
    assert Path(tmp_path, "sent").read_text(encoding="utf-8") == shown


def test_a_refusal_keeps_the_schedulers_words(request_, tmp_path, monkeypatch):
    words = "sbatch: error: Batch job submission failed: Invalid account"
    with pytest.raises(CommandFailed) as refused:
        submitted(request_, tmp_path, monkeypatch, f"echo '{words}' >&2; exit 1")
    assert refused.value.err == words


@pytest.mark.parametrize("answer", ["sleep 20", "echo hello"])
def test_no_answer_is_no_refusal(request_, tmp_path, monkeypatch, answer):
    monkeypatch.setattr(batch_job, "ANSWER_S", 0.5)
    with pytest.raises(Unanswered):
        submitted(request_, tmp_path, monkeypatch, answer)


def test_nothing_of_the_callers_own_job_reaches_the_new_one(request_, tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "99")
    monkeypatch.setenv("SBATCH_PARTITION", "other")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")
    monkeypatch.setenv("SLURM_CONF", "/etc/slurm/slurm.conf")
    submitted(request_, tmp_path, monkeypatch, f"env > {tmp_path}/env; echo 1")
    names = {line.split("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert "SLURM_CONF" in names
    assert not names & {
        "SLURM_JOB_ID",
        "SBATCH_PARTITION",
        "CUDA_VISIBLE_DEVICES",
        "JUPYTERHUB_API_TOKEN",
    }
