"""A part that fails is started again; a vital one that keeps failing ends the daemon; the log stays quiet."""

import asyncio
import logging
import socket
import threading

import pytest

from showctl import supervise
from showctl.model import DeviceError, State
from showctl.supervise import LOG_WAITING, LogQueue, Quiet, Supervisor, sd_notify, watchdog_period


class Part:
    """Fails as often as it is told to, then runs to its end."""

    def __init__(self, *errors):
        self.errors, self.runs = list(errors), 0

    async def run(self):
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(supervise, "FIRST_WAIT_S", 0.001)


async def test_a_missing_device_is_health_and_tried_again(quick, caplog):
    told = []
    part = Part(DeviceError("no card: plug one in"), DeviceError("no card: plug one in"))
    await Supervisor(lambda: 0.0, told.append).keep("ear", part.run)
    assert part.runs == 3
    assert [(one.state, one.detail) for one in told] == [(State.DEGRADED, "no card: plug one in")] * 2
    assert caplog.text.count("no card") == 1  # the second is held back for a minute


async def test_our_own_bug_is_told_with_its_traceback_and_the_part_goes_on(quick, caplog):
    told = []
    part = Part(ValueError("a bug"))
    await Supervisor(lambda: 0.0, told.append).keep("web", part.run)
    assert part.runs == 2
    assert told[0].state is State.FAILED
    assert "Traceback" in caplog.text


async def test_a_vital_part_that_fails_three_times_ends_the_daemon(quick, caplog):
    part = Part(*[ValueError("a bug")] * 5)
    with pytest.raises(ValueError, match="a bug"):
        await Supervisor(lambda: 0.0, lambda _: None).keep("engine", part.run, vital=True)
    assert part.runs == 3


async def test_failures_that_lie_far_apart_do_not_end_it(quick, caplog):
    now = iter(range(0, 1000, 20))
    part = Part(*[ValueError("a bug")] * 5)
    await Supervisor(lambda: next(now), lambda _: None).keep("engine", part.run, vital=True)
    assert part.runs == 6


async def test_cancelling_is_not_a_failure():
    started = asyncio.Event()

    async def forever():
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(Supervisor(lambda: 0.0, lambda _: pytest.fail("no health wanted")).keep("x", forever))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_one_line_a_minute_for_each_cause():
    time = [0.0]
    quiet = Quiet(lambda: time[0])
    assert quiet.line("a") == ""
    assert quiet.line("b") == ""
    assert [quiet.line("a") for _ in range(5)] == [None] * 5
    time[0] = 61.0
    assert quiet.line("a") == " (5 more in the last minutes)"
    for i in range(1000):
        quiet.line(f"cause {i}")
    assert len(quiet._seen) <= 200


def test_the_service_manager_is_told(tmp_path, monkeypatch):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        sd_notify("READY=1")
        assert manager.recv(100) == b"READY=1"
    sd_notify("WATCHDOG=1")  # it went away: nothing happens
    monkeypatch.setenv("WATCHDOG_USEC", "5000000")
    assert watchdog_period() == 2.5
    monkeypatch.delenv("WATCHDOG_USEC")
    assert watchdog_period() is None


def test_a_terminal_that_takes_no_lines_holds_up_nobody():
    taken, gate = [], threading.Event()

    class Stuck(logging.Handler):
        def emit(self, record):
            gate.wait(10)
            taken.append(record.getMessage())

    queue = LogQueue(Stuck())
    for i in range(2 * LOG_WAITING):
        queue.handle(logging.makeLogRecord({"msg": "line %d", "args": (i,)}))
    assert taken == []
    gate.set()
    queue._end()
    assert len(taken) in (LOG_WAITING, LOG_WAITING + 1)
    assert taken[:2] == ["line 0", "line 1"]
