"""The scheduler of docs/add-a-scheduler.md, installed and used as it stands there."""

import os
import re
import subprocess
import sys
import tomllib

import pytest

from tests.packs import install, workbench, workbench_json
from tests.tree import ROOT


def blocks(language):
    """The page's code blocks in a language."""
    page = (ROOT / "docs/add-a-scheduler.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


SCHEDULER, JOB, TEST = blocks("python")
OUTPUTS = dict(zip(("nodes", "jobs", "queues"), blocks("text"), strict=True))


@pytest.fixture
def site(tmp_path):
    """What somebody has who followed the page."""
    folder = tmp_path / "site"
    folder.mkdir()
    described = tomllib.loads(blocks("toml")[0])["project"]
    points = described["entry-points"]["workbench.schedulers"]
    modules = {"mylab_labq": SCHEDULER, "mylab_labq_job": JOB}
    install(folder, described["name"], points, modules, group="workbench.schedulers")
    return folder


@pytest.fixture
def labq(programs):
    """Programs that print what stands on the page."""
    for name, text in OUTPUTS.items():
        (programs.folder / f"{name}.txt").write_text(text)
    programs.put("labq", f"cat {programs.folder}/$1.txt")
    programs.put("lsubmit", "")
    programs.put("lkill", "")
    return programs


def test_the_page_begins_with_a_whole_scheduler_of_about_100_lines():
    assert len([line for line in SCHEDULER.splitlines() if line.strip()]) <= 110


def test_its_queues_are_shown_without_a_change_of_ours(site, labq, home):
    code, document = workbench_json("pool", "show", site=site, home=home)
    assert (code, document["scheduler"], document["problems"]) == (0, "labq", [])
    day, night, local = document["partitions"]
    assert (day["name"], day["time_limit_s"], local["name"]) == ("day", 36000, "local")
    [card] = day["accelerators"]
    assert (card["name"], card["vendor"]) == ("dcu:k100", "hygon")
    assert {name: card["cards"][name] for name in ("total", "free", "out_of_service")} == {
        "total": 16, "free": 5, "out_of_service": 8,
    }  # fmt: skip
    assert card["pending_reasons"] == {"busy": 1}
    assert night["nodes"]["out_of_service"] == 1
    text = workbench("pool", "show", site=site, home=home).stdout
    assert "1 job waits (busy). It waits for cards to become free." in text


def test_the_script_of_a_cluster_there_is_its_own(site, labq, home):
    done = workbench(
        "cluster", "script", "mine", "--partition", "day", "--accelerator", "dcu:k100",
        "--time", "1:00:00", site=site, home=home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "#LABQ --queue=day\n#LABQ --time=01:00:00\n" in done.stdout
    assert "#LABQ --cards=dcu:k100:1\n" in done.stdout
    assert "workbench.worker" in done.stdout


def test_the_page_test_passes(site, tmp_path):
    (tmp_path / "test_labq.py").write_text(TEST)
    for name, text in OUTPUTS.items():
        (tmp_path / f"{name.replace('queues', 'limits')}.txt").write_text(text)
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-W", "error"]
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_labq.py"],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "skipped" not in done.stdout


def test_two_distributions_with_one_name_are_both_refused(site, labq, home):
    install(site, "mylab-twin", {"labq": "mylab_labq:Labq"}, {}, group="workbench.schedulers")
    code, document = workbench_json("pool", "show", site=site, home=home)
    assert (code, document["scheduler"]) == (0, "local")
    [problem] = document["problems"]
    assert "mylab-labq and mylab-twin" in problem
    home.mkdir(exist_ok=True)
    (home / "site.toml").write_text('scheduler = "labq"\n')
    done = workbench("pool", "show", site=site, home=home)
    assert done.returncode == 4
    assert "mylab-labq and mylab-twin" in done.stderr


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("Broken = 3", "no subclass of Scheduler"),
        (
            "from workbench.pool.scheduler import Scheduler\nclass Broken(Scheduler):\n"
            "    name = 'broken'\n",
            "abstract",
        ),
        (SCHEDULER.replace("class Labq", "class Broken"), "calls itself 'labq'"),
    ],
)
def test_a_broken_one_is_listed_with_its_cause_and_harms_nobody(
    programs, home, tmp_path, source, said
):
    programs.slurm()
    folder = tmp_path / "site"
    folder.mkdir()
    points = {"broken": "broken_one:Broken"}
    install(folder, "lab-broken", points, {"broken_one": source}, group="workbench.schedulers")
    code, document = workbench_json("pool", "show", site=folder, home=home)
    assert (code, document["scheduler"]) == (0, "slurm")
    [problem] = document["problems"]
    assert "'broken' of lab-broken" in problem
    assert said in problem
