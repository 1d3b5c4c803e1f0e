"""A Slurm cluster of this one machine, for as long as something runs on it.

    python tests/slurm_cluster.py COMMAND ...

runs a command on it. Everything (keys, sockets, ports, state) is its own and lies in a temporary
folder, so that it neither needs nor disturbs another Slurm; in a mount namespace of their own, the
daemons and the command see that folder as /etc/slurm. There is no accounting. Needs root and the
packages slurm-wlm and munge of Debian (tests/system-packages.sh).
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "unshare")
_SECONDS_TO_START = 60

# cgroups are left alone: a container often has none that could be changed.
_SLURM = """
ClusterName=one_machine
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPort={controller_port}
SlurmdPort={daemon_port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
MinJobAge=300
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={megabytes} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """What keeps a cluster from being started here; None if nothing does."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"Debian's slurm-wlm and munge are not installed: no {', '.join(missing)}"
    return None if os.geteuid() == 0 else "Slurm's daemons are started by root"


@contextlib.contextmanager
def cluster() -> Iterator[list[str]]:
    """Start the cluster; gives the words to put before a command, so that it runs there."""
    with (
        tempfile.TemporaryDirectory(prefix="slurm-") as name,
        contextlib.ExitStack() as daemons,
    ):
        folder = Path(name)
        _configure(folder)
        inside = ["unshare", "--mount", "sh", "-c",
                  f'mount --bind {folder} /etc/slurm && exec "$@"', "sh"]  # fmt: skip
        munge = ["munged", "--foreground", "--force", f"--key-file={folder}/munge.key"]
        munge += [f"--{what}={folder}/munge.{what.partition('-')[0]}"
                  for what in ("socket", "pid-file", "log-file", "seed-file")]  # fmt: skip
        daemons.enter_context(_daemon(munge, folder))
        _wait(lambda: (folder / "munge.socket").exists(), folder)
        for command in (["slurmctld", "-D", "-i"], ["slurmd", "-D"]):
            daemons.enter_context(_daemon([*inside, *command], folder))
        _wait(lambda: "idle" in _answer([*inside, "sinfo", "-h", "-o", "%T"]), folder)
        try:
            yield inside
        finally:
            _answer([*inside, "scancel", "--user", "root", "--signal", "KILL"])
            _wait(lambda: not _answer([*inside, "squeue", "-h"]).strip(), folder)


def _configure(folder: Path) -> None:
    folder.chmod(0o755)
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o400)
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    controller_port, daemon_port = _free_ports()
    text = _SLURM.format(
        host=socket.gethostname().partition(".")[0],
        folder=folder,
        controller_port=controller_port,
        daemon_port=daemon_port,
        cpus=os.cpu_count(),
        megabytes=int(memory[1]) // 1024 - 512,
    )
    (folder / "slurm.conf").write_text(text)
    plugin = "disabled" if _version() >= 23 else "autodetect"
    (folder / "cgroup.conf").write_text(f"CgroupPlugin={plugin}\n")
    (folder / "state").mkdir()
    (folder / "spool").mkdir()


def _version() -> int:
    return int(re.search(r"\d+", _answer(["slurmd", "-V"]))[0])


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextlib.contextmanager
def _daemon(command: list[str], folder: Path) -> Iterator[None]:
    # Its own session: a Ctrl-C is for the command, the daemons are stopped after it.
    with open(folder / "daemons.log", "a") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answer(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _wait(true: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not true():
        if time.monotonic() > deadline:
            log = (folder / "daemons.log").read_text()[-4000:]
            raise TimeoutError(f"Slurm did not start or stop in time\n{log}")
        time.sleep(0.2)


if __name__ == "__main__":
    reason = why_not()
    if reason:
        sys.exit(reason)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stop the daemons then, too
    with cluster() as slurm:
        sys.exit(subprocess.run([*slurm, *sys.argv[1:]], check=False).returncode)
