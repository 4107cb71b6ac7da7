"""A job whose node does not see its cluster's folder says so, and what to do."""

import json
import os
import subprocess
import sys

import pytest


def launched(folder):
    """A job's process on its node, to its end."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "workbench.worker", str(folder), "wb-c-1234-1"],
        env={**os.environ, "WORKBENCH_APPEAR_S": "0.1", "WORKBENCH_PATIENCE_S": "0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.fixture
def listed(tmp_path):
    """The folder of a cluster that knows of this job."""

    def listed(job):
        folder = tmp_path / "c"
        folder.mkdir()
        (folder / "jobs.jsonl").write_text(
            json.dumps({"v": 1, "event": "last", "job": job, "number": 1}) + "\n"
        )
        return folder

    return listed


def test_a_folder_that_is_not_there_is_an_error_of_the_job(tmp_path):
    code, said = launched(tmp_path / "c")
    assert code == 1
    assert f"does not see the cluster's folder {tmp_path / 'c'}: there is no such folder" in said
    assert "WORKBENCH_HOME has to lie on a file system that this host and all nodes see" in said


def test_another_folder_in_its_place_is_noticed(listed):
    code, said = launched(listed("wb-c-1234-7"))
    assert code == 1
    assert "another folder is there: it knows nothing of job wb-c-1234-1" in said


def test_its_own_folder_is_recognized(listed):
    code, said = launched(listed("wb-c-1234-1"))
    assert code == 0
    assert "does not see" not in said
