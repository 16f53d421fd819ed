"""A night with songs of its own: the daemon as people start it, over JACK without a card, and another program that records."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pythonosc.osc_message_builder import OscMessageBuilder

from .conftest import free_port, need, process, until
from .jack import connect, ports
from .jack import jack as server

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
RATE, PERIOD, BEAT = 48_000, 256, 0.5

VENUE = """\
showctl: 1
kind: venue
name: Hall
universes: {1: {to: 127.0.0.1}}
fixtures: {lamp: {type: generic/dimmer, at: 1/1}}
groups: {lamps: [lamp]}
"""
SHOW = """\
showctl: 1
kind: show
name: Songs
cues: [{cue: 1, set: {lamps: {intensity: 20%}}}, {cue: 2, set: {lamps: {intensity: 50%}}, play: second}]
tracks:
  first: {file: first.wav, tempo: 120 bpm, markers: {solo: bar 5}}
  second: {file: second.wav, tempo: 120 bpm}
setlist: [{track: first, then: next}, second]
"""


class Night:
    def __init__(self, folder):
        self.folder, self.page, self.osc = folder, free_port(), free_port(socket.SOCK_DGRAM)

    @contextmanager
    def daemon(self):
        words = [sys.executable, "-m", "showctl", "run", self.folder / "venue.yaml", self.folder / "show.yaml", "--audio", "none"]
        words += ["--sacn", "off", "--http", f"127.0.0.1:{self.page}", "--osc", f"127.0.0.1:{self.osc}"]
        with process([*words, "--state", self.folder / "state"]) as running:
            running.wait_for("the page is at", 60)
            until(lambda: (self.player() or {}).get("state") == "running", 60, "the sound card")
            until(lambda: self.track()["standby"] is not None, 30, "the set list")
            yield running

    def get(self, path):
        page = http.client.HTTPConnection("127.0.0.1", self.page, timeout=10)
        try:
            page.request("GET", path)
            return json.loads(page.getresponse().read())
        finally:
            page.close()

    def player(self):
        return next((part for part in self.get("/api/health")["parts"] if part["name"] == "player"), None)

    def track(self):
        return self.get("/api/state")["track"]

    def send(self, address, *values):
        message = OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(message.build().dgram, ("127.0.0.1", self.osc))

    @contextmanager
    def recorded(self, seconds=90):
        """Yields a function that ends the recording: (frames, channels), and (first frame, monotonic s) of each block."""
        known = set(ports())
        with process([sys.executable, "-m", "tests.real.record", self.folder, 2, seconds]) as recorder:
            recorder.wait_for("^ready", 60)
            inputs = sorted(name for name in set(ports()) - known if ":in_" in name)
            outputs = sorted(name for name in known if name.startswith("PortAudio") and ":out_" in name)
            for one, other in zip(outputs, inputs, strict=True):
                connect(one, other)

            def heard():
                (self.folder / "enough").touch()
                recorder.wait(60)
                return np.load(self.folder / "heard.npy"), np.load(self.folder / "blocks.npy")

            yield heard


@pytest.fixture
def songs(tmp_path):
    """A show with two songs, and no sound server yet."""
    need("jackd", "jack_lsp", "jack_connect")
    for seed, name in enumerate(("first", "second")):
        sound = 0.1 * np.random.default_rng(seed).standard_normal((12 * RATE, 2)).astype(np.float32)
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE, subtype="FLOAT")
    (tmp_path / "venue.yaml").write_text(VENUE)
    (tmp_path / "show.yaml").write_text(SHOW)
    return Night(tmp_path)


def jack(strict=True):
    """The server of these tests: when it is started again it is the same one to its clients."""
    return server(f"showctl-songs-{os.getpid()}", 2, PERIOD, strict)


@pytest.fixture
def night(songs):
    with jack():
        yield songs


def begins(heard, folder, name):
    """Frame of the recording with the first sample of a track."""
    sound, _ = soundfile.read(folder / f"{name}.wav", dtype="float32")
    [at] = np.flatnonzero((heard[:, 0] == sound[0, 0]) & (heard[:, 1] == sound[0, 1]))
    return int(at), sound


def test_a_song_is_heard_as_it_is_and_the_light_has_its_beat(night):
    with night.daemon(), night.recorded() as recorded:
        until(lambda: night.track()["standby"] == "first", 10, "the first song to stand by")
        night.send("/showctl/track/play")
        until(lambda: night.track()["position"] > 2.0, 60, "some music")
        looks = []
        while night.track()["position"] < 11.0:
            looks.append(night.get("/api/state"))
            time.sleep(0.02)
        latency = night.player()["counters"]["latency"]
        until(lambda: night.track()["track"] == "second", 30, "the second song")
        night.send("/showctl/stop")
        until(lambda: night.track()["state"] == "stopped", 10, "silence")
        heard, blocks = recorded()
    at, sound = begins(heard, night.folder, "first")
    assert np.array_equal(heard[at : at + len(sound)], sound)
    assert begins(heard, night.folder, "second")[0] == at + len(sound), "sample to sample"
    off = []
    for look in looks:
        moment = look["origin"] + look["time"]
        if (zero := frame_zero(blocks, moment)) is not None:
            true = (moment - latency - zero - at / RATE) / BEAT
            off.append((look["beat"]["position"] - true + 0.5) % 1.0 - 0.5)
            assert look["beat"]["confidence"] == 1.0
    print(f"\nthe beat of the light beside that of the sound: {1e3 * BEAT * np.median(off):.1f} ms, {len(off)} of {len(looks)}")
    assert len(off) > 20, "or the server stood still all the time"
    assert abs(np.median(off)) * BEAT < 0.015


def frame_zero(blocks, moment):
    """When (monotonic s) frame 0 of the recording would have come in, as the server went on around a moment; None where it stood
    still then: all sound is later for good from there on, and whoever tells its time has to find that out first."""
    near = blocks[(blocks[:, 1] > moment - 1.5) & (blocks[:, 1] < moment + 0.3)]
    came = [(part[:, 1] - part[:, 0] / RATE).min() for part in np.array_split(near, 9) if len(part)]
    return min(came) if len(came) == 9 and max(came) - min(came) < 0.5 * PERIOD / RATE else None


def test_a_cue_begins_a_song_and_a_jump_waits_for_the_bar(night):
    with night.daemon():
        night.send("/showctl/go")
        until(lambda: night.get("/api/state")["playback"]["lists"][0]["current"] == "1", 10, "the first cue")
        assert night.track()["state"] == "stopped"
        until(lambda: night.get("/api/state")["playback"]["lists"][0]["state"] == "idle", 10, "the guard of GO to be over")
        night.send("/showctl/goto", "2")
        until(lambda: night.track()["track"] == "second", 10, "the song of the cue")
        night.send("/showctl/track/play", "first")
        until(lambda: night.track()["beats_known"] and night.track()["position"] > 1.0, 60, "the other song, and its beats")
        night.send("/showctl/track/jump/bar", "solo")
        until(lambda: night.track()["position"] > 8.0, 10, "the solo")
        assert night.track()["bar"] >= 5


def test_after_a_crash_the_song_is_paused_where_it_was(night):
    with night.daemon() as first:
        night.send("/showctl/track/play")
        until(lambda: night.track()["position"] > 3.0, 30, "some music")
        until(lambda: "playing" in (night.folder / "state" / "tracks.json").read_text(), 10, "it to be on disk")
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    until(lambda: not any(name.startswith("PortAudio") for name in ports()), 30, "the player to end with its daemon")
    with night.daemon():
        found = night.track()
        assert (found["state"], found["track"]) == ("paused", "first")
        assert found["position"] >= 2.0
        night.send("/showctl/track/resume")
        until(lambda: night.track()["position"] > found["position"] + 0.5, 20, "it to go on")


def test_a_card_that_goes_away_is_looked_for_and_the_song_waits_where_it_was(songs):
    with jack() as card, songs.daemon() as running:
        songs.send("/showctl/track/play")
        until(lambda: songs.track()["position"] > 2.0, 30, "some music")
        card.end(30)
        until(lambda: songs.player()["state"] == "degraded", 60, "to be told that the card is gone")
        until(lambda: songs.track()["state"] == "paused", 60, "the song to wait")
        running.wait_for("player: the player has ended: .* has gone away: .*; it is started again", 30)
        stood = songs.track()["position"]
        assert stood > 1.0
        with jack():
            until(lambda: songs.player()["state"] == "running", 90, "the card")
            assert songs.track()["state"] == "paused", "nothing sounds by itself"
            songs.send("/showctl/track/resume")
            until(lambda: songs.track()["position"] > stood + 0.5, 20, "it to go on")


def player_of(daemon):
    """The process that plays."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            parent = int((path.parent / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == daemon.pid and b"showctl.sound.player.process" in path.read_bytes():
                return int(path.parent.name)
    return None


def test_a_player_that_is_killed_says_how_it_ended_and_the_song_waits_where_it_was(songs):
    with jack(strict=False), songs.daemon() as running:  # one that waits for its clients waits for a dead one as well
        songs.send("/showctl/track/play")
        until(lambda: songs.track()["position"] > 2.0, 60, "some music")
        os.kill(player_of(running), signal.SIGKILL)
        until(lambda: songs.track()["state"] == "paused", 30, "the song to wait")
        stood = songs.track()["position"]
        assert stood > 1.5
        running.wait_for(r"player: the player's process was ended by a signal \(SIGKILL\).*it is started again", 30)
        songs.send("/showctl/track/seek", stood + 1.0)
        until(lambda: abs(songs.track()["position"] - stood - 1.0) < 0.01, 10, "to be put elsewhere meanwhile")
        until(lambda: songs.player()["state"] == "running", 60, "the next player")
        assert songs.player()["counters"]["ended"] == 1
        assert songs.track()["state"] == "paused", "nothing sounds by itself"
        songs.send("/showctl/track/resume")
        until(lambda: songs.track()["position"] > stood + 1.5, 20, "it to go on")


@pytest.mark.parametrize("whose", ["server", "player"])
def test_a_song_goes_on_after_a_standstill_and_the_hole_is_counted(songs, whose):
    with jack(strict=False) as card, songs.daemon() as running:
        songs.send("/showctl/track/play")
        until(lambda: songs.track()["position"] > 1.0, 60, "some music")
        before = songs.player()["counters"]["lost"]
        pid = card.pid if whose == "server" else player_of(running)
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(1.5)
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: songs.player()["counters"]["lost"] > before, 20, "the hole to be counted")
        stood = songs.track()["position"]
        until(lambda: songs.track()["position"] > stood + 0.5 or songs.track()["track"] == "second", 20, "it to go on")
        assert songs.track()["state"] == "playing"
        assert songs.player()["counters"]["ended"] == 0
        assert songs.player()["state"] == "running"
