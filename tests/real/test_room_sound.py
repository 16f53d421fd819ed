"""Sound in both directions on a real server: sweeps through a room that another program plays, and the equaliser in between."""

import asyncio
import json
import os
import sys
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.grid import BANDS, smoothed
from showctl.model import DeviceError, EqBand, EqState, State
from showctl.outputs.pa.internal import InternalConsole
from showctl.plan import PaPlan, PaZone

from .conftest import need, process
from .jack import RATE, connect, jack, ports

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
PERIOD = 1024


@pytest.fixture
def server():
    """JACK."""
    need("jackd", "jack_lsp", "jack_connect", "jack_disconnect")
    with jack(f"showctl-room-{os.getpid()}", 2, PERIOD):
        yield


@contextmanager
def program(*command):
    """A program with a stream; yields it and the names of its ports by kind, "in_0"."""
    before = set(ports())
    with process([sys.executable, "-m", *command]) as running:
        running.wait_for("^ready", 30)
        yield running, {name.rpartition(":")[2]: name for name in set(ports()) - before}


async def eventually(true, seconds, what):
    """Ask until the answer is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        await asyncio.sleep(0.02)


def sweep(seconds=3.0, low=20.0, high=22_000.0):
    """(frames,) an exponential sweep at -20 dBFS with soft ends."""
    t = np.arange(int(seconds * RATE)) / RATE
    octaves = np.log(high / low)
    signal = 0.1 * np.sin(2 * np.pi * low * seconds / octaves * np.expm1(t / seconds * octaves))
    signal[:960] *= np.linspace(0, 1, 960)
    signal[-480:] *= np.linspace(1, 0, 480)
    return signal.astype(np.float32)


def measured(folder, other):
    """(outputs, inputs, frames): impulse responses through another program's ports, by division of spectra."""
    signal = sweep()
    np.save(folder / "signal.npy", signal)
    with program("tests.real.play_sweeps", folder) as (sweeps, ours):
        for n in range(2):
            connect(ours[f"out_{n}"], other[f"in_{n}"])
            connect(other[f"out_{n}"], ours[f"in_{n}"])
        (folder / "go").touch()
        lost = sweeps.wait_for(r"^lost (\d+)", 60)[1]
        print(f"\nblocks that the server says it lost: {lost}")
        sweeps.wait()
    size = 1 << 18
    played = np.fft.rfft(signal, size)
    heard = np.fft.rfft([np.load(folder / f"take-{output}.npy").T for output in range(2)], size)
    return np.fft.irfft(heard * played.conj() / (np.abs(played) ** 2 + 1e-9))


def curve(response):
    """(bands,) dB."""
    return smoothed(np.fft.rfftfreq(1 << 18, 1 / RATE), np.abs(np.fft.rfft(response, 1 << 18)) ** 2, BANDS)


def two_by_two(frames=9600):
    """(2, 2, frames): direct sounds at different times, one upside down, and decays."""
    rng = np.random.default_rng(3)
    responses = 0.02 * rng.standard_normal((2, 2, frames)) * np.exp(-np.arange(frames) / 1500)
    for loudspeaker in range(2):
        for microphone in range(2):
            first = 200 + 50 * loudspeaker + 77 * microphone
            responses[loudspeaker, microphone, :first] = 0.0
            responses[loudspeaker, microphone, first] = -0.5 if loudspeaker else 0.5
    return responses


def test_sweeps_through_a_room_give_its_responses_back(server, tmp_path):
    true = two_by_two()
    np.save(tmp_path / "room.npy", true)
    with program("tests.real.play_room", tmp_path / "room.npy") as (_, theirs):
        found = measured(tmp_path, theirs)
    offsets, worst = set(), 0.0
    for expected, heard in zip(true.reshape(4, -1), found.reshape(4, -1)):
        first, there = int(np.abs(expected).argmax()), int(np.abs(heard).argmax())
        assert np.sign(heard[there]) == np.sign(expected[first])
        offsets.add(there - first)
        aligned = np.roll(heard, first - there)[: len(expected)]
        worst = max(worst, float(np.abs(curve(aligned) - curve(expected)).max()))
    print(f"largest error {worst:.4f} dB; through the server {offsets} frames")
    assert len(offsets) == 1, "the way through the server is the same in all takes"
    assert offsets.pop() % PERIOD == 0, "sample-exact"
    assert worst < 0.1


VENUE = """showctl: 1
kind: venue
name: A room on a sound server
pa:
  in: system
  zones:
    left: {out: [1]}
    right: {out: [2]}
  microphones:
    front: {in: 1}
    back: {in: 2}
"""


def test_room_measure_saves_the_responses_and_names_what_is_wrong(server, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    true = two_by_two(24_000) * 0.5
    np.save(tmp_path / "room.npy", true)
    (tmp_path / "venue.yaml").write_text(VENUE)
    with program("tests.real.play_room", tmp_path / "room.npy") as (_, theirs):
        known = set(ports())
        command = ["showctl", "room", "measure", tmp_path / "venue.yaml", "--seconds", "2"]
        with process([sys.executable, "-m", *command]) as measuring:
            measuring.wait_for("sweeps begin", 60)
            ours = {name.rpartition(":")[2]: name for name in set(ports()) - known}
            for n in range(2):
                connect(ours[f"out_{n}"], theirs[f"in_{n}"])
                connect(theirs[f"out_{n}"], ours[f"in_{n}"])
            code = measuring.wait(150)
            said = measuring.output
            print(said)
    assert code == 1, "right is turned round"
    assert "look after: at front: right is turned round against the others" in said
    summary = json.loads((tmp_path / "venue-room" / "measurement.json").read_text())
    assert len(summary["responses"]) == 4
    worst = 0.0
    for one in summary["responses"]:
        loudspeaker, microphone = ["left", "right"].index(one["zone"]), ["front", "back"].index(one["microphone"])
        expected = true[loudspeaker, microphone]
        found, rate = soundfile.read(tmp_path / "venue-room" / one["file"])
        assert rate == RATE
        there = round(one["arrival"]["time"] * RATE) + round(one["sent_at_s"] * RATE)
        first = int(np.abs(expected).argmax())
        begins = int(np.abs(found).argmax()) - first
        assert abs(there - first - begins) < 20
        whole = found[: begins + len(expected)]  # what rings ahead of its lowest octave is part of it
        worst = max(worst, float(np.abs(curve(whole) - curve(expected)).max()))
        assert one["arrival"]["polarity"] == (-1 if loudspeaker else 1)
    print(f"largest error {worst:.4f} dB")
    assert worst < 0.1


async def test_the_equaliser_is_heard_as_it_was_reckoned(server, tmp_path):
    """The process of a venue without a console: bands by the daemon's end of it, a sweep through it, beside the formula."""
    bands = {
        "left": [
            EqBand("peaking", 100.0, -6.0, 2.0),
            EqBand("peaking", 1000.0, -3.0, 4.0),
            EqBand("high_shelf", 5000.0, -4.0, 0.7),
        ],
        "right": [EqBand("low_shelf", 200.0, -9.0, 0.7)],
    }
    plan = PaPlan(card_in="system", card_out="system", programme=(1, 2), zones=(PaZone("left", (1,)), PaZone("right", (2,))))
    before = set(ports())
    console = InternalConsole(plan, tmp_path / "pa.sock", time.monotonic)
    task = asyncio.create_task(console.run())
    try:
        await eventually(lambda: console.health().state is State.RUNNING, 30, "the equaliser")
        theirs = {name.rpartition(":")[2]: name for name in set(ports()) - before}
        for zone, some in bands.items():
            console.apply(zone, EqState(0.0, "auto", (), (), writes=tuple(enumerate(some))))
        await eventually(lambda: console.settled("left") and console.settled("right"), 30, "the bands")
        found = await asyncio.to_thread(measured, tmp_path, theirs)
        assert console.health().state is State.RUNNING
    finally:
        console.end()
        with suppress(DeviceError):  # as it ends
            await asyncio.wait_for(task, 10)
    freqs = np.fft.rfftfreq(1 << 18, 1 / RATE)[1:-1]
    worst = 0.0
    for n, some in enumerate(bands.values()):
        expected = smoothed(freqs, 10 ** (cascade_db(some, freqs, RATE) / 10), BANDS)
        worst = max(worst, float(np.abs(curve(found[n, n]) - expected).max()))
        assert np.abs(found[n, 1 - n]).max() < 1e-4, "and nothing of it in the other zone"
    print(f"largest error {worst:.4f} dB")
    assert worst < 0.1
