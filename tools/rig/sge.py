"""A Grid Engine of one node with two kinds of cards, in a network of its own.

Its daemons listen on every address and cannot be told otherwise; so they, their jobs and all that
is to meet them run in a network namespace that has loopback alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.rig import loopback
from tools.rig.folder import make_folder, write_site
from tools.rig.passage import write_passage
from tools.rig.processes import until
from tools.rig.rig import Rig
from tools.rig.users import make_users

START_S = 60.0
HOST = "sge1"
QUEUE = "cards.q"
CARDS = {"dcu": 4, "gpu": 2}
SHARE = Path("/usr/share/gridengine")
LIB = Path("/usr/lib/gridengine")
PORTS = {"SGE_QMASTER_PORT": "6444", "SGE_EXECD_PORT": "6445"}

BOOTSTRAP = """\
admin_user root
default_domain none
ignore_fqdn false
spooling_method berkeleydb
spooling_lib libspoolb
spooling_params {folder}/spool/db
binary_path /usr/sbin
qmaster_spool_dir {folder}/spool/qmaster
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
"""
ENVIRONMENT = """\
pe_name smp
slots 999
user_lists NONE
xuser_lists NONE
start_proc_args NONE
stop_proc_args NONE
allocation_rule $pe_slots
control_slaves FALSE
job_is_first_task TRUE
urgency_slots min
accounting_summary FALSE
qsort_args NONE
"""
# What differs from Debian's defaults and from what qconf shows as a template.
GLOBAL = {
    "execd_spool_dir": "{folder}/spool/execd",
    "min_uid": "0",
    "min_gid": "0",
    "load_report_time": "00:00:02",
    "mailer": "/bin/true",
}
SCHEDULER = {
    "schedule_interval": "0:0:1",
    "flush_submit_sec": "1",
    "flush_finish_sec": "1",
    "job_load_adjustments": "NONE",
}
QUEUE_LINES = {
    "qname": QUEUE,
    "hostlist": HOST,
    "slots": "16",
    "pe_list": "smp",
    "load_thresholds": "NONE",
    "shell": "/bin/bash",
    "shell_start_mode": "unix_behavior",
    "h_rt": "24:00:00",
}

SITE = """\
scheduler = "sge"
interface = "lo"

[partitions."cards.q"]
accelerators = ["dcu", "gpu"]

[accelerators.dcu]
vendor = "hygon"
model = "K100"
memory = "64 GB"
request = "-l dcu={n}"

[accelerators.gpu]
vendor = "nvidia"
model = "A100"
memory = "80 GB"
request = "-l gpu={n}"
"""


class Sge(Rig):
    """A running Grid Engine."""

    def __init__(self, folder: Path) -> None:
        places = {"SGE_ROOT": str(folder), "WORKBENCH_SITE": f"{folder}/site.toml"}
        super().__init__(folder, {**places, "SGE_CELL": "default", **PORTS})

    @classmethod
    def start(cls, folder: Path | None = None) -> Sge:
        """Start it; without a folder it is the calling process's own."""
        rig = cls(make_folder("sge", folder))
        try:
            make_users(rig.folder)
            write_passage(rig.folder)
            rig._make_network()
            rig._make_root()
            rig._start_master()
            rig._configure()
            rig._start_node()
            write_site(rig.folder, SITE)
        except BaseException:
            rig.stop()
            raise
        return rig

    def inside(self, *words: str, user: str | None = None) -> tuple[str, ...]:
        """Return a command that runs in the network of this Grid Engine, as one of its users."""
        network = self.daemons.check("network").pid
        enter = ("nsenter", f"--target={network}", "--net", "--uts", "--mount", "--")
        return (*enter, *super().inside(*words, user=user))

    def answers(self) -> bool:
        """Say whether the master answers; its death is an error."""
        self.daemons.check("sge_qmaster")
        return self._lists("-sh")

    def _lists(self, option: str) -> bool:
        """Say whether a list of hosts has ours; what a failure says may name it as well."""
        return HOST in self.call("qconf", option, check=False).splitlines()

    def _make_network(self) -> None:
        # The first name of an address is the one that Grid Engine uses.
        (self.folder / "run" / "hosts").write_text(f"127.0.0.1 {HOST} localhost\n")
        ready = self.folder / "run" / "ready"
        script = '"$1" "$2" && touch "$3" && exec sleep infinity'
        words = ("unshare", "--net", "sh", "-c", script, "sh", sys.executable, loopback.__file__)
        self.daemons.start("network", *words, str(ready), host=HOST)
        until(lambda: ready.exists() and self.daemons.check("network"), 10, "a network of its own")

    def _make_root(self) -> None:
        """Make a cell as Debian's package does, with places of ours."""
        common = self.folder / "default" / "common"
        spool = self.folder / "spool"
        for place in (common, spool / "db", spool / "qmaster" / "job_scripts", spool / "execd"):
            place.mkdir(parents=True)
        (self.folder / "util").symlink_to(SHARE / "util")
        for name in ("bin", "lib", "utilbin"):
            (self.folder / name).mkdir()
            arch = self.call(str(SHARE / "util" / "arch")).strip()
            (self.folder / name / arch).symlink_to(LIB)
        (common / "bootstrap").write_text(BOOTSTRAP.format(folder=self.folder))
        (common / "act_qmaster").write_text(f"{HOST}\n")
        defaults = (SHARE / "default-configuration").read_text()
        ours = {name: value.format(folder=self.folder) for name, value in GLOBAL.items()}
        configuration = self.folder / "global"
        configuration.write_text(_changed(defaults, ours))
        complexes = SHARE / "util" / "resources" / "centry"
        self.call(str(LIB / "spoolinit"), "berkeleydb", "libspoolb", str(spool / "db"), "init")
        for what, given in (
            ("configuration", configuration),
            ("complexes", complexes),
            ("usersets", SHARE / "util" / "resources" / "usersets"),
            ("managers", "root"),
        ):
            self.call(str(LIB / "spooldefaults"), what, str(given))

    def _start_master(self) -> None:
        self.daemons.start(
            "sge_qmaster", *self.inside("sge_qmaster"), env={**self.env, "SGE_ND": "1"}
        )
        until(self.answers, START_S, "sge_qmaster answers", every_s=0.1)

    def _configure(self) -> None:
        self.call("qconf", "-as", HOST)
        lines = [f"{name} {name} INT <= YES JOB 0 0" for name in CARDS]
        self._give("-Mc", lambda: self.call("qconf", "-sc") + "\n".join(lines) + "\n")
        self._give("-Msconf", lambda: _changed(self.call("qconf", "-ssconf"), SCHEDULER))
        self._give("-Ap", lambda: ENVIRONMENT)

    def _start_node(self) -> None:
        self.daemons.start("sge_execd", *self.inside("sge_execd"), env={**self.env, "SGE_ND": "1"})
        until(lambda: self._lists("-sel"), START_S, "sge_execd", 0.1)
        cards = ",".join(f"{name}={count}" for name, count in CARDS.items())
        self.call("qconf", "-mattr", "exechost", "complex_values", cards, HOST)
        self._give("-Aq", lambda: _changed(self.call("qconf", "-sq"), QUEUE_LINES))
        # Until the node has told its load, the queue does not know it.
        until(
            lambda: " au" not in self.call("qstat", "-f"), START_S, "the queue is in service", 0.2
        )

    def _give(self, option: str, text: Callable[[], str]) -> None:
        """Hand a whole configuration to ``qconf``, which takes it from files only."""
        file = self.folder / "given"
        file.write_text(text())
        self.call("qconf", option, str(file))


def _changed(text: str, lines: Mapping[str, str]) -> str:
    """Replace the values of some names in a configuration of one name a line."""
    found = []
    for line in text.splitlines():
        name = line.split(maxsplit=1)[0] if line.strip() else ""
        found.append(f"{name} {lines[name]}" if name in lines else line)
    return "\n".join(found) + "\n"
