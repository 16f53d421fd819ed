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
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import DeviceError, EqBand, State
from showctl.outputs.pa import internal
from showctl.outputs.pa.internal import InternalConsole, flat, limits, setup
from showctl.outputs.pa.process import Pa
from showctl.plan import PaPlan, PaZone
from showctl.sound.equaliser import EqLimits
from showctl.sound.portaudio import DeviceGone
from showctl.wire import pa
from tests.pa_part import deciding

PLAN = PaPlan(
    console="internal",
    card_in="no such card",
    card_out="no such card",
    programme=(1, 2),
    zones=(PaZone("main", (1, 2)), PaZone("fill", (3,))),
)
CUT = EqBand("peaking", 500.0, -4.0, 2.0)


class Stream:
    """A card that a test calls."""

    rate, device, lost, stands = 48_000, "card (ALSA)", 0, False

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
        process = Pa(setup(PLAN), limits(PLAN), listener, open_stream=opened)
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


def test_a_sound_server_that_stands_still_is_told_and_bands_are_held(process):
    with daemon(process) as ours:
        ours.send(pa.encode_wanted(pa.PaWanted(((CUT,), ()))))
        process.step(0.5)
        (stream,) = process.streams
        stream.stands = True
        process.step(0.1)
        status = newest(ours)
        assert (status.state, status.held) == (State.DEGRADED, ((CUT,), ()))
        assert status.detail == "card (ALSA) asks for no sound any more, the PA is silent: does its server stand still?"
        stream.stands = False
        process.step(0.1)
        assert newest(ours).state is State.RUNNING
        assert process.streams == [stream]
        assert stream.work.equaliser.bands == ((CUT,), (CUT,), ())


def test_bands_are_heard_held_and_told(process):
    with daemon(process) as ours:
        assert newest(ours).state is State.RUNNING
        (stream,) = process.streams
        assert stream.asked == ("no such card", "no such card", 2, 3)
        ours.send(pa.encode_wanted(pa.PaWanted(((CUT,), ()))))
        process.step(0.5)
        status = newest(ours)
        assert status.held == ((CUT,), ())
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
        (b"{}", "neither limits nor what is wanted"),
        (b"\xff", "not JSON"),
    ],
)
def test_what_breaks_a_limit_is_refused_and_the_last_good_bands_stay(process, data, words):
    with daemon(process) as ours:
        good = ((CUT,), ())
        ours.send(pa.encode_wanted(pa.PaWanted(good)))
        process.step(0.5)
        ours.send(data)
        process.step(0.5)
        status = newest(ours)
        assert words in status.refused
        assert status.held == good
        ours.send(pa.encode_wanted(pa.PaWanted(good)))
        process.step(0.5)
        assert newest(ours).refused == ""


def test_it_goes_on_without_a_daemon_and_the_newest_one_is_served(process):
    with daemon(process) as first:
        first.send(pa.encode_wanted(pa.PaWanted(((CUT,), ()))))
        process.step(0.5)
    process.step(0.5)
    with daemon(process) as second, daemon(process) as third:
        assert newest(third).held == ((CUT,), ())
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
    empty = Pa(setup(PaPlan()), limits(PLAN), process._listener, open_stream=lambda *_: pytest.fail("there is nothing to open"))
    empty.path = process.path
    with daemon(empty) as ours:
        assert "no zone of the PA has an output" in newest(ours).detail
    empty._let_go()


@pytest.mark.parametrize("q", [(0.5, 8.0), (2.0, 8.0), (0.3, 0.8)])
def test_the_first_bands_are_within_any_venues_limits(process, q):
    strict = Pa(setup(PLAN), limits(replace(PLAN, q=q)), process._listener, (flat(q), flat(q)), open_stream=Stream)
    strict.path = process.path
    with daemon(strict) as ours:
        assert newest(ours).refused == ""
    strict._let_go()
    assert strict._through.equaliser.bands[0] == flat(q)


def test_bands_that_come_before_the_card_are_held_to_the_limits_too(process):
    process.missing = 1
    with daemon(process) as ours:
        ours.send(pa.encode_wanted(pa.PaWanted(((EqBand("peaking", 500.0, 12.0, 1.0),), ()))))
        process.step(0.5)
        status = newest(ours)
        assert "+3 dB are allowed" in status.refused
        assert status.held == ((), ())
    early = ((EqBand("peaking", 500.0, -30.0, 1.0),), ())
    beyond = Pa(setup(PLAN), limits(PLAN), process._listener, early, open_stream=Stream)
    assert beyond.held == ((), ())


def test_what_a_card_of_another_rate_cannot_have_is_brought_within(process):
    high = ((EqBand("high_shelf", 19_990.0, -3.0, 0.7),), ())
    other = Pa(setup(PLAN), limits(PLAN), process._listener, high, open_stream=Stream)
    Stream.rate = 44_100
    try:
        other.step(0.0)
    finally:
        Stream.rate = 48_000
    assert other.held[0][0].freq == 0.45 * 44_100
    assert other._through.equaliser.bands[0] == other.held[0]


def test_narrower_limits_are_faded_to_while_the_sound_goes_on(process):
    wide = limits(replace(PLAN, boost=6.0))
    with daemon(process) as ours:
        for message in (
            pa.encode_limits(wide),
            pa.encode_wanted(pa.PaWanted(((EqBand("peaking", 500.0, 3.0, 2.0), CUT), (CUT,)))),
        ):
            ours.send(message)
            process.step(0.5)
        (stream,) = process.streams
        tone = (0.2 * np.sin(2 * np.pi * 500 * np.arange(96_000) / 48_000)).astype(np.float32)
        samples, out = np.stack((tone, tone), axis=1), np.empty((96_000, 3), np.float32)
        stream.work.process(samples, out)
        ours.send(pa.encode_limits(limits(replace(PLAN, gain=(-3.0, 1.0)))))
        process.step(0.5)
        status = newest(ours)
        assert status.held == ((EqBand("peaking", 500.0, 1.0, 2.0), replace(CUT, gain=-3.0)), (replace(CUT, gain=-3.0),))
        assert status.refused == ""
        stream.work.process(samples, out)
        assert process.streams == [stream], "the card was not opened again"
        peaks = np.abs(out[: 95_520 // 96 * 96]).reshape(-1, 96, 3).max(axis=1)  # a period of the tone each
        assert np.abs(20 * np.log10(peaks[1:] / peaks[:-1])).max() < 0.03, "no gap, no step"


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            EqBand,
            st.sampled_from(["peaking", "low_shelf", "high_shelf"]),
            st.floats(1, 40_000),
            st.floats(-40, 40),
            st.floats(0.01, 50),
        ),
        max_size=20,
    ),
    st.sampled_from([EqLimits(), EqLimits(bands=4, boost=3.0, cut=2.0, summed=0.0, q=(0.5, 8.0)), EqLimits(summed=5.0)]),
)
def test_what_is_brought_within_limits_is_within_them_and_what_is_within_stays(bands, these):
    held = these.within(bands, 48_000)
    assert these.broken(held, 48_000) == ""
    assert these.within(held, 48_000) == held


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
async def test_a_process_that_has_not_spoken_yet_is_ended_too(tmp_path):
    async with running(tmp_path / "pa.sock") as (console, _):
        await eventually(lambda: console._child is not None, "the process")
        console._status = None  # as it is until the first word
        console.end()
        await eventually(lambda: not alive(console._child), "its end")


@pytest.mark.slow
async def test_the_process_outlives_the_daemon_is_found_again_and_ended(tmp_path):
    path = tmp_path / "pa.sock"
    async with running(path) as (console, _):
        await eventually(lambda: console.settled("main"), "the first bands")
        assert console.console("main").bands == flat(PLAN.q)
        assert console.health().state is State.DEGRADED, "there is no such card"
        console.apply("fill", deciding((2, CUT)))
        await eventually(lambda: console.settled("fill"), "the cut")
        assert console.console("fill").bands[2] == CUT
        pid = console._status.pid
    assert alive(pid)
    async with running(path) as (console, _):
        await eventually(lambda: console.settled("fill"), "what it holds")
        assert console._status.pid == pid
        assert console.console("fill").bands[2] == CUT
        console.apply("fill", deciding((2, replace(CUT, gain=9.0))))
        await eventually(lambda: "+3 dB are allowed" in console.health().detail, "the refusal")
        console.apply("fill", deciding((3, CUT)))
        await eventually(lambda: console.settled("fill") and console.console("fill").bands[3] == CUT, "the next band")
        assert "refused" not in console.health().detail
        narrower = replace(PLAN, gain=(-2.0, 0.0), q=(0.5, 1.5))
        assert console.plays(narrower)
        assert not console.plays(replace(PLAN, card_out="another"))
        console.limit(narrower)
        assert console.console("fill").bands == (), "nothing is told of it until it is within"
        await eventually(lambda: console.console("fill").bands, "the narrower limits")
        assert console.console("fill").bands[2] == EqBand("peaking", 500.0, -2.0, 1.5)
        assert console._status.pid == pid, "it plays on"
    async with running(path) as (console, _):  # a daemon with the wider limits again
        await eventually(lambda: console.settled("fill"), "what it holds")
        assert console._status.pid == pid
        assert console.console("fill").bands[2] == EqBand("peaking", 500.0, -2.0, 1.5)
    other = PaPlan(console="internal", card_in="another", zones=PLAN.zones)
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
async def test_a_machine_that_stood_still_ends_no_process(tmp_path):
    """Nobody looked meanwhile: the PA sounds through it."""
    stood, path = [0.0], tmp_path / "pa.sock"
    console = InternalConsole(PLAN, path, lambda: time.monotonic() + stood[0])
    task = asyncio.create_task(console.run())
    await eventually(lambda: console.settled("fill"), "the first bands")
    pid, answered = console._status.pid, []
    for _ in range(3):
        stood[0] += 100.0
        answered.append(console._answered)
        await eventually(lambda: console._answered > answered[-1], "another word")
    assert (console._status.pid, task.done()) == (pid, False)
    console.end()
    with pytest.raises(DeviceError, match="ended"):
        await asyncio.wait_for(task, 20)


@pytest.mark.slow
async def test_a_process_that_hangs_is_killed_and_a_new_one_holds_the_same(tmp_path, monkeypatch):
    path = tmp_path / "pa.sock"
    console = InternalConsole(PLAN, path, time.monotonic)
    task = asyncio.create_task(console.run())
    await eventually(lambda: console.settled("fill"), "the first bands")
    console.apply("fill", deciding((2, CUT)))
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
