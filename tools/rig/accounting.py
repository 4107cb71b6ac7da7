"""Real accounting: a database, ``slurmdbd``, and who may use how much."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from tools.rig.controller import HEAD, START_S
from tools.rig.processes import Daemons, RigError, until
from tools.rig.users import USERS

# Nothing here has to outlive a power failure.
DATABASE_OPTIONS = (
    "--innodb-log-file-size=8M",
    "--innodb-buffer-pool-size=64M",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-lock-wait-timeout=900",
    "--debug-no-sync=1",
    "--performance-schema=off",
)

SLURM_LINES = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={port}
AccountingStoragePass={run}/munge.socket
AccountingStorageEnforce=associations,limits,qos
AccountingStorageTRES=gres/gpu,gres/dcu,gres/npu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
"""

DBD_CONF = """\
AuthType=auth/munge
AuthInfo=socket={run}/munge.socket
CommunicationParameters=NoInAddrAny
DbdHost={head}
DbdPort={port}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
PidFile={folder}/spool/slurmdbd.pid
"""

# `chem` is everybody's, `few` allows wbada little, `staff` is neither's.  What exceeds `small` is
# accepted and waits for ever, what exceeds `strict` is refused.
SETUP = (
    "add account chem,few,staff Organization=rig",
    "add qos small MaxTRESPerUser=gres/dcu=2 MaxWall=01:00:00 MaxSubmitJobsPerUser=4",
    "add qos strict MaxTRESPerUser=gres/dcu=2 MaxWall=01:00:00 Flags=DenyOnLimit",
    f"add user {','.join(USERS)} Account=chem QOS=normal,small,strict DefaultQOS=normal",
    "add user root Account=staff",
    "add user wbada Account=few MaxSubmitJobs=3 MaxTRESPerJob=gres/dcu=2",
)


def slurm_lines(folder: Path, port: int) -> str:
    """Return the lines of ``slurm.conf`` that switch accounting on."""
    return SLURM_LINES.format(run=folder / "run", port=port)


def start_database(folder: Path, daemons: Daemons) -> None:
    """Make an empty database and start it; its socket lies where only root and it can reach."""
    home = folder / "database"
    home.mkdir(mode=0o700)
    shutil.chown(home, "mysql", "mysql")
    common = ("--no-defaults", "--user=mysql", f"--datadir={home}", *DATABASE_OPTIONS)
    made = subprocess.run(
        (
            "mariadb-install-db",
            *common,
            "--skip-test-db",
            "--auth-root-authentication-method=socket",
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RigError(f"mariadb-install-db: {made.stdout}{made.stderr}")
    words = ("mariadbd", *common, "--skip-networking", f"--socket={home}/socket")
    daemons.start("mariadbd", *words)
    until(lambda: (home / "socket").exists() and daemons.check("mariadbd"), START_S, "mariadbd")


def start_slurmdbd(folder: Path, daemons: Daemons, port: int) -> None:
    """Start ``slurmdbd``, which makes its tables first."""
    conf = folder / "slurmdbd.conf"
    conf.touch(mode=0o600)
    conf.write_text(DBD_CONF.format(run=folder / "run", head=HEAD, port=port, folder=folder))
    # It looks for its file beside the one that SLURM_CONF names.
    place = {"SLURM_CONF": f"{folder}/slurm.conf", "MYSQL_UNIX_PORT": f"{folder}/database/socket"}
    daemons.start("slurmdbd", "slurmdbd", "-D", env=place, host=HEAD)

    def listens() -> bool:
        daemons.check("slurmdbd")
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    until(listens, START_S, "slurmdbd listens")


def add_accounts(call: Callable[..., str]) -> None:
    """Say who may use how much."""
    call("sacctmgr", "-i", given="\n".join(SETUP))
