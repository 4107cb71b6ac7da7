"""Pool and clusters over REST on a real controller of 32,000 cards."""

import asyncio
import json
import time

import pytest

from jupyterlab_workbench.documents.clusters import ClusterPage, EstimateAnswer, ScriptAnswer
from jupyterlab_workbench.documents.pool import Pool
from tests.needs import require_slurm
from tools.rig.big import BigSlurm

pytestmark = pytest.mark.slurm
NPU = {"name": "probe", "partition": "npu", "accelerator": "npu:910b", "workers": 2}


@pytest.fixture(scope="session")
def big():
    """A Slurm of 4,000 nodes and 32,000 cards."""
    require_slurm()
    with BigSlurm.start() as rig:
        yield rig


@pytest.fixture(autouse=True)
def on_the_rig(big, in_place, monkeypatch):
    for name in big.env.keys() - {"WORKBENCH_HOME"}:
        monkeypatch.setenv(name, big.env[name])
    monkeypatch.setenv("WORKBENCH_POLL_S", "0.5")


async def test_the_pool_is_what_slurm_shows(client, big):
    pool = await client.get("pool", model=Pool)
    found = {one["name"]: one["accelerators"][0]["cards"] for one in pool["partitions"][:-1]}
    assert {name: cards["total"] for name, cards in found.items()} == {
        "dcu": 22_400,
        "gpu": 5_600,
        "npu": 4_000,
    }
    waits = next(one for one in pool["partitions"] if one["name"] == "dcu")["accelerators"][0]
    assert {one["reason"] for one in waits["waits"]} == waits["pending_reasons"].keys()
    assert all(one["plain"] for one in waits["waits"])


async def test_every_card_comes_within_a_second(client, big):
    await client.get("pool")
    began = time.monotonic()
    found = await client.send("GET", "pool", "cards")
    assert time.monotonic() - began < 2
    size = int.from_bytes(found.body[:4], "little")
    states = found.body[4 + size :]
    assert len(states) == 32_000
    assert states.count(3) == 8 * (16 + 4 + 1)
    assert json.loads(found.body[4 : 4 + size])["index"][0]["nodes"]


async def test_the_script_is_the_one_that_is_sent(client, place, big):
    said = await client.post("clusters", "script", body=NPU, model=ScriptAnswer)
    assert said["problems"] == []
    assert (said["jobs"], said["workers_per_job"]) == (2, 1)
    assert "#SBATCH -p npu" in said["script"]
    assert "#SBATCH --gres=npu:910b:1" in said["script"]
    try:
        await client.post("clusters", body=NPU, status=201, model=ClusterPage)
        for _ in range(300):
            cluster = await client.get("clusters", "probe", model=ClusterPage)
            if all(job["job_id"] for job in cluster["jobs"]) and cluster["jobs"]:
                break
            await asyncio.sleep(0.1)
        ids = {job["job_id"] for job in cluster["jobs"]}
        assert ids <= set(big.call("squeue", "-h", "-o", "%i").split())
        sent = sorted((place.home / "clusters" / "probe" / "jobs").glob("wb-probe-*-1.sh"))
        assert sent[0].read_text() == said["script"]
    finally:
        stopped = await client.send("DELETE", "clusters", "probe")
    assert stopped.code == 200, stopped.body
    assert not ids & set(big.call("squeue", "-h", "-o", "%i").split())


async def test_the_estimate_says_whose_it_is_and_how_old(client, big):
    said = await client.post("clusters", "estimate", body=NPU, model=EstimateAnswer)
    start = said["start"]
    assert (start["title"], start["source"]) == ("Slurm", "sbatch --test-only")
    assert start["at"] or start["refused"]
    assert start["words"]
    if start["at"]:
        assert 0 <= start["age_s"] < 30


async def test_everything_that_is_wrong_stands_at_its_field(client, big):
    body = {**NPU, "accelerator": "npu:911", "workers": 5000, "time_limit_s": 1e6}
    said = await client.post("clusters", "script", body=body, model=ScriptAnswer)
    wrong = {problem["parameter"]: problem["message"] for problem in said["problems"]}
    assert wrong.keys() == {"workers", "accelerator", "time_limit_s"}
    assert "Did you mean 'npu:910b'" in wrong["accelerator"]
    body = {**NPU, "time_limit_s": 1e6}
    error = await client.refused(409, "POST", "clusters", body=body)
    assert "allows" in error["message"]
    said = await client.post("clusters", "estimate", body=body, model=EstimateAnswer)
    assert [problem["parameter"] for problem in said["problems"]] == ["time_limit_s"]
