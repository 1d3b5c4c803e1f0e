"""What a child with limits cannot do, tried by children that really try."""

import ctypes
import faulthandler
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lucid_sprites.sandbox import child, landlock, seccomp
from lucid_sprites.sandbox.limits import Limits

GIGABYTE = 10**9
PYTHON = [Path("/usr"), *map(Path, filter(None, sys.path)), Path(sys.base_prefix)]

needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this system has no Landlock")


def own_data() -> int:
    """Bytes of data that this process has, which other tests may have made large."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmData:\s*(\d+) kB", status)[1]) * 1024


class Box:
    """A folder that a child may write, beside one that it may not."""

    def __init__(self, folder: Path) -> None:
        self.inside, self.outside = folder / "inside", folder / "outside"
        self.inside.mkdir()
        self.outside.mkdir()
        (self.outside / "secret").write_text("secret")
        (self.inside / "own").write_text("own")

    def run(
        self,
        work: Callable[[], object],
        gigabytes: int = 4,
        seconds: float = 30,
        file_size: int = GIGABYTE,
    ) -> child.Ended:
        """`work` in a child that may have so much memory beside what it has of this process."""
        limits = Limits(own_data() + gigabytes * GIGABYTE, seconds, file_size)
        return child.run(work, limits, str(self.outside / "log"))

    def confined(self, work: Callable[[], object]) -> child.Ended:
        """`work` in a child that may read Python and write one folder."""

        def confine_and_work() -> None:
            landlock.restrict(PYTHON, [self.inside])
            seccomp.restrict()
            work()

        return self.run(confine_and_work)

    @property
    def log(self) -> str:
        return (self.outside / "log").read_text()


@pytest.fixture
def box(tmp_path) -> Box:
    return Box(tmp_path)


def test_work_that_is_done_leaves_what_it_wrote(box):
    ended = box.confined(lambda: (box.inside / "new").write_text("done"))
    assert (ended.is_done, ended.signal, ended.timed_out) == (True, None, False)
    assert (box.inside / "new").read_text() == "done"
    assert 0 < ended.peak < 20 * 10**9


def test_what_it_prints_and_raises_is_in_its_log(box):
    def work():
        print("before", flush=True)
        raise ValueError("the reason")

    ended = box.run(work)
    assert not ended.is_done
    assert ended.signal is None
    assert box.log.startswith("before\n")
    assert box.log.endswith("ValueError: the reason\n")


@needs_landlock
@pytest.mark.parametrize(
    "attempt",
    [
        lambda box: (box.outside / "new").write_text("x"),
        lambda box: (box.outside / "secret").write_text("x"),
        lambda box: (box.outside / "secret").unlink(),
        lambda box: (box.outside / "new").mkdir(),
        lambda box: (box.outside / "secret").rename(box.inside / "secret"),
        lambda box: (box.inside / "own").rename(box.outside / "own"),
        lambda box: os.truncate(box.outside / "secret", 0),
        lambda box: (box.outside / "secret").read_text(),
        lambda box: os.listdir(box.outside),
        lambda box: (box.inside / "link").symlink_to(box.outside),
        lambda box: os.link(box.outside / "secret", box.inside / "hard"),
        lambda box: Path("/etc/passwd").read_text(),
        lambda box: os.chmod(box.outside / "secret", 0),
        lambda box: os.utime(box.outside / "secret", (0, 0)),
        lambda box: os.chown(box.outside / "secret", os.getuid(), os.getgid()),
        lambda box: os.setxattr(box.outside / "secret", "user.x", b"x"),
        lambda box: os.kill(os.getppid(), 0),
        lambda box: socket.socket(),
        lambda box: socket.socket(socket.AF_UNIX),
        lambda box: subprocess.run(["/bin/true"], check=True),
        lambda box: os.execv("/bin/true", ["true"]),
        lambda box: os.fork(),
    ],
    ids=["write", "overwrite", "delete", "folder", "move in", "move out", "truncate", "read",
         "list", "symlink", "hard link", "passwd", "mode", "time", "owner", "attribute", "signal",
         "socket", "unix socket", "program", "exec", "fork"],
)  # fmt: skip
def test_a_confined_child_reaches_nothing_outside(box, attempt):
    before = (box.outside / "secret").stat()

    def work():
        with pytest.raises(OSError, match=r"Permission denied|not permitted|cross-device"):
            attempt(box)

    ended = box.confined(work)
    assert ended.is_done, box.log
    assert sorted(each.name for each in box.inside.iterdir()) == ["own"]
    assert sorted(each.name for each in box.outside.iterdir()) == ["log", "secret"]
    assert (box.outside / "secret").read_text() == "secret"
    after = (box.outside / "secret").stat()
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


@needs_landlock
def test_threads_of_a_confined_child_are_confined(box):
    refused = []

    def write():
        try:
            (box.outside / "new").write_text("x")
        except PermissionError as error:
            refused.append(error)

    def work():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert refused

    ended = box.confined(work)
    assert ended.is_done, box.log
    assert not (box.outside / "new").exists()


def _connects(address: tuple[str, int]) -> None:
    with socket.socket() as client:
        client.settimeout(5)
        client.connect(address)


@pytest.mark.parametrize("confine", ["nothing", "landlock", "seccomp"])
def test_no_connection_reaches_a_server_on_this_machine(box, confine):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        def work():
            if confine == "landlock":
                landlock.restrict([Path("/")], [box.inside])
            elif confine == "seccomp":
                seccomp.restrict()
            _connects(address)

        ended = box.run(work)
    # Without confinement it does: else this test would show nothing.
    assert ended.is_done == (confine == "nothing")
    assert ("PermissionError" in box.log) == (confine != "nothing")


def test_a_fork_bomb_ends_at_its_first_fork(box):
    def work():
        seccomp.restrict()
        for _ in range(20):  # were it let through
            os.fork()

    before = len(os.listdir("/proc"))
    assert not box.run(work).is_done
    assert "PermissionError" in box.log
    assert len(os.listdir("/proc")) < before + 15


def test_processes_that_a_child_started_are_killed_with_it(box):
    def work():
        if os.fork():
            return
        time.sleep(1)
        (box.inside / "late").write_text("still there")

    assert box.run(work).is_done
    time.sleep(1.5)
    assert not (box.inside / "late").exists()


def _allocate() -> None:
    kept = []
    for _ in range(200):  # 20 GB, were it let through
        kept.append(b"x" * 10**8)


def test_a_child_that_allocates_without_end_is_stopped(box):
    ended = box.run(_allocate, gigabytes=2)
    assert not ended.is_done
    assert "MemoryError" in box.log
    assert ended.peak < own_data() + 3 * GIGABYTE


def test_address_space_that_is_only_reserved_does_not_count(box):
    def work():
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        private_anonymous, no_rights = 0x22, 0
        reserved = libc.mmap(
            None, ctypes.c_size_t(10**11), no_rights, private_anonymous, -1, ctypes.c_long(0)
        )
        assert reserved != ctypes.c_void_p(-1).value

    assert box.run(work).is_done, box.log


def _loop() -> None:
    while True:
        pass


@pytest.mark.parametrize("work", [_loop, lambda: time.sleep(60)], ids=["busy", "idle"])
def test_a_child_that_never_ends_is_stopped(box, work):
    ended = box.run(work, seconds=1)
    assert ended.timed_out
    assert not ended.is_done
    assert ended.seconds < 5


def test_a_child_cannot_fill_the_disk_with_one_file(box):
    def work():
        with (box.inside / "large").open("wb") as file:
            for _ in range(100):
                file.write(bytes(10**6))

    assert not box.run(work, file_size=5 * 10**6).is_done
    assert "File too large" in box.log
    assert (box.inside / "large").stat().st_size <= 5 * 10**6


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_the_signal_that_kills_a_child_is_named(box, number):
    def die():
        faulthandler.disable()  # its dump would stand in the output of the tests
        signal.raise_signal(number)

    ended = box.run(die)
    assert (ended.is_done, ended.signal, ended.timed_out) == (False, number.name, False)


def test_a_child_dies_with_its_parent(box):
    program = f"""
import os, sys, time
from lucid_sprites.sandbox import child
from lucid_sprites.sandbox.limits import Limits
def work():
    print(os.getpid(), flush=True)
    time.sleep(60)
child.run(work, Limits(10**10, 60, 10**9), {str(box.outside / "log")!r})
"""
    path = {**os.environ, "PYTHONPATH": str(Path(child.__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", program], env=path) as parent:
        deadline = time.monotonic() + 20
        while not (box.outside / "log").exists() or not box.log.endswith("\n"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        parent.kill()
    alive = Path(f"/proc/{int(box.log)}/stat")
    while alive.exists() and alive.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_where_landlock_is_missing_it_says_so(monkeypatch, box):
    # A number that no system call has stands for a kernel of before.
    monkeypatch.setattr(landlock, "_CREATE", 100_000)
    assert landlock.version() == 0
    with pytest.raises(OSError, match="not there"):
        landlock.restrict([], [box.inside])
