"""The live driver as a whole, on an output that only writes down what it is told: ends nobody asked for, parts that fail."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from showctl.app import Options, light
from showctl.app import daemon as driver
from showctl.app.daemon import Daemon
from showctl.commands import init
from showctl.config.load import load
from showctl.config.loaded import Loaded
from showctl.config.schema import Midi
from showctl.model import DeviceError, EqCommand, Go, Happened, Health, State, WireError
from showctl.plan import PaMicrophone, PaPlan, PaZone
from showctl.tick import Nowhere
from showctl.wire.timecode import Rate
from tests.inputs.test_ear_client import eventually
from tests.wire.ltc_encoder import play, tape


class Output(Nowhere):
    """Stands in for the output's client."""

    adopted, pid = False, 1

    def __init__(self):
        self.early, self.closed = 0, []

    @classmethod
    def open(cls, *_args, **_more):
        return cls()

    def submit(self, slots, deadline_ns, early=False):
        self.early += early

    def health(self):
        return Health("output", State.RUNNING)

    def tend(self):
        pass

    def taken_over(self):
        return True

    def close(self, policy):
        self.closed.append(policy)


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    work = "on_stop: look work\nlooks:\n  work: {face: {intensity: full}}"
    (tmp_path / "venue.yaml").write_text(init.VENUE.replace("looks:", work, 1).replace("looks: # before the first cue", "looks:"))
    (tmp_path / "show.yaml").write_text(init.SHOW)
    return load(tmp_path / "venue.yaml", tmp_path / "show.yaml")


@pytest.fixture
def night(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a daemon with such an output."""
    monkeypatch.setattr(light, "Output", Output)

    def make(loaded: Loaded = loaded, **options) -> Daemon:
        return Daemon(loaded, Options(state=tmp_path / "state", runtime=tmp_path / "run", **options), lambda _: None, ())

    return make


async def test_an_end_that_was_asked_for_leaves_the_look_of_the_venue(night):
    daemon = night(seconds=0.1)
    assert await daemon.live() == 0
    assert (daemon.light.sink.closed, daemon.light.sink.early) == (["hold"], 1)


@pytest.mark.slow
async def test_an_end_that_nobody_asked_for_leaves_the_light_as_it_is(night, monkeypatch):
    async def fail(ticker):
        ticker.ticks += 1
        raise RuntimeError("on purpose")

    monkeypatch.setattr(driver.Ticker, "run", fail)
    daemon = night()
    with pytest.raises(ExceptionGroup):
        await daemon.live()
    assert (daemon.light.sink.closed, daemon.light.sink.early) == (["hold"], 0)


@pytest.mark.parametrize(("adopted", "policy"), [(False, "terminate"), (True, "hold")])
async def test_a_start_that_fails_leaves_no_output_behind_but_the_one_that_was_there(night, adopted, policy):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        daemon = night(osc=taken.getsockname())
        daemon.light.sink.adopted = adopted
        with pytest.raises(DeviceError, match="another program has it"):
            await daemon.live()
    assert (daemon.light.sink.closed, daemon.light.sink.early) == ([policy], 0)


async def test_what_is_done_once_a_second_may_fail(night, monkeypatch):
    monkeypatch.setattr(driver, "TEND_EVERY_S", 0.01)
    daemon = night()
    monkeypatch.setattr(daemon.light.sink, "tend", lambda: Path("/nowhere/at/all").read_text())
    task = asyncio.create_task(daemon.live())
    await eventually(
        lambda: "output" in daemon.night.board.health and daemon.night.board.health["output"].state is State.FAILED, "the fault"
    )
    before = daemon.night.ticker.ticks
    await eventually(lambda: daemon.night.ticker.ticks > before + 5, "the light")
    os.kill(os.getpid(), signal.SIGTERM)
    assert await task == 0


async def test_a_midi_desk_plays_the_show(night, tmp_path):
    desk, daemon = tmp_path / "desk", night()
    os.mkfifo(desk)
    midi = Midi.model_validate({"in": str(desk), "map": {"note 36": "go", "cc 7": "gm"}})
    daemon.night.loaded = replace(daemon.night.loaded, venue=daemon.night.venue.model_copy(update={"midi": midi}))
    board, polled = daemon.night.board, daemon.doors.polled
    task = asyncio.create_task(daemon.live())
    while (door := polled.get("midi")) is None or door.health().state is not State.RUNNING or board.playback is None:
        assert daemon.night.clock.now() < 10
        await asyncio.sleep(0.01)
    with desk.open("wb") as cable:
        cable.write(bytes((0x90, 36, 1, 0xB0, 7, 127, 7, 64)))
    while board.playback.grand_master == 1.0 or board.playback.lists[0].current != "1":
        assert daemon.night.clock.now() < 10
        await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await task == 0
    assert board.playback.grand_master == 64 / 127


@pytest.mark.slow
async def test_time_code_in_the_sound_plays_a_list(night, tmp_path):
    """Silence on the left, LTC on the right, through the real process of the ear; both cues fire in their order."""
    import soundfile

    code = play(tape(90_000, 75, Rate.PAL), Rate.PAL)
    soundfile.write(tmp_path / "striped.wav", np.stack([np.zeros_like(code), code], axis=1), 48_000)
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    venue.write_text(venue.read_text() + "audio: {ltc: 2}\n")
    film = "film: {timecode: ltc, fps: 25, offset: 1:00:00, cues: ["
    film += "{cue: 1, at: 0:00.5, set: {face: {intensity: 10%}}}, {cue: 2, at: 00:00:01:12, set: {face: {intensity: full}}}]}"
    show.write_text(init.SHOW + f"lists: {{{film}}}\n")
    daemon = night(loaded=load(venue, show), audio=f"file:{tmp_path / 'striped.wav'}")
    task = asyncio.create_task(daemon.live())
    seen: list[str | None] = []
    while "2" not in seen:
        assert daemon.night.clock.now() < 20
        await asyncio.sleep(0.01)
        if daemon.night.board.playback is not None:
            current = next(one.current for one in daemon.night.board.playback.lists if one.name == "film")
            seen += [current] if current not in seen else []
    os.kill(os.getpid(), signal.SIGTERM)
    assert await task == 0
    assert seen[-2:] == ["1", "2"]


@pytest.mark.slow
async def test_a_closed_terminal_does_not_end_the_show(night):
    daemon = night(seconds=0.3)
    task = asyncio.create_task(daemon.live())
    await asyncio.sleep(0)
    assert signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL
    os.kill(os.getpid(), signal.SIGHUP)
    assert await task == 0


@pytest.mark.slow
async def test_a_disk_that_hangs_does_not_hold_up_the_light(night, tmp_path):
    daemon, gate = night(), threading.Event()
    write, night_goes_on = daemon.recorder.journal.write_down, []
    daemon.recorder.journal.write_down = lambda: gate.wait(10) and write()
    task = asyncio.create_task(daemon.live())
    await asyncio.sleep(0)
    daemon.night.ticker.emit(Go(time=0.0, source="test"))
    while not (daemon.recorder.writing.locked() and len(night_goes_on) > 10):
        assert daemon.night.clock.now() < 10
        if daemon.recorder.writing.locked() and daemon.night.ticker.ticks not in night_goes_on:
            night_goes_on.append(daemon.night.ticker.ticks)
        await asyncio.sleep(0.01)
    gate.set()
    os.kill(os.getpid(), signal.SIGTERM)
    assert await task == 0
    assert '"type": "go", "source": "test"' in (tmp_path / "state" / "journal" / "journal-000001.jsonl").read_text()


def test_a_fader_that_moves_is_one_line(night, caplog):
    tell = night().night.tell
    caplog.set_level("INFO")
    for i in range(100):
        tell(Happened(float(i) / 100, "master", (("submaster", None), ("level", i / 100), ("source", "osc:10.0.0.7"))))
    tell(Happened(1.0, "master", (("submaster", "haze"), ("level", 0.5), ("source", "osc:10.0.0.7"))))
    assert [record.getMessage().split()[-2] for record in caplog.records] == ["level=0", "level=0.5"]


def test_a_journal_that_can_be_written_again_is_well(night):
    daemon = night()
    daemon.recorder.report()
    assert "journal" not in daemon.night.board.health
    daemon.recorder.journal.fault = "the disk is full"
    daemon.recorder.report()
    assert daemon.night.board.health["journal"].state is State.DEGRADED
    daemon.recorder.journal.fault = ""
    daemon.recorder.report()
    assert daemon.night.board.health["journal"].state is State.RUNNING


@pytest.mark.slow
def test_a_venue_without_a_pa_pays_nothing_for_it():
    code = "import sys, showctl.app; print([m for m in ('scipy', 'showctl.pa', 'showctl.outputs.pa') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.slow
def test_a_show_without_tracks_pays_nothing_for_them():
    code = "import sys, showctl.app; print([m for m in ('showctl.playing', 'showctl.mapping', 'soundfile') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


async def test_a_venue_without_a_pa_has_no_parts_for_it_and_refuses_what_is_asked_of_it(night):
    daemon = night()
    task = asyncio.create_task(daemon.room.run())
    await asyncio.sleep(0)
    assert daemon.room.pa is None
    task.cancel()
    with pytest.raises(WireError, match="there is no equaliser yet"):
        await daemon.room.ask(EqCommand(time=0.0, source="test", do="apply"))
    assert daemon.doors.polled == {}


@pytest.mark.slow
async def test_a_venue_with_a_pa_hears_decides_and_tells_why_nothing_moves(night, loaded):
    pa = PaPlan(
        programme=(1,),
        zones=(PaZone("main", (1, 2), "main", 6, "x32"),),
        microphones=(PaMicrophone("left", 2),),
        console="x32",
        host="127.0.0.1",
        port=9,  # nobody answers there
        card_in="no such card",
        target="flat",
    )
    daemon = night(replace(loaded, plan=replace(loaded.plan, pa=pa)))
    task = asyncio.create_task(daemon.live())
    health = daemon.night.board.health
    await eventually(lambda: "has not answered" in getattr(health.get("pa"), "detail", ""), "the reason")
    await eventually(lambda: {"pa", "console", "room"} <= set(health), "all of its parts")
    with pytest.raises(WireError, match="apply was refused: the console has not been read yet"):
        await daemon.room.ask(EqCommand(time=0.0, source="test", do="apply"))
    room, console = daemon.room.pa.room, daemon.room.pa.console
    daemon.night.plan = replace(daemon.night.plan, pa=replace(pa, mode="off", gain=(-6.0, 0.0)))
    daemon.room.changed.set()
    await eventually(lambda: health["pa"].detail.startswith("off"), "the new mode")
    assert (daemon.room.pa.room, daemon.room.pa.console) == (room, console), "what did not change goes on"
    assert daemon.room.pa.console._dialogue.limits.gain == (-6.0, 0.0)
    daemon.night.plan = replace(daemon.night.plan, pa=None)
    daemon.room.changed.set()
    await eventually(lambda: not {"pa", "console", "room"} & set(health), "their end")
    await eventually(lambda: daemon.night.board.room is None, "nothing is shown of it")
    daemon.night.plan = replace(daemon.night.plan, pa=pa)
    daemon.room.changed.set()
    await eventually(lambda: {"pa", "console", "room"} <= set(health), "all of its parts again")
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(task, 30) == 0


async def test_a_target_that_cannot_be_read_costs_the_equaliser_and_nothing_else(night, loaded, tmp_path):
    pa = PaPlan(zones=(PaZone("main", (1,)),), console="internal", target=str(tmp_path / "none.txt"))
    daemon = night(replace(loaded, plan=replace(loaded.plan, pa=pa)))
    task = asyncio.create_task(daemon.room.run())
    await eventually(lambda: "none.txt" in getattr(daemon.night.board.health.get("pa"), "detail", ""), "the reason")
    assert daemon.room.pa.parts() == {}
    (tmp_path / "none.txt").write_text("100 0\n1000 0\n")
    daemon.room.changed.set()
    await eventually(lambda: set(daemon.room.pa.parts()) == {"equaliser", "pa"}, "the file is there now")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    daemon.room.pa.console.end()


LATE = {"showctl.pa", "showctl.performing.performers", "showctl.playing.tracks", "showctl.remote.mqtt"}
SEEN_LOADING = """
import sys, threading
from showctl.__main__ import main

class Look:
    @staticmethod
    def find_spec(name, *_):
        if name in sys.argv[1].split(","):
            print(name, threading.current_thread() is threading.main_thread(), flush=True)

sys.meta_path.insert(0, Look)
main(sys.argv[2:])
"""
OF_SOME = """
wearables: {band: {profile: ngimu, address: 10.0.0.21, performer: anna}}
pa: {console: {type: x32, address: 127.0.0.1}, zones: {main: {out: [1, 2], console: main}}}
mqtt: {host: 127.0.0.1, port: 9}
"""


@pytest.mark.slow
def test_what_only_some_venues_need_is_loaded_in_a_thread_and_the_loop_goes_on(loaded: Loaded, tmp_path: Path) -> None:
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    venue.write_text(venue.read_text() + OF_SOME)
    show.write_text(f"{show.read_text()}\ntracks: {{song: song.wav}}\nsetlist: [song]\ngestures: {{next: button 2}}\n")
    soundfile.write(tmp_path / "song.wav", np.zeros((48_000, 2)), 48_000)
    words = ["run", str(venue), str(show), "--http", "127.0.0.1:0", "--osc", "127.0.0.1:0", "--sacn", "off", "--seconds", "3"]
    command = [sys.executable, "-c", SEEN_LOADING, ",".join(LATE), *words, "--state", str(tmp_path / "state")]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert {line for line in said.splitlines() if line.startswith("showctl.")} == {f"{name} False" for name in LATE}, said
