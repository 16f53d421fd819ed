"""The in-process equaliser's process and the daemon's end of it: what is held, refused, found again and ended."""

import asyncio
import os
import signal
import socket
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import numpy as np
import pytest

from showctl.model import DeviceError, EqBand, EqState, State
from showctl.outputs.pa import internal
from showctl.outputs.pa.internal import InternalConsole, flat, setup
from showctl.outputs.pa.process import Pa
from showctl.plan import PaPlan, PaZone
from showctl.sound.portaudio import DeviceGone
from showctl.wire import pa

PLAN = PaPlan(
    card_in="no such card", card_out="no such card", programme=(1, 2), zones=(PaZone("main", (1, 2)), PaZone("fill", (3,)))
)
CUT = EqBand("peaking", 500.0, -4.0, 2.0)


class Stream:
    """A card that a test calls."""

    rate, device, lost = 48_000, "card (ALSA)", 0

    def __init__(self, *asked):
        self.asked, self.work, self.closed = asked, None, False

    def play(self, work):
        self.work = work

    def tend(self):
        if self.lost < 0:
            raise DeviceGone("card has gone away")

    def close(self):
        self.closed = True


@pytest.fixture
def process(tmp_path):
    """A process with its stream, and a daemon's socket to it."""
    streams = []

    def opened(*asked):
        if not streams and process.missing:
            process.missing -= 1
            raise DeviceError("there is no sound input called 'card'")
        streams.append(Stream(*asked))
        return streams[-1]

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "pa.sock"))
        listener.listen(1)
        process = Pa(setup(PLAN), listener, open_stream=opened)
        process.missing, process.streams, process.path = 0, streams, str(tmp_path / "pa.sock")
        yield process
        process._let_go()


def daemon(process):
    """A daemon's socket, heard and answered."""
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.connect(process.path)
    ours.setblocking(False)
    process.step(0.5)
    return ours


def newest(ours):
    """The last status that waits."""
    found = None
    with suppress(BlockingIOError):
        while data := ours.recv(pa.MESSAGE_LIMIT):
            found = pa.decode_status(data)
    return found


def test_the_programme_goes_to_the_outputs_in_turn():
    assert setup(PLAN).zones == (((0, 0), (1, 1)), ((0, 2),))
    assert setup(PaPlan(zones=(PaZone("main", (4, 5)),), programme=(3,))).zones == (((2, 3), (2, 4)),)
    assert setup(PaPlan(zones=(PaZone("left", (1,)), PaZone("right", (2,))), programme=(7, 8))).zones == (((6, 0),), ((7, 1),))


def test_bands_are_heard_held_and_told(process):
    with daemon(process) as ours:
        assert newest(ours).state is State.RUNNING
        (stream,) = process.streams
        assert stream.asked == ("no such card", "no such card", 2, 3)
        ours.send(pa.encode_wanted(pa.PaWanted(((CUT,), ()))))
        process.step(0.5)
        status = newest(ours)
        assert status.held.zones == ((CUT,), ())
        assert status.moving
        assert stream.work.equaliser.bands == ((CUT,), (CUT,), ())
        samples, out = np.zeros((48_000, 2), np.float32), np.empty((48_000, 3), np.float32)
        for _ in range(3):
            stream.work.process(samples, out)
        process.step(0.0)
        assert not newest(ours).moving


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pa.encode_wanted(pa.PaWanted(((EqBand("peaking", 500.0, 2.0, 1.0),), ()))), "together lift by 2.0 dB"),
        (pa.encode_wanted(pa.PaWanted(((CUT,),))), "bands for 1 zones: there are 2"),
        (b"{}", "not what is wanted"),
        (b"\xff", "not JSON"),
    ],
)
def test_what_breaks_a_limit_is_refused_and_the_last_good_bands_stay(process, data, words):
    with daemon(process) as ours:
        good = pa.PaWanted(((CUT,), ()))
        ours.send(pa.encode_wanted(good))
        process.step(0.5)
        ours.send(data)
        process.step(0.5)
        status = newest(ours)
        assert words in status.refused
        assert status.held == good
        ours.send(pa.encode_wanted(good))
        process.step(0.5)
        assert newest(ours).refused == ""


def test_it_goes_on_without_a_daemon_and_the_newest_one_is_served(process):
    with daemon(process) as first:
        first.send(pa.encode_wanted(pa.PaWanted(((CUT,), ()), True)))
        process.step(0.5)
    process.step(0.5)
    with daemon(process) as second, daemon(process) as third:
        assert newest(third).held == pa.PaWanted(((CUT,), ()), True)
        newest(second)
        assert second.recv(10) == b"", "it was let go"


def test_a_card_that_is_not_there_is_looked_for(process):
    process.missing = 1
    with daemon(process) as ours:
        status = newest(ours)
        assert status.state is State.DEGRADED
        assert "no sound input called 'card'; it is looked for" in status.detail
        ours.send(pa.encode_wanted(pa.PaWanted(((CUT,), ()))))
        process.step(0.5)
        process._retry = 0.0
        process.step(0.0)
        assert process.streams[0].work.equaliser.bands[0] == (CUT,), "what was wanted meanwhile"
        assert newest(ours).state is State.RUNNING
    process.streams[0].lost = -1
    with pytest.raises(DeviceGone):
        process.run()


def test_without_any_output_it_says_so_and_waits(process):
    empty = Pa(setup(PaPlan()), process._listener, open_stream=lambda *_: pytest.fail("there is nothing to open"))
    empty.path = process.path
    with daemon(empty) as ours:
        assert "no zone of the PA has an output" in newest(ours).detail
    empty._let_go()


@pytest.mark.parametrize("q", [(0.5, 8.0), (2.0, 8.0), (0.3, 0.8)])
def test_the_first_bands_are_within_any_venues_limits(process, q):
    first = pa.PaWanted((flat(q), flat(q)))
    strict = Pa(setup(replace(PLAN, q=q)), process._listener, first, open_stream=Stream)
    strict.path = process.path
    with daemon(strict) as ours:
        assert newest(ours).refused == ""
    strict._let_go()
    assert strict._through.equaliser.bands[0] == flat(q)


# --- the daemon's end, with the real process at the other -----------------------------------------------------------------


@asynccontextmanager
async def running(path, plan=PLAN):
    console = InternalConsole(plan, path, time.monotonic)
    task = asyncio.create_task(console.run())
    try:
        yield console, task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, DeviceError):
            await task


async def eventually(true, what):
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.02)


def alive(pid):
    """Whether it runs; one that has ended and waits to be reaped does not."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return os.path.exists(f"/proc/{pid}")


@pytest.mark.slow
async def test_the_process_outlives_the_daemon_is_found_again_and_ended(tmp_path):
    path = tmp_path / "pa.sock"
    async with running(path) as (console, _):
        assert not console.restore("main")
        await eventually(lambda: console.settled("main"), "the first bands")
        assert console.console("main").bands == flat(PLAN.q)
        assert console.console("main").on
        assert console.health().state is State.DEGRADED, "there is no such card"
        console.apply("fill", EqState(0.0, "auto", (), (), writes=((2, CUT),)))
        await eventually(lambda: console.settled("fill"), "the cut")
        assert console.console("fill").bands[2] == CUT
        console.bypass(True)
        await eventually(lambda: not console.console("main").on, "bypass")
        pid = console._status.pid
    assert alive(pid)
    async with running(path) as (console, _):
        await eventually(lambda: console.settled("fill"), "what it holds")
        assert console._status.pid == pid
        assert console.console("fill").bands[2] == CUT
        assert not console.console("main").on
        console.apply("fill", EqState(0.0, "auto", (), (), writes=((2, flat(PLAN.q)[2]),)))
        await eventually(lambda: console.settled("fill"), "the undoing")
        assert console.restore("fill")
        await eventually(lambda: console.console("fill").bands[2] == CUT, "what was found")
    other = PaPlan(card_in="another", zones=PLAN.zones)
    async with running(path, other) as (_, task):
        with pytest.raises(DeviceError, match="another venue file"):
            await asyncio.wait_for(task, 20)
    await eventually(lambda: not alive(pid), "its end")
    async with running(path, other) as (console, task):
        await eventually(lambda: console.settled("main"), "a new one")
        pid = console._status.pid
        console.end()
        with pytest.raises(DeviceError, match="ended"):
            await asyncio.wait_for(task, 20)
        await eventually(lambda: not alive(pid), "its end")


async def test_a_process_that_talks_nonsense_is_a_device_error(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "pa.sock"))
        listener.listen(1)
        async with running(tmp_path / "pa.sock") as (_, task):
            await asyncio.sleep(0)
            theirs, _ = listener.accept()
            with theirs:
                theirs.send(b"{}")
                with pytest.raises(DeviceError, match="nonsense"):
                    await asyncio.wait_for(task, 10)


@pytest.mark.slow
async def test_a_process_that_hangs_is_killed_and_a_new_one_holds_the_same(tmp_path, monkeypatch):
    path = tmp_path / "pa.sock"
    console = InternalConsole(PLAN, path, time.monotonic)
    task = asyncio.create_task(console.run())
    await eventually(lambda: console.settled("fill"), "the first bands")
    console.apply("fill", EqState(0.0, "auto", (), (), writes=((2, CUT),)))
    await eventually(lambda: console.settled("fill"), "the cut")
    pid = console._status.pid
    monkeypatch.setattr(internal, "SILENT_S", 1.5)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(DeviceError, match="the sound driver hangs"):
        await asyncio.wait_for(task, 20)
    await eventually(lambda: not alive(pid), "its end")
    monkeypatch.setattr(internal, "SILENT_S", 10.0)
    task = asyncio.create_task(console.run())
    await eventually(lambda: console._status.pid != pid and console.settled("fill"), "a new one")
    assert console.console("fill").bands[2] == CUT
    console.end()
    with pytest.raises(DeviceError, match="ended"):
        await asyncio.wait_for(task, 20)
    await eventually(lambda: not alive(console._status.pid), "its end")
