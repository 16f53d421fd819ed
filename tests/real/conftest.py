"""Help for tests that meet real programs: servers started by the test, ended by their own pid, in networks of their own.

A test here is skipped with a reason where a program is missing. With SHOWCTL_REQUIRE_REAL=1, as in CI, that skip is a
failure; only a kernel that forbids network namespaces still skips, since no change of ours can mend that.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REQUIRE_REAL = os.environ.get("SHOWCTL_REQUIRE_REAL") == "1"
FORBIDDEN = "this kernel forbids network namespaces"


def insist(report: Any) -> None:
    """Make a failure of a skip, where none is allowed."""
    if REQUIRE_REAL and report.outcome == "skipped" and FORBIDDEN not in str(report.longrepr) and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: SHOWCTL_REQUIRE_REAL=1 allows no skipped test here. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """A test that skips itself, or that a mark or a fixture skips."""
    report = yield
    insist(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """A whole module that skips itself."""
    report = yield
    insist(report)
    return report


def need(*programs: str) -> None:
    """Skip where a program is missing."""
    missing = [p for p in programs if shutil.which(p, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (make test installs it as root or with sudo)")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now. Another process may take it in between: bind soon."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind((host, 0))
        port: int = s.getsockname()[1]
        return port


def until(true: Callable[[], Any], seconds: float, what: str, every: float = 0.02) -> Any:
    """Ask until the answer is true and return it; fails with `what` when the deadline passes."""
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s in vain for {what}")
        time.sleep(every)
    return answer


class Process:
    """A program that a test started. Its output goes to a file, so a chatty one never blocks on a full pipe."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.command = command
        self._output = tempfile.NamedTemporaryFile(prefix="showctl-test-", suffix=".log")  # noqa: SIM115 (closed in end)
        self.popen = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT, start_new_session=True, **options
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    @property
    def output(self) -> str:
        """All that it has printed so far, on both streams."""
        return Path(self._output.name).read_text(errors="replace")

    def wait_for(self, pattern: str, seconds: float = 15.0) -> re.Match[str]:
        """Until a line of its output matches; fails when the deadline passes or the program ends first."""

        def found() -> re.Match[str] | None:
            ended = self.popen.poll() is not None
            match = re.search(pattern, self.output, re.MULTILINE)
            if ended and match is None:
                pytest.fail(f"{self.command[0]} ended with {self.popen.returncode} before {pattern!r}:\n{self.output[-2000:]}")
            return match

        match = until(found, seconds, f"{pattern!r} from {' '.join(self.command)}")
        assert isinstance(match, re.Match)
        return match

    def wait(self, seconds: float = 15.0) -> int:
        """Until it ends by itself; returns its exit code."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{' '.join(self.command)} did not end within {seconds:g} s:\n{self.output[-2000:]}")

    def signal(self, number: int) -> None:
        """Send a signal to this process alone."""
        self.popen.send_signal(number)

    def end(self, seconds: float = 5.0) -> int:
        """SIGTERM, then SIGKILL, to this process alone; returns its exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self._output.close()
        return self.popen.returncode


@contextmanager
def process(command: list[str], **options: Any) -> Iterator[Process]:
    """Start a program (options of Popen: env, cwd, user...) and end it when the block ends."""
    started = Process([str(c) for c in command], **options)
    try:
        yield started
    finally:
        started.end()


class Namespace:
    """A network of its own, in which multicast may be sent: nothing in it reaches the machine's network."""

    def __init__(self, name: str) -> None:
        self.name = name

    def command(self, command: list[str]) -> list[str]:
        """The same command inside this network."""
        return ["ip", "netns", "exec", self.name, *(str(c) for c in command)]

    def run(self, command: list[str], seconds: float = 15.0) -> subprocess.CompletedProcess[str]:
        """Run to the end; raises CalledProcessError with the output where it fails."""
        return subprocess.run(self.command(command), check=True, capture_output=True, text=True, timeout=seconds)


def ip(*words: str) -> None:
    """Run iproute2's `ip`; skips where the kernel or the user forbids namespaces."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        if re.search(r"not permitted|denied|mount", done.stderr):
            pytest.skip(f"{FORBIDDEN}: {done.stderr.strip()}")
        pytest.fail(f"ip {' '.join(words)}: {done.stderr.strip()}")


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A private network namespace with loopback only and no route, removed at the end."""
    need("ip")
    if os.geteuid():
        pytest.skip("network namespaces need root")
    made = Namespace(f"showctl-{os.getpid()}-{time.monotonic_ns() % 1_000_000_000}")
    ip("netns", "add", made.name)
    try:
        ip("-n", made.name, "link", "set", "lo", "up")
        yield made
    finally:
        ip("netns", "delete", made.name)


def cable(one: Namespace, other: Namespace) -> None:
    """A wire between two namespaces: 10.99.0.1 at `one`, 10.99.0.2 at `other`, interface show0, and the route for multicast."""
    ip("-n", one.name, "link", "add", "show0", "type", "veth", "peer", "name", "show0", "netns", other.name)
    for end, address in ((one, "10.99.0.1/24"), (other, "10.99.0.2/24")):
        ip("-n", end.name, "address", "add", address, "dev", "show0")
        ip("-n", end.name, "link", "set", "show0", "up")
        ip("-n", end.name, "route", "add", "224.0.0.0/4", "dev", "show0")
