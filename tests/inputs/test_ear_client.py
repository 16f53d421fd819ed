"""The daemon's end of the ear, with the real process at the other."""

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from showctl import child
from showctl.inputs import ear_client
from showctl.inputs.ear_client import NEWEST, Ear
from showctl.model import BeatGrid, DeviceError, Features, Health, State
from showctl.wire.features import CodeRead, encode_code, encode_features, encode_status
from showctl.wire.timecode import Face, Frame, Rate
from tests.wire.ltc_encoder import label, play, tape

OFFSET = -12.345


@pytest.fixture
def clicks(tmp_path):
    """A file of 3 s with a click every half second."""
    import soundfile

    rate = 48000
    samples = np.zeros(3 * rate, np.float32)
    for n in range(6):
        samples[n * rate // 2 + 4800 : n * rate // 2 + 5280] = 0.8 * np.sin(2 * np.pi * 1500 * np.arange(480) / rate)
    soundfile.write(tmp_path / "clicks.wav", samples, rate)
    return tmp_path / "clicks.wav"


@pytest.fixture
def striped(tmp_path, clicks):
    """The clicks on the left, time code from 1:00:00:00 on the right."""
    import soundfile

    samples, rate = soundfile.read(clicks, dtype="float32")
    code = play(tape(90_000, 75, Rate.PAL), Rate.PAL, rate)[: len(samples)]
    soundfile.write(tmp_path / "striped.wav", np.stack([samples, code], axis=1), rate)
    return tmp_path / "striped.wav"


def make(source, heard, health):
    """An ear that writes down all it is told."""
    return Ear(source, output=False, on_features=heard.extend, on_status=health.append, offset=OFFSET)


@asynccontextmanager
async def running(source):
    """A live ear: itself, its task, what it heard and how it is."""
    heard, health = [], [Health("ear", State.STARTING)]
    ear = make(source, heard, health)
    task = asyncio.create_task(ear.run())
    try:
        yield ear, task, heard, health
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, DeviceError):
            await task


async def eventually(true, what, seconds=20):
    """Ask until the answer is true and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.01)
    return answer


def gone(pid):
    """Whether a process has ended (and been waited for)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_file_is_heard_in_real_time_and_in_show_time(clicks):
    async with running(f"file:{clicks}") as (ear, _task, heard, health):
        await eventually(lambda: "has ended" in health[-1].detail, "the end of the file")
        pid = ear.pid
        onsets = [f.time for f in heard if f.onset > 0]
        assert len(onsets) == 6
        assert np.diff(onsets) == pytest.approx([0.5] * 5, abs=0.011)
        assert abs(onsets[-1] - OFFSET - time.monotonic()) < 10
        assert np.all(np.diff([f.time for f in heard]) >= 0)
        assert any(h.state is State.RUNNING and "hears clicks.wav" in h.detail for h in health)
        assert health[-1].state is State.DEGRADED
        assert dict(health[-1].counters)["rate"] == 48000
    assert gone(pid), "the process ended with its ear"


async def test_time_code_beside_the_music_is_read_and_not_heard(striped):
    heard, health, codes = [], [Health("ear", State.STARTING)], []
    what = {"on_features": heard.extend, "on_status": health.append, "on_codes": codes.extend}
    ear = Ear(f"file:{striped}", output=False, offset=OFFSET, ltc=2, **what)
    task = asyncio.create_task(ear.run())
    try:
        await eventually(lambda: "has ended" in health[-1].detail, "the end of the file")
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    onsets = [f.time for f in heard if f.onset > 0]
    assert np.diff(onsets) == pytest.approx([0.5] * 5, abs=0.011), "the clicks, and nothing else"
    assert [one.frame.face for one in codes[:70]] == [label(90_002 + n, Rate.PAL) for n in range(70)]
    assert {(one.frame.rate, one.frame.direction) for one in codes} == {(Rate.PAL, 1)}
    apart = [one.time - one.frame.at for one in codes]
    assert apart == pytest.approx([onsets[0] - 0.1 - 3600] * len(codes), abs=0.02), "one clock for both"
    assert any(h.state is State.RUNNING and h.detail.endswith("reads LTC on channel 2") for h in health)


@pytest.mark.parametrize(("channels", "loud"), [((1,), True), ((2,), False), ((), True)])
async def test_only_the_chosen_channels_reach_the_analysis(tmp_path, channels, loud):
    import soundfile

    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, 0.0001 * tone], axis=1), 48000)
    heard, health = [], [Health("ear", State.STARTING)]
    what = {"on_features": heard.extend, "on_status": health.append, "channels": channels}
    ear = Ear(f"file:{tmp_path}/tone.wav", output=False, offset=OFFSET, **what)
    task = asyncio.create_task(ear.run())
    try:
        await eventually(lambda: "has ended" in health[-1].detail, "the end of the file")
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert (max(f.level for f in heard) > -20) == loud


async def test_other_channels_are_listened_to_while_it_runs(tmp_path):
    import soundfile

    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(60 * 48000) / 48000)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, 0.0001 * tone], axis=1), 48000)
    async with running(f"file:{tmp_path}/tone.wav") as (ear, _task, heard, health):
        await eventually(lambda: heard and heard[-1].level > -20, "the tone")
        pid, time_before = ear.pid, heard[-1].time
        ear.listen_to((2,))
        await eventually(lambda: heard[-1].level < -60, "the quiet channel")
        await eventually(lambda: "channel 2" in health[-1].detail or "below -60 dBFS" in health[-1].detail, "its name")
        ear.listen_to(())
        await eventually(lambda: heard[-1].level > -20, "the tone again")
        assert ear.pid == pid
        assert heard[-1].time > time_before
        assert dict(health[-1].counters)["malformed"] == 0


async def test_a_process_that_takes_long_to_begin_is_waited_for(clicks, monkeypatch):
    monkeypatch.setattr(ear_client, "SILENT_S", 0.01)  # far less than it takes to start Python
    async with running(f"file:{clicks}") as (_ear, task, heard, health):
        await eventually(lambda: heard or task.done(), "a word")
        assert len(health) > 2 or heard
    monkeypatch.setattr(ear_client, "FIRST_WORD_S", 0.01)
    async with running(f"file:{clicks}") as (_ear, task, heard, _health):
        with pytest.raises(DeviceError, match="busy with something else"):
            await asyncio.wait_for(task, 15)
        assert not heard


async def test_a_file_that_is_not_there_is_told(tmp_path):
    async with running(f"file:{tmp_path}/nothing.wav") as (_, task, _heard, health):
        await eventually(lambda: health[-1].state is State.DEGRADED, "a word")
        assert "there is no such file" in health[-1].detail
        assert not task.done()


async def test_a_process_that_is_killed_is_an_error_that_says_so(clicks):
    async with running(f"file:{clicks}") as (ear, task, heard, _health):
        await eventually(lambda: heard, "sound")
        os.kill(ear.pid, signal.SIGKILL)
        with pytest.raises(DeviceError, match=r"killed by SIGKILL.*started again"):
            await asyncio.wait_for(task, 10)


async def test_a_process_that_hangs_is_ended_and_is_an_error(clicks, monkeypatch):
    monkeypatch.setattr(ear_client, "SILENT_S", 1.5)
    async with running(f"file:{clicks}") as (ear, task, heard, _health):
        await eventually(lambda: heard, "sound")
        pid = ear.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(DeviceError, match="has said nothing"):
            await asyncio.wait_for(task, 15)
        assert gone(pid)


async def test_the_ear_ends_by_itself_when_the_daemon_is_gone(clicks):
    """The daemon dies without a word: nothing but its end of the socket is gone."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "showctl.inputs.ear", "--source", f"file:{clicks}", "--fd", str(theirs.fileno())),
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        ours.settimeout(20)
        assert await asyncio.get_running_loop().run_in_executor(None, ours.recv, 9000)
        ours.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0


# --- the seam, without a process -----------------------------------------------------------------------------------------


async def received(messages):
    """What an ear makes of these messages that wait for it all at once."""
    heard, health = [], []
    ear = make("none", heard, health)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.setblocking(False)
        for message in messages:
            theirs.send(message)
        child.wake(partial(ear._drain, ours), asyncio.get_running_loop().create_future())
    return heard, health


async def test_what_enters_is_in_show_time():
    grid = BeatGrid(100.123456789, 7, 0.4838709677, 2, 4, 0.87654)
    features = Features(100.0000491, -19.9512, (-20.06, -30.0, -40.049), 0.12345, 1.23456, grid)
    (got,), _ = await received([encode_features(features)])
    assert (got.time, got.grid.anchor) == (100.0000491 + OFFSET, 100.123456789 + OFFSET)
    assert replace(got.grid, anchor=grid.anchor) == grid
    assert replace(got, time=features.time, grid=grid) == features


async def test_time_code_enters_in_show_time_and_in_order():
    codes = [CodeRead(100.0 + n / 25, Frame(Face(1, 0, 0, n), Rate.PAL, 3600 + (n + 1) / 25, 1)) for n in range(5)]
    got = []
    ear = Ear("none", output=False, on_features=got.extend, on_status=got.append, offset=OFFSET, ltc=1, on_codes=got.extend)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.setblocking(False)
        for code in codes:
            theirs.send(encode_code(code))
        child.wake(partial(ear._drain, ours), asyncio.get_running_loop().create_future())
    assert got == [replace(code, time=code.time + OFFSET) for code in codes]


async def test_the_index_of_a_beat_never_falls_also_when_the_ear_begins_anew():
    indices = [0, 1, 1, 2, 0, 0, 1, 5, 0]
    heard, _ = await received([encode_features(Features(1.0, -20.0, grid=BeatGrid(1.0, n, 0.5))) for n in indices])
    assert [f.grid.index for f in heard] == [0, 1, 1, 2, 3, 3, 4, 8, 9]


async def test_nonsense_is_counted_and_nothing_else():
    status = encode_status(ear_client.EarStatus(State.RUNNING, "hears"))
    heard, health = await received([b"junk", b"{", b"F" * 10, encode_features(Features(1.0, -20.0)), status])
    assert len(heard) == 1
    assert dict(health[-1].counters)["malformed"] == 3


async def test_a_loop_that_was_late_skips_to_the_newest(monkeypatch):
    monkeypatch.setattr(ear_client, "NEWEST", 20)
    heard, _ = await received([encode_features(Features(float(n), -20.0)) for n in range(50)])
    assert [f.time for f in heard] == pytest.approx([n + OFFSET for n in range(30, 50)])
    assert NEWEST == 1000


async def test_a_fault_of_ours_ends_the_part_and_is_not_lost_in_the_loop():
    def fail(features):
        raise ValueError("nobody can hear this")

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.setblocking(False)
        ended = asyncio.get_running_loop().create_future()
        ear = Ear("file:x", output=False, on_features=fail, on_status=lambda _: None, offset=OFFSET)
        theirs.send(encode_features(Features(1.0, -20.0)))
        child.wake(partial(ear._drain, ours), ended)
        with pytest.raises(ValueError, match="nobody can hear"):
            await asyncio.wait_for(ended, 1)


async def test_an_ear_that_raves_leaves_the_loop_its_turn(monkeypatch):
    monkeypatch.setattr(ear_client, "BATCH", 5)
    heard, _ = await received([encode_features(Features(float(n), -20.0)) for n in range(50)])
    assert len(heard) == 5


async def test_since_is_when_the_words_changed():
    words = ["a", "a", "b"]
    _, health = await received([encode_status(ear_client.EarStatus(State.RUNNING, word)) for word in words])
    assert health[0].since == health[1].since <= health[2].since
