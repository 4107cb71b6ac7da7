"""The site file: everything that is wrong with it at once, and what it is worth when right."""

import textwrap
from dataclasses import fields

import pytest

from workbench.errors import NotFound, ParameterError
from workbench.pool import keys
from workbench.pool.schedulers.slurm import Slurm
from workbench.pool.site import Site, load_site, read_site, site_file
from workbench.testing.hostile import HOSTILE

WHOLE = """
    scheduler = "slurm"
    interface = "ib0"
    account = "chem"
    login_node = true
    modules = ["dtk/24.04", "gcc"]
    prologue = ["export OMP_NUM_THREADS=1", "ulimit -c 0 && source /opt/site.sh"]
    python = "/opt/wb/bin/python"
    scratch = "/local/$USER"
    runs = "${HOME}/runs"
    kills_at_logout = true

    [batch]
    partition = "cpu"
    time_limit = "2-00:00:00"
    memory = "2 GiB"

    [limits]
    jobs = 50
    workers = 400

    [accelerators."dcu:k100"]
    vendor = "hygon"
    model = "Hygon K100"
    memory = "64 GB"
    request = "--gres=dcu:k100:{n}"
    price_per_hour = 1.5
    power_w = 300

    [accelerators."gpu:a100"]
    request = ["--gres=gpu:a100:{n}", "--constraint=a100"]

    [partitions.dcu]
    account = "chem-dcu"
    modules = []
    whole_node = true
    cpus_per_card = 8
    memory_per_card = "60 GB"
    directives = ["--cpus-per-gpu={cpus}", "--exclusive"]
    time_limit = "24:00:00"
    default_time = "1:00:00"
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "site.toml"
        path.write_text(textwrap.dedent(text))
        return path

    return write


def problems(path):
    with pytest.raises(ParameterError) as caught:
        read_site(path)
    return [(field.parameter.rpartition(":")[2], field.message) for field in caught.value.fields]


def test_a_whole_file(write, monkeypatch):
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("HOME", "/u/ada")
    site = read_site(write(WHOLE))
    assert (site.scheduler, site.interface, site.login_node) == ("slurm", "ib0", True)
    assert (site.scratch, site.runs) == ("/local/ada", "/u/ada/runs")
    assert (site.batch.partition, site.batch.time_limit_s) == ("cpu", 172800)
    assert site.batch.memory_bytes == 2 * 2**30
    assert (site.limits.jobs, site.limits.workers) == (50, 400)
    assert site.accelerator("dcu:k100").memory_bytes == 64 * 10**9
    assert site.partition("dcu").default_time_s == 3600
    slurm = Slurm()
    assert site.card_words(slurm, "dcu:k100", 4) == ("--gres=dcu:k100:4",)
    assert site.card_words(slurm, "gpu:a100", 1) == ("--gres=gpu:a100:1", "--constraint=a100")
    assert site.directives("dcu", cpus=8) == ("--cpus-per-gpu=8", "--exclusive")
    assert site.account_for("dcu", slurm) == "chem-dcu"
    assert site.account_for("other", slurm) == "chem"
    assert site.prologue_for("other")[0] == "module load dtk/24.04 gcc"
    assert site.prologue_for("dcu") == site.prologue


def test_without_a_file_cards_are_asked_for_as_the_scheduler_names_them(home, monkeypatch):
    monkeypatch.setenv("SBATCH_ACCOUNT", "mine")
    site = load_site()
    assert site == Site()
    assert site.card_words(Slurm(), "dcu:k100", 2) == ("--gres=dcu:k100:2",)
    assert site.account_for("dcu", Slurm()) == "mine"
    assert (site.prologue_for("dcu"), site.directives("dcu", cpus=1)) == ((), ())


def test_every_problem_at_once_with_its_line(write):
    found = problems(
        write("""\
            scheduler = "slurm"
            interfaces = "ib0"
            modules = "gcc"
            kills_at_logout = "yes"

            [accelerators."dcu:k100"]
            vendr = "hygon"
            memory = "lots"

            [partitions.dcu]
            cpus_per_card = 0
            time_limit = "24 h"
            """)
    )
    lines = [line for line, _ in found]
    assert lines == ["2", "3", "4", "7", "8", "11", "12"]
    said = "\n".join(message for _, message in found)
    assert "Did you mean 'interface'?" in said
    assert "Did you mean 'vendor'?" in said
    assert "accelerators.dcu:k100.memory: it reads a number with a unit" in said
    assert "partitions.dcu.time_limit: it reads H:M:S" in said
    assert "kills_at_logout: 'yes' was given; it is true or false." in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scheduler =", "This is no TOML"),
        ("batch = 3", "batch: 3 was given; it is a table"),
        ("[partitions]\ndcu = 3", "partitions.dcu: 3 was given; it is a table"),
        ('[partitions."a b"]', "letters, digits"),
        ('[partitions.dcu]\nmemory_per_card = "64"', "a number with a unit, as in 64 GB"),
        ("[limits]\njobs = true", "whole number"),
        ("[limits]\njobs = 1.5", "whole number"),
        ("[accelerators.x]\nprice_per_hour = -1", "0 or more"),
        ("[accelerators.x]\nprice_per_hour = nan", "0 or more"),
        ('python = "bin/python"', "has to begin with /"),
        ('scratch = "/local/$(id)"', "a path may not hold"),
        ('prologue = ["#SBATCH -p other"]', "may not begin with #"),
        ('prologue = ["echo a \\\\"]', "go on in the next"),
        ('prologue = [""]', "it is empty"),
    ],
)
def test_wrong_values(write, text, said):
    assert said in "\n".join(message for _, message in problems(write(text)))


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParameterError, match="cannot be read"):
        read_site(path)


def test_which_file_counts(home, write, monkeypatch, tmp_path):
    monkeypatch.setattr("workbench.pool.site.ETC", tmp_path / "none.toml")
    assert site_file() is None
    home.mkdir(exist_ok=True)
    own = home / "site.toml"
    own.write_text('account = "own"')
    assert load_site().account == "own"
    named = write('account = "named"')
    monkeypatch.setenv("WORKBENCH_SITE", str(named))
    assert load_site().account == "named"
    monkeypatch.setenv("WORKBENCH_SITE", "/nowhere/site.toml")
    with pytest.raises(NotFound, match=r"/nowhere/site\.toml"):
        load_site()
    monkeypatch.delenv("WORKBENCH_SITE")
    own.unlink()
    (tmp_path / "none.toml").write_text('account = "everybody"')
    assert load_site().account == "everybody"


def test_every_field_is_a_key_with_help():
    for each in keys.declared(Site):
        inner = each.metadata["reader"].inner
        for field in keys.declared(inner) if inner else [each]:
            assert field.metadata["help"].endswith("."), field.name
    assert {each.name for each in fields(Site)} - {each.name for each in keys.declared(Site)} == {
        "file"
    }


def texts_of(of):
    """Every key that takes texts, with its reader."""
    for each in keys.declared(of):
        reader = each.metadata["reader"]
        if reader.inner is not None:
            yield from texts_of(reader.inner)
        elif "text" in reader.says or "path" in reader.says:
            yield f"{of.__name__}.{each.name}", reader


@pytest.mark.parametrize(
    ("name", "reader"), [pytest.param(*pair, id=pair[0]) for pair in texts_of(Site)]
)
def test_no_hostile_text_passes_as_more_than_one_line(name, reader):
    refused = 0
    for text in HOSTILE:
        try:
            read = reader.read([text] if "list" in reader.says else text)
        except ValueError:
            refused += 1
            continue
        for value in read if isinstance(read, tuple) else (read,):
            assert value.isprintable(), f"{name}: {text!r}"
            assert len(value.splitlines()) == 1, f"{name}: {text!r}"
            if not name.endswith((".prologue", ".model")):
                assert not set("$`\\;#\n") & set(value), f"{name}: {text!r}"
            elif name.endswith(".prologue"):
                assert not value.lstrip().startswith("#")
    assert refused > 60
