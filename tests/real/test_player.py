"""The player on a real sound server: what leaves it is recorded by another program, and compared sample by sample."""

import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest
import soundfile

from showctl.model import DeviceError, State
from showctl.model.player import (
    Define,
    Follow,
    Loop,
    Mode,
    Part,
    PausePlay,
    Play,
    PlayerClock,
    PlayerSetup,
    Prepare,
    ResumePlay,
    StopPlay,
)
from showctl.outputs.player import PlayerProcess

from .conftest import need, process
from .jack import connect, ports
from .jack import jack as server

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
RATE, PERIOD = 48_000, 256


@pytest.fixture
def jack():
    """A server in step with its clients, four channels each way."""
    need("jackd", "jack_lsp", "jack_connect")
    with server(f"showctl-player-{os.getpid()}", 4, PERIOD):
        yield


class Playing:
    """A player with all that it said."""

    def __init__(self, lines):
        self.clocks, self.statuses, self.seq = [PlayerClock(Mode.STOPPED, 0, 0)], [], 0
        setup = PlayerSetup("", tuple(range(lines)))
        self.process = PlayerProcess(setup, on_started=lambda: None, on_clock=self.clocks.append, on_status=self.statuses.append)

    @property
    def clock(self):
        return self.clocks[-1]

    def ask(self, command, *fields, **more):
        self.seq += 1
        assert self.process.send(command(self.seq, *fields, **more))
        return self.seq

    async def until(self, true, what, seconds=15):
        deadline = time.monotonic() + seconds
        while not true(self):
            assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}: {self.clock} {self.statuses[-1:]}"
            await asyncio.sleep(0.01)

    async def mode(self, mode, seconds=15):
        await self.until(lambda one: one.clock.mode is mode, mode, seconds)


@asynccontextmanager
async def player(lines=2):
    one = Playing(lines)
    task = asyncio.create_task(one.process.run())
    try:
        await one.until(lambda p: p.statuses and p.statuses[-1].state is State.RUNNING, "the sound card", 30)
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def recording(folder, channels=2, seconds=60):
    """Another program hears the player; yields a function that ends it and returns (frames, channels)."""
    known = set(ports())
    with process([sys.executable, "-m", "tests.real.record", folder, channels, seconds]) as recorder:
        recorder.wait_for("^ready", 30)
        inputs = sorted(name for name in set(ports()) - known if ":in_" in name)
        outputs = sorted(name for name in known if name.startswith("PortAudio") and ":out_" in name)
        for one, other in zip(outputs, inputs):
            connect(one, other)

        def heard():
            (folder / "enough").touch()
            lost = recorder.wait_for(r"^lost (\d+)", 30)[1]
            print(f"\nblocks that the server says it lost: {lost}")
            recorder.wait()
            return np.load(folder / "heard.npy")

        yield heard


def noise(folder, name, frames, seed, rate=RATE, channels=2):
    """A track that no two places of are alike, and its samples."""
    sound = 0.1 * np.random.default_rng(seed).standard_normal((frames, channels)).astype(np.float32)
    soundfile.write(folder / name, sound, rate, subtype="FLOAT")
    return str(folder / name), sound


def place(heard, sound):
    """Where `sound` (frames, channels) begins in what was heard, by its first samples."""
    found = np.flatnonzero((heard[:, 0] == sound[0, 0]) & (heard[:, 1] == sound[0, 1]))
    assert len(found) == 1, f"its first sample is heard {len(found)} times"
    return int(found[0])


async def test_two_tracks_join_to_the_sample(jack, tmp_path):
    (one, first), (two, second) = noise(tmp_path, "one.wav", 60_001, 1), noise(tmp_path, "two.wav", 70_007, 2)
    async with player() as p, recording(tmp_path) as heard:
        p.ask(Define, "one", (Part(one, (0, 1)),))
        p.ask(Define, "two", (Part(two, (0, 1)),))
        take = p.ask(Play, "one")
        following = p.ask(Follow, "two")
        await p.mode(Mode.ENDED)
        assert {c.take for c in p.clocks if c.mode is Mode.PLAYING} == {take, following}
        sound = heard()
        both = np.concatenate((first, second))
        at = place(sound, both)
        assert np.array_equal(sound[at : at + len(both)], both)
        assert not sound[:at].any()
        assert not sound[at + len(both) :].any()
        assert (p.statuses[-1].starved, p.statuses[-1].late) == (0, 0)


async def test_a_loop_and_a_jump_are_to_the_sample(jack, tmp_path):
    """Between joins, whose few milliseconds are a mixture, every sample is that of the file at its place."""
    one, sound = noise(tmp_path, "one.wav", 5 * RATE, 3)
    async with player() as p, recording(tmp_path) as heard:
        p.ask(Define, "one", (Part(one, (0, 1)),))
        p.ask(Play, "one")
        p.ask(Loop, 0.5, 1.0)
        await p.until(lambda one: rounds(one.clocks) >= 2, "two rounds")
        p.ask(Loop)
        p.ask(Play, "one", 4.0, when=2.0)
        await p.mode(Mode.ENDED)
        out = heard()
    at = place(out, sound)
    out = out[at:]
    assert np.array_equal(out[: RATE - 400], sound[: RATE - 400])
    assert np.array_equal(out[RATE : RATE + RATE // 2 - 400], sound[RATE // 2 : RATE - 400]), (
        "the second round from its very start"
    )
    jump = int(np.flatnonzero(out[:, 0] == sound[4 * RATE, 0])[0])
    assert jump % (RATE // 2) == 0, "on the very sample that was two seconds in the song, after so many rounds of half a second"
    assert np.array_equal(out[jump : jump + RATE], sound[4 * RATE :])
    assert not out[jump + RATE :].any()


def rounds(clocks):
    return sum(later.position < earlier.position for earlier, later in zip(clocks, clocks[1:]))


async def test_pause_and_stop_go_out_softly_and_go_on_where_they_were(jack, tmp_path):
    one, sound = tone(tmp_path, "tone.wav", 4)
    async with player() as p, recording(tmp_path) as heard:
        p.ask(Define, "one", (Part(one, (0, 1)),))
        p.ask(Play, "one")
        await p.until(lambda one: one.clock.position > 0.3, "some music")
        p.ask(PausePlay)
        await p.mode(Mode.PAUSED)
        paused = p.clock.position
        p.ask(ResumePlay)
        await p.mode(Mode.PLAYING)
        p.ask(StopPlay, 0.2)
        await p.mode(Mode.STOPPED)
        stopped = p.clock.position
        p.ask(ResumePlay)
        await p.mode(Mode.ENDED)
        out = heard()
    assert paused < stopped < 4.0
    steps = np.abs(np.diff(out[:, 0]))
    assert steps.max() < 1.5 * np.abs(np.diff(sound[:, 0])).max(), "no click anywhere"
    assert np.array_equal(out[-1 - np.flatnonzero(out[::-1, 0])[0] - 1000 :][:1000], sound[-1001:-1][:1000])


def tone(folder, name, seconds, hertz=220.0):
    t = np.arange(int(seconds * RATE)) / RATE
    sound = (0.3 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)[:, None].repeat(2, axis=1)
    soundfile.write(folder / name, sound, RATE, subtype="FLOAT")
    return str(folder / name), sound


async def test_a_service_manager_that_ends_all_at_once_does_not_make_it_click(jack, tmp_path):
    one, sound = tone(tmp_path, "tone.wav", 20)
    with suppress(DeviceError):
        async with player() as p, recording(tmp_path) as heard:
            p.ask(Define, "one", (Part(one, (0, 1)),))
            p.ask(Play, "one")
            await p.until(lambda one: one.clock.position > 0.3, "some music")
            os.kill(p.process.pid, signal.SIGTERM)
            await p.until(lambda one: not one.process.ready, "its end")
            out = heard()
    assert np.abs(out).max() > 0.25
    assert np.abs(np.diff(out[:, 0])).max() < 1.5 * np.abs(np.diff(sound[:, 0])).max(), "no click"


async def test_a_click_goes_its_own_way_in_step_with_the_song(jack, tmp_path):
    (song, music), (click, clicks) = noise(tmp_path, "song.wav", RATE, 4), noise(tmp_path, "click.wav", RATE, 5, channels=1)
    async with player(3) as p, recording(tmp_path, channels=3) as heard:
        p.ask(Define, "song", (Part(song, (0, 1)), Part(click, (2,))))
        p.ask(Play, "song")
        await p.mode(Mode.ENDED)
        out = heard()
    at = place(out, music)
    assert np.array_equal(out[at : at + RATE], np.concatenate((music, clicks), axis=1))


async def test_a_crossfade_keeps_the_power_and_ends_with_the_track(jack, tmp_path):
    (one, first), (two, second) = noise(tmp_path, "one.wav", 2 * RATE, 6), noise(tmp_path, "two.wav", 2 * RATE, 7)
    async with player() as p, recording(tmp_path) as heard:
        p.ask(Define, "one", (Part(one, (0, 1)),))
        p.ask(Define, "two", (Part(two, (0, 1)),))
        p.ask(Play, "one")
        p.ask(Follow, "two", crossfade=1.0)
        await p.mode(Mode.ENDED)
        out = heard()
    out = out[place(out, first) :]
    assert np.array_equal(out[:RATE], first[:RATE])
    assert np.array_equal(out[2 * RATE : 3 * RATE], second[RATE:])
    power = [float((part**2).mean()) for part in np.split(out[RATE : 2 * RATE], 8)]
    assert np.allclose(power, 0.01, rtol=0.05)


async def test_another_rate_is_resampled_once_whatever_is_asked_for_first(jack, tmp_path):
    from scipy.signal import resample_poly

    t = np.arange(3 * 44_100) / 44_100
    sound = np.stack([0.2 * np.sin(2 * np.pi * f * t) for f in (440.0, 3000.0)], axis=1).astype(np.float32)
    soundfile.write(tmp_path / "one.flac", sound, 44_100, subtype="PCM_24")
    async with player() as p, recording(tmp_path) as heard:
        p.ask(Define, "one", (Part(str(tmp_path / "one.flac"), (0, 1)),))
        p.ask(Prepare, "one", 2.0)
        p.ask(Play, "one")
        await p.mode(Mode.ENDED)
        out = heard()
    out = out[np.flatnonzero(np.abs(out).sum(axis=1))[0] :]
    wanted = resample_poly(sound, 160, 147)
    size = len(wanted) - 4800
    apart = min(np.abs(out[k + 2400 : k + size] - wanted[2400:size]).max() for k in range(3))
    assert apart < 1e-3


async def test_a_file_that_is_not_there_is_told_and_the_next_one_plays(jack, tmp_path):
    two, _ = noise(tmp_path, "two.wav", RATE // 2, 8)
    (tmp_path / "bad.wav").write_text("no sound at all")
    async with player() as p:
        p.ask(Define, "gone", (Part(str(tmp_path / "gone.wav"), (0, 1)),))
        p.ask(Define, "bad", (Part(str(tmp_path / "bad.wav"), (0, 1)),))
        p.ask(Define, "two", (Part(two, (0, 1)),))
        refused = p.ask(Play, "gone")
        await p.until(lambda one: one.statuses[-1].refused_seq == refused, "a word on the file")
        assert "gone.wav" in p.statuses[-1].refused
        await p.until(lambda one: len(one.statuses[-1].troubles) == 2, "both files told")
        p.ask(Play, "two")
        await p.mode(Mode.PLAYING)
        await p.mode(Mode.ENDED)


async def test_the_clock_says_when_a_place_is_heard(jack, tmp_path):
    """The recorder hears a block while the server makes it; what the player says lies one way through the card later."""
    one, sound = noise(tmp_path, "one.wav", 4 * RATE, 9)
    async with player() as p, recording(tmp_path) as heard:
        p.ask(Define, "one", (Part(one, (0, 1)),))
        p.ask(Play, "one")
        await p.mode(Mode.ENDED)
        out = heard()
    blocks = np.load(tmp_path / "blocks.npy")
    at = place(out, sound)
    playing = [c for c in p.clocks if c.mode is Mode.PLAYING and c.position > 2.0]
    latency = p.statuses[-1].latency
    apart = []
    for clock in playing:
        frame = at + clock.position * RATE
        block = int(np.searchsorted(blocks[:, 0], frame, "right")) - 1
        came = blocks[block, 1] + (frame - blocks[block, 0]) / RATE
        apart.append(1e3 * (clock.at_ns / 1e9 - latency - came))
    print(
        f"\nthe clock against what came in: median {np.median(apart):.2f} ms, {min(apart):.2f} to {max(apart):.2f}; way {latency}"
    )
    assert abs(np.median(apart)) < 2 * 1e3 * PERIOD / RATE
