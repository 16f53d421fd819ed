"""A desk that is plugged in, pulled out and put back: a pseudo-terminal or a FIFO stands for the node that ALSA makes."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from showctl.inputs import midi
from showctl.inputs.midi import MidiInput, Port, find, ports
from showctl.model import Blackout, ControlEvent, DeviceError, Flash, Go, PlaybackState, SetMaster, State, Timecode
from showctl.plan import CueList, Plan
from showctl.wire.midi import Controller, Message, Note, Program, encode
from showctl.wire.midi_map import deed, knob
from tests.wire.test_osc_dictionary import NAMES

MAP = {"note 36": "go", "note 40": "flash front", "cc 20": "sub front", "note 1": "blackout", "program 9": "list nobody go"}
WHO = {"time": 12.0, "source": "midi:desk"}


class Night:
    """The daemon's side of a desk, and a test that waits for what comes of it."""

    def __init__(self, wanted: str = "desk", look: Callable[[], list[Port]] = list, device: int | None = None) -> None:
        self.emitted: list[ControlEvent] = []
        self.room = True
        entries = {knob(place): deed(words) for place, words in MAP.items()}
        playback = PlaybackState((), submasters=(("front", 0.5),))
        self.desk = MidiInput(
            wanted,
            entries,
            emit=self.emit,
            now=lambda: 12.0,
            playback=lambda: playback,
            names=lambda: NAMES,
            look=look,
            device=device,
            plan=lambda: Plan((), lists=(CueList("main", ()),)),
        )

    def emit(self, one: ControlEvent) -> bool:
        self.emitted.append(one)
        return self.room

    def counted(self, name: str) -> float:
        return dict(self.desk.health().counters)[name]

    async def until(self, true: Callable[[], bool]) -> None:
        """Come back as soon as it is so; the test's own time limit ends the wait."""
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.005)

    async def __aenter__(self) -> Night:
        self.task = asyncio.create_task(self.desk.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        assert self.task.cancelled()


class Cable:
    """A pseudo-terminal: what is played into it comes out of `path`."""

    def __init__(self) -> None:
        self.near, far = os.openpty()
        tty.setraw(far)
        self.path = Path(os.ttyname(far))
        os.close(far)

    def play(self, *messages: Message) -> None:
        os.write(self.near, b"".join(map(encode, messages)))

    def unplug(self) -> None:
        if self.near >= 0:
            os.close(self.near)
        self.near = -1


@pytest.fixture
def cable() -> Iterator[Cable]:
    one = Cable()
    yield one
    one.unplug()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(midi, "LONGEST_WAIT_S", 0.02)


async def test_pads_and_faders_are_played(cable: Cable) -> None:
    async with Night(look=lambda: [Port("desk", "desk", cable.path)]) as night:
        await night.until(lambda: night.desk.health().state is State.RUNNING)
        cable.play(Note(10, 36, 90), Note(10, 36, 0), Controller(1, 20, 0), Controller(1, 20, 64), Note(1, 2, 3), Note(1, 1, 5))
        await night.until(lambda: night.counted("received") == 6)
        assert night.emitted == [
            Go(**WHO),
            SetMaster(level=64 / 127, submaster="front", **WHO),
            Blackout(on=True, **WHO),
        ]
        health = night.desk.health()
        assert str(cable.path) in health.detail
        assert "last heard: note 1 on channel 1" in health.detail


async def test_a_desk_that_is_pulled_out_lets_go_and_comes_back_by_itself(cable: Cable, soon: None) -> None:
    plugged = [Port("desk", "desk", cable.path)]
    async with Night(look=lambda: list(plugged)) as night:
        await night.until(lambda: night.desk.health().state is State.RUNNING)
        cable.play(Note(1, 40, 90))
        await night.until(lambda: night.counted("fired") == 1)
        cable.unplug()
        await night.until(lambda: night.desk.health().state is State.DEGRADED)
        assert night.emitted == [Flash(submaster="front", on=down, **WHO) for down in (True, False)]
        plugged.clear()
        await night.until(lambda: "there is none at all" in night.desk.health().detail)
        again = Cable()
        plugged.append(Port("the same DESK", "desk_1", again.path))
        await night.until(lambda: night.desk.health().state is State.RUNNING)
        again.play(Note(1, 36, 1))
        await night.until(lambda: night.counted("fired") == 2)
        again.unplug()


async def test_a_fifo_may_be_named_by_its_path(tmp_path: Path, soon: None) -> None:
    path = tmp_path / "desk"
    os.mkfifo(path)
    async with Night(str(path)) as night:
        for count in (1, 2):  # the second writer comes after the first has gone
            await night.until(lambda: night.desk.health().state is State.RUNNING)
            with path.open("wb") as writer:
                writer.write(encode(Note(1, 36, 1)))
            await night.until(lambda count=count: night.counted("fired") == count)


async def test_noise_freezes_nothing_and_what_follows_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "desk"
    os.mkfifo(path)
    async with Night(str(path)) as night:
        await night.until(lambda: night.desk.health().state is State.RUNNING)
        near = os.open(path, os.O_WRONLY)
        noise = b"\xf0" + bytes(range(128)) * 60 + b"\x00\xf1\x05\xfe\x90\x90\xff" + bytes(1000)
        await asyncio.to_thread(os.write, near, noise + encode(Note(1, 36, 1)))
        await night.until(lambda: Go(**{**WHO, "source": f"midi:{path}"}) in night.emitted)
        os.close(near)
        assert night.counted("skipped_bytes") > 7000


async def test_a_wake_up_takes_a_bounded_piece(tmp_path: Path) -> None:
    path = tmp_path / "desk"
    os.mkfifo(path)
    async with Night(str(path)) as night:
        await night.until(lambda: night.desk.health().state is State.RUNNING)
        near = os.open(path, os.O_WRONLY)
        os.write(near, encode(Note(1, 36, 1)) * 1000)
        seen = [0.0]
        while seen[-1] < 1000:
            await asyncio.sleep(0)
            seen.append(night.counted("received"))
        os.close(near)
        assert max(b - a for a, b in zip(seen, seen[1:], strict=False)) <= midi.BATCH / 3 + 1


async def test_what_the_show_does_not_know_and_what_finds_no_room_is_counted(cable: Cable) -> None:
    async with Night(look=lambda: [Port("desk", "desk", cable.path)]) as night:
        await night.until(lambda: night.desk.health().state is State.RUNNING)
        night.room = False
        cable.play(Program(1, 9), Note(1, 36, 1))
        await night.until(lambda: night.counted("refused_full") == 1)
        assert night.counted("refused") == 1


async def test_what_is_no_device_is_said_and_tried_again(tmp_path: Path, soon: None) -> None:
    path = tmp_path / "desk"
    path.write_bytes(b"\x90\x24\x40")
    async with Night(str(path)) as night:
        await night.until(lambda: "is no MIDI device" in night.desk.health().detail)
        path.unlink()
        await night.until(lambda: "No such file" in night.desk.health().detail)
        os.mkfifo(path)
        await night.until(lambda: night.desk.health().state is State.RUNNING)


# --- what is plugged in ----------------------------------------------------------------------------------------------


def plug(folder: Path, card: int, device: int, word: str, said: str) -> None:
    """What ALSA shows of a device."""
    place = folder / f"card{card}"
    place.mkdir(exist_ok=True)
    (place / "id").write_text(f"{word}\n")
    (place / f"midi{device}").write_text(said)
    (folder / f"midiC{card}D{device}").touch()


IN_AND_OUT = "{}\n\nOutput 0\n  Tx bytes     : 0\nInput 0\n  Rx bytes     : 0\n"


def test_devices_are_found_by_name_in_the_order_of_cards(tmp_path: Path) -> None:
    plug(tmp_path, 10, 0, "Mini_1", IN_AND_OUT.format("Launchpad Mini"))
    plug(tmp_path, 2, 0, "Mini", IN_AND_OUT.format("Launchpad Mini"))
    plug(tmp_path, 2, 1, "Mini", "Lights of the Mini\n\nOutput 0\n  Tx bytes     : 0\n")
    plug(tmp_path, 3, 0, "nano", "\n\nInput 0\n")
    (tmp_path / "midiC4D0").touch()  # was unplugged while we looked
    (tmp_path / "midiCxD0").touch()
    found = ports(tmp_path, tmp_path)
    assert [(one.name, one.card, one.path.name) for one in found] == [
        ("Launchpad Mini", "Mini", "midiC2D0"),
        ("nano", "nano", "midiC3D0"),
        ("Launchpad Mini", "Mini_1", "midiC10D0"),
    ]
    assert find(found, "launchPAD").name == "midiC2D0"
    assert find(found, "Mini_1").name == "midiC10D0"
    assert find(found, "Nano").name == "midiC3D0"
    assert find([], "/dev/snd/midiC9D0") == Path("/dev/snd/midiC9D0")
    with pytest.raises(DeviceError, match="called 'Push'; there is 'Launchpad Mini', 'nano', 'Launchpad Mini'"):
        find(found, "Push")


def test_a_machine_without_sound_has_no_devices(tmp_path: Path) -> None:
    assert ports(tmp_path / "none", tmp_path / "none") == []


async def test_time_code_from_a_cable_is_told(cable: Cable) -> None:
    async with Night(look=lambda: [Port("desk", "desk", cable.path)]) as night:
        await night.until(lambda: night.desk.health().state is State.RUNNING)
        os.write(cable.near, b"\xf0\x7f\x7f\x01\x01\x21\x02\x03\x05\xf7")
        await night.until(lambda: bool(night.emitted))
    assert night.emitted == [Timecode(**WHO, clock="mtc", at=3723.2, speed=0.0)]


async def test_show_control_is_heard_where_the_venue_says_which_device_we_are(cable: Cable) -> None:
    go = b"\xf0\x7f\x05\x02\x01\x01\xf7"
    async with Night(look=lambda: [Port("desk", "desk", cable.path)], device=5) as night:
        await night.until(lambda: night.desk.health().state is State.RUNNING)
        os.write(cable.near, go.replace(b"\x05", b"\x06") + go)
        await night.until(lambda: bool(night.emitted))
        os.write(cable.near, b"\xf0\x7f\x05\x02\x01\x01\x31\x00\x39\xf7")  # there is no list 9
        await night.until(lambda: night.counted("refused") == 1)
    assert night.emitted == [Go(**WHO)]
