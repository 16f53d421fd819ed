"""The process that hears the room, and the daemon's end of it."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from showctl.analysis.room.microphone import Calibration
from showctl.analysis.room.place import unpacked
from showctl.inputs import room_client
from showctl.inputs.room import troubles
from showctl.inputs.room.calibrations import curves_of
from showctl.inputs.room.listening import Listening
from showctl.inputs.room.process import Room
from showctl.inputs.room_client import RoomEar, unwatched
from showctl.inputs.room_log import LevelLog
from showctl.inputs.room_past import Pasts
from showctl.model import AudioBlock, DeviceError, EqBand, Howl, LevelLimit, Levels, State
from showctl.plan import PaMicrophone
from showctl.wire.room import BANDS as THE_BANDS
from showctl.wire.room import (
    MESSAGE_LIMIT,
    PLACES,
    RELEARN,
    RoomHeard,
    RoomSetup,
    decode_heard,
    decode_past,
    decode_places,
    encode_bands,
    encode_heard,
    encode_places,
    says,
)
from tests.analysis.room.test_transfer import BANDS, INSIDE, RATE, programme
from tests.inputs.test_ear_client import eventually, gone

SETUP = RoomSetup("card", (1,), (PaMicrophone("left", 2),))
OFFSET = -12.5
CUT = EqBand("peaking", 1000.0, -9.0, 1.0)


class Card:
    """A source that brings what it is given; frame 0 came in at 500 s."""

    name, device, problem, lost = "device:card", "card (fake)", "", 0

    def __init__(self, rate: int = RATE) -> None:
        self.rate, self.waiting, self.closed = rate, list[AudioBlock](), False
        self.gone = ""

    def tend(self) -> None:
        if self.gone:
            raise DeviceError(self.gone)

    def at(self, frame: float) -> float:
        return 500.0 + frame / self.rate

    def blocks(self) -> list[AudioBlock]:
        found, self.waiting = self.waiting, []
        return found

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(5.0)
    with ours, theirs:
        yield ours, theirs


def stereo(song: np.ndarray, heard: np.ndarray) -> np.ndarray:
    return np.stack([song, heard], axis=1).astype(np.float32)


@pytest.mark.slow
def test_the_room_is_told_in_monotonic_time_without_the_bands_that_the_pa_plays_through(pair) -> None:
    ours, theirs = pair
    card, now = Card(), [1000.0]
    room = Room(SETUP, theirs, card, [None], lambda: now[0])
    assert room.step(0.0)
    first = decode_heard(ours.recv(MESSAGE_LIMIT))
    assert (first.state, first.time) == (State.STARTING, 1000.0)
    assert first.wants == (THE_BANDS, PLACES)
    ours.send(encode_bands((CUT,)))
    assert room.step(0.0)
    song = programme(30)
    from scipy import signal

    from showctl.analysis.room.biquad import coefficients

    wet = signal.sosfilt(coefficients(CUT, RATE).reshape(1, 6), song)
    heard = np.concatenate([np.zeros(RATE // 100), 0.5 * wet])[: len(song)]
    last = first
    for at in range(0, len(song), RATE):
        card.waiting.append(AudioBlock(at, stereo(song[at : at + RATE], heard[at : at + RATE]), RATE))
        now[0] += 1.0
        assert room.step(0.0)
        last = decode_heard(ours.recv(MESSAGE_LIMIT))
    assert (last.state, last.detail, last.troubles, last.wants) == (State.RUNNING, "card (fake)", (), (PLACES,))
    ours.send(encode_places(()))
    assert room.step(0.0)  # is told, and tells in the next second where its microphone stands
    now[0] += 1.0
    assert room.step(0.0)
    assert decode_heard(ours.recv(MESSAGE_LIMIT)).wants == ()
    stands = ours.recv(MESSAGE_LIMIT)
    assert unpacked(decode_places(stands)[0] or b"").begins == pytest.approx(0.01 - 0.04, abs=1e-4)
    again = Room(SETUP, theirs, Card(), [None], lambda: now[0])
    ours.send(stands)
    assert again.step(0.0)
    assert again._places.stood[0] is not None, "one that begins anew knows it"
    assert last.time == pytest.approx(530.0)
    response = last.responses[0]
    assert response is not None
    assert 524 < response.time <= 530
    assert response.delay == pytest.approx(0.01, abs=1e-4)
    assert response.trusted[INSIDE].mean() > 0.9
    assert response.magnitude[INSIDE & response.trusted] == pytest.approx(20 * np.log10(0.5), abs=0.3)  # no trace of the cut
    assert len(response.freq) == len(BANDS)
    assert last.programme == pytest.approx(20 * np.log10(np.std(song[-3 * RATE :])), abs=0.5)


def test_what_howls_does_not_wait_for_the_second_to_pass(pair) -> None:
    ours, theirs = pair
    card, now = Card(), [1000.0]
    room = Room(SETUP, theirs, card, [None], lambda: now[0])
    draw, t = np.random.default_rng(3), np.arange(18 * RATE) / RATE
    song = 0.02 * draw.normal(size=len(t))
    heard = song + np.minimum(0.3, 1e-4 * 10 ** (3.0 * np.maximum(0.0, t - 14.0))) * np.sin(2 * np.pi * 800 * t)
    found = list[tuple[float, tuple[float, ...]]]()
    for at in range(0, len(t), RATE // 10):
        card.waiting.append(AudioBlock(at, stereo(song[at : at + RATE // 10], heard[at : at + RATE // 10]), RATE))
        now[0] = 1000.0 + (at + RATE // 10) / RATE
        assert room.step(0.0)
        while select.select([ours], [], [], 0.0)[0]:
            data = ours.recv(MESSAGE_LIMIT)
            if says(data) == "heard":
                found.append((now[0] - 1000.0, tuple(one.time - 500.0 for one in decode_heard(data).howls)))
    howls = [(at, times) for at, times in found if times]
    assert len(howls) >= 3
    for at, times in howls:
        assert all(at - time <= 0.1 + 1e-6 for time in times)
    assert all(b - a <= 1.0 + 1e-6 for (a, _), (b, _) in pairwise(found)), "what is heard comes once a second all the same"


def test_nonsense_of_the_daemon_is_told_and_a_card_with_too_few_inputs_too(pair) -> None:
    ours, theirs = pair
    card, now = Card(), [0.0]
    room = Room(SETUP, theirs, card, [None], lambda: now[0])
    ours.send(b"{}")
    assert room.step(0.0)
    ours.recv(MESSAGE_LIMIT)
    now[0] = 1.0
    assert room.step(0.0)
    told = decode_heard(ours.recv(MESSAGE_LIMIT))
    assert (told.state, "cannot be followed" in told.detail) == (State.DEGRADED, True)
    card.waiting.append(AudioBlock(0, np.zeros((100, 1), np.float32), RATE))
    now[0] = 2.0
    assert room.step(0.0)
    assert "the card has 1 inputs, the venue file wants number 2" in decode_heard(ours.recv(MESSAGE_LIMIT)).detail
    ours.close()
    now[0] = 3.0
    assert not room.step(0.0)


def test_the_daemon_has_it_relearn_where_the_microphones_stand(pair, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pair
    relearned: list[int] = []
    room = Room(SETUP, theirs, Card(), [None], lambda: 0.0)
    monkeypatch.setattr(room._places, "relearn", lambda: relearned.append(1))
    ours.send(RELEARN)
    assert room.step(0.0)
    assert relearned == [1]


@pytest.mark.parametrize("places", [[b"what is this"], [None, None]])
def test_places_that_nothing_can_be_made_of_are_learnt_anew_and_not_asked_for_again(pair, places: list[bytes | None]) -> None:
    ours, theirs = pair
    room = Room(SETUP, theirs, Card(), [None], lambda: 0.0)
    ours.send(encode_places(places))
    assert room.step(0.0)
    told = decode_heard(ours.recv(MESSAGE_LIMIT))
    assert PLACES in told.wants
    assert room._wrong == ""
    assert PLACES not in room._wants
    assert room._places.stood == (None,)


def test_a_line_where_a_microphone_belongs_and_one_that_is_nearer_than_the_programme() -> None:
    assert not troubles.early(["a", "b"], [0.01, None])
    (line,) = troubles.early(["a", "b"], [0.0002, 0.01])
    assert line.startswith(
        "microphone a has the programme 0.2 ms after it is sent, sooner than any sound through the air: is a line"
    )
    (some,) = troubles.early(["a", "b", "c"], [-0.012, None, 0.02])
    assert "a has the programme 12.0 ms before it is sent: the inputs of the programme and of a microphone look swapped" in some
    (first,) = troubles.early(["a", "b", "c"], [-0.012, -0.03, 0.02])
    assert "b has the programme 30.0 ms before it is sent: the inputs of the programme and b look swapped" in first


FULL = 48_000  # Hz: sound level needs it


def loud(seconds: int, level: float) -> np.ndarray:
    """(frames, 2) a microphone at so many dB(A), its sensitivity being -40 dB."""
    tone = np.sqrt(2) * 10 ** ((level - 134) / 20) * np.sin(2 * np.pi * 1000 * np.arange(seconds * FULL) / FULL)
    return stereo(np.zeros(len(tone)), tone)


def test_how_loud_it_was_is_known_again_after_a_start_and_when_the_stream_begins_anew(pair) -> None:
    ours, theirs = pair
    now = [1000.0]
    setup = RoomSetup("card", (1,), (PaMicrophone("left", 2, sensitivity=-40.0),))

    def hear(room: Room, card: Card, sound: np.ndarray, first: int = 0) -> RoomHeard:
        """A second each."""
        for at in range(0, len(sound), FULL):
            card.waiting.append(AudioBlock(first + at, sound[at : at + FULL], FULL))
            now[0] += 1.0
            assert room.step(0.0)
            heard = decode_heard(ours.recv(MESSAGE_LIMIT))
        return heard

    card = Card(FULL)
    room = Room(setup, theirs, card, [None], lambda: now[0])
    assert room.step(0.0)
    assert decode_heard(ours.recv(MESSAGE_LIMIT)).wants == (THE_BANDS, PLACES, "left")
    pasts = Pasts()
    for n in range(40):
        pasts.add(["left"], [told_at(900.0 + n, 100.0)])
    ours.send(pasts.message("left"))
    now[0] += 1.0
    assert room.step(0.0)
    assert decode_heard(ours.recv(MESSAGE_LIMIT)).wants == (THE_BANDS, PLACES, "left")  # said before it read
    heard = hear(room, card, loud(4, 90.0))
    level = heard.levels[0]
    assert level is not None
    assert heard.wants == (THE_BANDS, PLACES)
    assert level.measured == pytest.approx(44, abs=0.1)
    assert level.laeq_60 == pytest.approx(10 * np.log10((40 * 10**10 + 4 * 10**9) / 44), abs=0.1)
    assert level.laeq_1 == pytest.approx(90.0, abs=0.1), "that was more than a minute ago"
    assert level.lcpeak_60 == pytest.approx(110.0)
    heard = hear(room, card, loud(3, 90.0), 4 * FULL)
    heard = hear(room, card, loud(4, 90.0))  # the card was lost and is back: its frames count from 0 again
    level = heard.levels[0]
    assert level is not None
    assert level.measured == pytest.approx(51, abs=1.1)
    assert level.lcpeak_60 == pytest.approx(110.0)


def told_at(time: float, level: float) -> Levels:
    return Levels(time, level, level, level, level, level + 10, level + 10, 1.0, False)


def test_how_loud_it_was_is_kept_on_disk_for_this_start_of_the_machine(tmp_path: Path) -> None:
    kept = tmp_path / "state" / "levels.json"
    pasts = Pasts(kept, "boot 1")
    assert not pasts.due(100.0)
    for n in range(4000):
        pasts.add(["left", "right"], [told_at(float(n), 80.0 + n % 7), None])
        pasts.add(["left", "right"], [told_at(float(n), 80.0 + n % 7), None])  # told twice
    assert pasts.due(100.0)
    assert not pasts.due(130.0)
    pasts.save(pasts.seconds())
    name, newest, past = decode_past(pasts.message("left"))
    assert (name, newest, len(past.la), past.la[-1]) == ("left", 3999.0, 3600, 80.0 + 3999 % 7)
    assert decode_past(Pasts(kept, "boot 1").message("left")) == (name, newest, past)
    assert decode_past(Pasts(kept, "boot 2").message("left"))[2].la == ()
    assert decode_past(pasts.message("right"))[2].la == ()
    pasts.add(["left"], [told_at(4100.0, 0.0)])
    assert decode_past(pasts.message("left"))[2].la[-102:] == (80.0 + 3999 % 7, *[None] * 101)
    kept.write_bytes(b"boot 1\nnonsense")
    assert decode_past(Pasts(kept, "boot 1").message("left"))[2].la == ()
    Pasts(None, "boot 1").save({})
    assert not Pasts(kept, "").due(1e9), "where the system does not say which start it is, nothing is kept"


def test_a_card_that_goes_away_is_told_before_the_process_ends(pair) -> None:
    ours, theirs = pair
    card = Card()
    card.gone = "card has gone away"
    with pytest.raises(DeviceError):
        Room(SETUP, theirs, card, [None]).run()
    assert decode_heard(ours.recv(MESSAGE_LIMIT)).detail == "card has gone away"
    assert card.closed


def test_a_calibration_is_taken_out_and_one_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "left.cal"
    file.write_text("20 3\n20000 3\n")
    setup = RoomSetup("", (1,), (PaMicrophone("left", 2, str(file)), PaMicrophone("right", 3)))
    curves = curves_of(setup.microphones)
    assert isinstance(curves[0], Calibration)
    assert curves[1] is None
    song = programme(14)
    listening = Listening(setup, RATE, curves)
    listening.feed(AudioBlock(0, np.stack([song, np.roll(song, 100), np.roll(song, 100)], axis=1), RATE))
    left, right = listening.take().responses
    assert left is not None
    assert right is not None
    assert right.magnitude - left.magnitude == pytest.approx(3.0)
    file.write_text("nothing")
    with pytest.raises(DeviceError, match=r"left.cal:0: no curve"):
        curves_of(setup.microphones)
    file.unlink()
    with pytest.raises(DeviceError, match="microphone left"):
        curves_of(setup.microphones)


# --- the daemon's end ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def running(setup: RoomSetup = SETUP, log: LevelLog | None = None):
    heard: list[RoomHeard] = []
    ear = RoomEar(setup, heard.append, OFFSET, log=log)
    task = asyncio.create_task(ear.run())
    try:
        yield ear, task, heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, DeviceError):
            await task


@pytest.mark.slow
async def test_without_its_card_it_says_so_and_an_end_is_told_and_leaves_no_process() -> None:
    async with running(RoomSetup("no such card", (1,), (PaMicrophone("left", 2),))) as (ear, task, heard):
        assert ear.problem
        await eventually(lambda: heard and ear.health().state is State.DEGRADED, "the first word")
        assert "no such card" in ear.health().detail or "PortAudio" in ear.health().detail
        assert ear.problem == ear.health().detail
        pid = ear._process.pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(DeviceError, match="started again"):
            await task
        assert gone(pid)
        assert "not there" in ear.problem


@pytest.mark.slow
async def test_a_calibration_that_cannot_be_read_is_what_the_supervisor_is_told(tmp_path: Path) -> None:
    microphones = (PaMicrophone("left", 2, str(tmp_path / "none.cal")),)
    async with running(RoomSetup("", (1,), microphones)) as (_ear, task, _heard):
        with pytest.raises(DeviceError, match=r"none\.cal"):
            await asyncio.wait_for(task, 20)


@pytest.fixture
def puppet(monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
    """In place of the process: its end of the socket, in the test's hands."""
    ends: list[socket.socket] = []

    async def start(_self: RoomEar, theirs: socket.socket) -> None:
        ends.append(theirs.dup())
        ends[-1].settimeout(5.0)

    monkeypatch.setattr(RoomEar, "_start", start)
    return ends


async def test_each_second_of_loudness_is_written_down_once_when_its_minute_is_over(puppet, tmp_path: Path) -> None:
    clock = datetime(2026, 11, 23, 22, 14, 30, tzinfo=UTC)
    log = LevelLog(tmp_path, lambda: clock)
    async with running(log=log) as (_ear, _task, heard):
        end = (await eventually(lambda: puppet, "its socket"))[0]
        for time in (99.0, 99.0, 100.0):  # a record may tell a second again
            end.send(encode_heard(RoomHeard(time, State.RUNNING, "card", RATE, levels=(told_at(time, 90.0),))))
        await eventually(lambda: len(heard) == 3, "what is heard")
        clock = clock.replace(minute=15)
        file = await eventually(lambda: next(tmp_path.glob("*.csv"), None), "the file")
        await eventually(lambda: file.read_text().count("\n") == 2, "its line")
        end.close()
    assert file.read_text().splitlines()[1] == "2026-11-23T22:14:00+00:00,left,2,90.0,90.0,90.0,100.0,,0"


async def test_what_is_heard_comes_in_show_time_and_nonsense_is_counted(puppet) -> None:
    async with running() as (ear, task, heard):
        ear.play((CUT,))
        end = (await eventually(lambda: puppet, "its socket"))[0]
        end.send(b"nonsense")
        howl = Howl(99.0, 1000.0, -10.0, 20.0, 1000.0, "it howls at 1 kHz")
        end.send(encode_heard(RoomHeard(100.0, State.RUNNING, "card", RATE, howls=(howl,), wants=(THE_BANDS,))))
        await eventually(lambda: heard, "what is heard")
        assert (heard[0].time, heard[0].howls[0].time) == (100.0 + OFFSET, 99.0 + OFFSET)
        assert dict(ear.health().counters)["malformed"] == 1.0
        assert (ear.health().state, ear.health().detail) == (State.DEGRADED, "it howls at 1 kHz")
        assert end.recv(MESSAGE_LIMIT) == encode_bands((CUT,))
        ear.play(())
        assert end.recv(MESSAGE_LIMIT) == encode_bands(())
        end.send(encode_heard(RoomHeard(200.0, State.RUNNING, "card", RATE, troubles=("left is dead",))))
        await eventually(lambda: ear.health().detail == "left is dead", "the trouble")
        end.send(encode_heard(RoomHeard(201.0, State.RUNNING, "card", RATE)))
        await eventually(lambda: ear.health().detail == f"hears 1 microphone through card at {RATE} Hz", "that all is well")
        assert ear.problem == ""
        end.close()
        with pytest.raises(DeviceError):
            await task


async def test_one_that_has_just_begun_is_told_what_it_asks_for_and_so_is_the_next(puppet) -> None:
    setup = RoomSetup("card", (1,), (PaMicrophone("left", 2, sensitivity=-40.0), PaMicrophone("right", 3, sensitivity=-40.0)))
    async with running(setup) as (ear, _task, heard):
        ear.play((CUT,))
        end = (await eventually(lambda: puppet, "its socket"))[0]
        end.send(encode_heard(RoomHeard(100.0, State.RUNNING, "card", RATE, levels=(told_at(100.0, 90.0), None))))
        await eventually(lambda: heard, "what is heard")
        places = encode_places([b"there", None])
        end.send(places)
        for wants, said in (((THE_BANDS, PLACES, "left", "right"), "left"), (("right",), "right")):
            end.send(encode_heard(RoomHeard(101.0, State.STARTING, "opens", RATE, wants=wants)))
            if THE_BANDS in wants:
                assert await asyncio.to_thread(end.recv, MESSAGE_LIMIT) == encode_bands((CUT,))
                assert await asyncio.to_thread(end.recv, MESSAGE_LIMIT) == places
            name, _, past = decode_past(await asyncio.to_thread(end.recv, MESSAGE_LIMIT))
            assert (name, past.la) == (said, (90.0,) if said == "left" else ())
        ear.relearn()
        assert await asyncio.to_thread(end.recv, MESSAGE_LIMIT) == RELEARN
        end.send(encode_heard(RoomHeard(102.0, State.STARTING, "opens", RATE, wants=(PLACES,))))  # another one, begun just now
        assert await asyncio.to_thread(end.recv, MESSAGE_LIMIT) == encode_places(())
        end.close()


async def test_one_that_hangs_is_given_up(puppet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_client, "FIRST_WORD_S", 0.1)
    async with running() as (_ear, task, _heard):
        with pytest.raises(DeviceError, match="said nothing"):
            await asyncio.wait_for(task, 20)
    for end in puppet:
        end.close()


async def test_a_limit_that_no_microphone_can_watch_is_said(puppet) -> None:
    limits = (LevelLimit("laeq_60", 99.0),)
    async with running(replace(SETUP, limits=limits)) as (ear, _task, _heard):
        end = (await eventually(lambda: puppet, "its socket"))[0]
        end.send(encode_heard(RoomHeard(1.0, State.RUNNING, "card", RATE)))
        await eventually(lambda: "nobody watches `spl_limit`" in ear.health().detail, "the warning")
        assert ear.health().state is State.DEGRADED
        assert ear.heard is not None
        end.close()
    assert unwatched((), ()) == ""
    assert unwatched(limits, ()) != ""
    assert unwatched(limits, (PaMicrophone("a", 1), PaMicrophone("b", 2, sensitivity=-30.0))) == ""
