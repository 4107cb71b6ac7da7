"""`workbench recipe new` writes a pack that works, and from which another one is made."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pytest

from tests.packs import workbench, workbench_json
from tests.tree import ROOT
from workbench.runs.handle import Run

BAD_NAMES = ["", "dimer", "My.Dimer", "mylab.", ".dimer", "../up.dimer", "mylab.2d", "my lab.x"]


@pytest.fixture
def pack(tmp_path):
    """A pack as the command writes it."""
    code, document = workbench_json("recipe", "new", "mylab.dimer", "--folder", tmp_path)
    assert code == 0
    assert document == {"recipe": "mylab.dimer", "folder": str(tmp_path / "mylab-dimer")}
    return tmp_path / "mylab-dimer"


@pytest.fixture
def install(tmp_path):
    """Install a pack, editable, into a new environment that sees this one; give its Python."""
    place = tmp_path / "environment"
    venv.create(place, symlinks=True)
    [site] = place.glob("lib/python*/site-packages")
    outer = sysconfig.get_path("purelib")
    (site / "outer.pth").write_text(f"import site; site.addsitedir({outer!r})\n")

    def installed(pack):
        python = place / "bin" / "python"
        options = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet"]
        subprocess.run([python, "-m", "pip", "install", *options, "-e", pack], check=True)
        return python

    return installed


def run(python, home, *words):
    """Call the command line of an environment; return the finished process."""
    done = subprocess.run(
        [python, "-P", "-c", "from workbench.cli import main; main()", *words],
        env={**os.environ, "WORKBENCH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_no_id_is_refused(tmp_path, name):
    code, document = workbench_json("recipe", "new", "--folder", tmp_path, "--", name)
    assert code == 2
    assert repr(name) in document["error"]["message"]
    assert "mylab.dimer" in document["error"]["message"]
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_left_alone(pack):
    (pack / "mylab_dimer.py").write_text("mine")
    done = workbench("recipe", "new", "mylab.dimer", "--folder", pack.parent)
    assert done.returncode == 2
    assert str(pack) in done.stderr
    assert (pack / "mylab_dimer.py").read_text() == "mine"


def test_the_recipe_is_the_one_of_the_page(pack):
    page = (ROOT / "docs/write-a-recipe.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert (pack / "mylab_dimer.py").read_text() in blocks
    assert (pack / "tests/test_mylab_dimer.py").read_text() in blocks


def test_command_page_and_pack_tell_the_same_commands(tmp_path):
    done = workbench("recipe", "new", "mylab.dimer", "--folder", tmp_path)
    folder, *told = [line.strip() for line in done.stdout.splitlines()[1:]]
    assert folder == f"cd {tmp_path / 'mylab-dimer'}"
    block = "```console\n" + "".join(f"$ {command}\n" for command in told) + "```\n"
    assert len(told) == 4
    for page in (ROOT / "docs/write-a-recipe.md", tmp_path / "mylab-dimer/README.md"):
        assert block in page.read_text()


def test_the_recipe_has_about_25_lines_and_its_test_7(pack):
    def lines(name):
        return len([line for line in (pack / name).read_text().splitlines() if line.strip()])

    assert lines("mylab_dimer.py") <= 25
    assert lines("tests/test_mylab_dimer.py") <= 7


def test_the_wheel_holds_the_recipe_alone(pack, tmp_path):
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet", "-w", tmp_path / "w"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, pack], check=True)
    [wheel] = (tmp_path / "w").glob("*.whl")
    done = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", wheel], capture_output=True, text=True, check=True
    )
    held = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert [name for name in held if ".dist-info" not in name] == ["mylab_dimer.py"]


@pytest.mark.timeout(400)
def test_its_own_tests_pass(pack, install):
    python = install(pack)
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        cwd=pack,
        env={name: value for name, value in os.environ.items() if name != "CI"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert int(passed[1]) >= 15
    assert "skipped" not in done.stdout


MORSE = [
    ("Lennard-Jones pair energy over a range", "Morse pair energy and force over a range"),
    (
        "    points: int",
        '    stiffness: float = parameter(1.7, unit="angstrom-1", gt=0, help="Width.")\n'
        "    points: int",
    ),
    ("    s6 = (p.sigma / r) ** 6\n", "    e = ctx.xp.exp(-p.stiffness * (r - p.sigma))\n"),
    (
        'return {"energy": 4 * p.epsilon * (s6 * s6 - s6)}',
        'energy = p.epsilon * (e * e - 2 * e)\n'
        '    return {"energy": energy, "force": 2 * p.epsilon * p.stiffness * (e * e - e)}',
    ),
    ("doi:10.1098/rspa.1924.0082", "doi:10.1103/PhysRev.34.57"),
    (
        "source=source),)",
        "source=source),\n"
        '           Output(name="force", dims=("separation",), unit="eV/angstrom"))',
    ),
    ('version="1", title="Lennard-Jones dimer"', 'version="2", title="Morse dimer"'),
]  # fmt: skip


def test_edited_into_another_calculation_it_computes_that(pack, install, tmp_path):
    source = (pack / "mylab_dimer.py").read_text()
    for old, new in MORSE:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    (pack / "mylab_dimer.py").write_text(source)
    python, home = install(pack), tmp_path / "home"
    try:
        values = ["--set", "points=700", "--set", "sigma=2.5"]
        done = run(python, home, "run", "start", "mylab.dimer", *values, "--wait", "--json")
        document = json.loads(done.stdout)
        assert (document["version"], document["state"]) == ("2", "completed")
        with Run(Path(document["folder"])).open() as result:
            r = np.linspace(0.9, 3.0, 700) * 2.5
            e = np.exp(-1.7 * (r - 2.5))
            np.testing.assert_array_equal(result["separation"], r)
            np.testing.assert_allclose(result["energy"], 0.0104 * (e**2 - 2 * e), rtol=1e-12)
            np.testing.assert_allclose(
                result["force"], 2 * 0.0104 * 1.7 * (e**2 - e), rtol=1e-12, atol=1e-18
            )
            assert result["force"].attrs["units"] == "eV/angstrom"
    finally:
        run(python, home, "cluster", "stop", "local")
