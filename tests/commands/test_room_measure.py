"""`showctl room measure` on the command line: what it says, saves and refuses (the real thing: tests/real/test_room_sound.py)."""

import errno
import json
import os
import re
import signal
import sys
from typing import ClassVar
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from showctl import measure, measured
from showctl.__main__ import main
from showctl.analysis.room.microphone import Calibration
from showctl.commands import room_measure
from showctl.plan import PaMicrophone
from showctl.sound import duplex
from showctl.sound.portaudio import DeviceGone
from tests.test_measure import WELL, Hall

VENUE = """showctl: 1
kind: venue
name: Hall
pa:
  in: no such card
  zones:
    left: {out: [1]}
    right: {out: [2]}
  microphones:
    front: {in: 1}
    back: {in: 4}
"""


@pytest.fixture
def venue(tmp_path):
    path = tmp_path / "hall.yaml"
    path.write_text(VENUE)
    return path


@pytest.fixture
def hall(monkeypatch):
    """A reckoned room in place of the sound card, and no waiting."""
    hall = Hall(dict(WELL))

    class Card:
        rate, device, lost, fault, way = 48_000, "card (ALSA)", 0, "", 0.02

        def __init__(self, comes, goes, inputs, outputs):
            self.asked = (comes, goes, inputs, outputs)

        def play(self, take):
            if take is not None:
                hall(take)

        def tend(self):
            pass

        def close(self):
            pass

    monkeypatch.setattr(duplex, "Duplex", Card)
    monkeypatch.setattr(measure, "TAIL_S", 1.0)
    monkeypatch.setattr(measure, "SILENCE_S", 1.0)
    monkeypatch.setattr(room_measure, "BEGINS_S", 0.0)
    return hall


def ran(*words):
    return main(["room", "measure", *map(str, words)])


def test_a_dry_run_says_all_and_touches_nothing(venue, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert ran(venue, "--dry-run", "--limit", "-20", "--zone", "right") == 0
    said = capsys.readouterr().out
    assert "right: sweeps of 6 s into output 2" in said
    assert "to -20 dB at most" in said
    assert "left" not in said
    assert not (venue.parent / "hall-room").exists()


@pytest.mark.slow
def test_it_saves_responses_pictures_and_a_summary_that_the_next_one_reads(venue, hall, capsys):
    assert ran(venue, "--seconds", "1") == 0
    folder = venue.parent / "hall-room"
    summary = json.loads((folder / "measurement.json").read_text())
    assert [(one["zone"], one["microphone"]) for one in summary["responses"]] == [
        ("left", "front"),
        ("left", "back"),
        ("right", "front"),
        ("right", "back"),
    ]
    first = summary["responses"][0]
    assert first["arrival"]["time"] == pytest.approx(0.01, abs=1e-4)
    assert first["octaves"][3]["t20"] == pytest.approx(0.5, rel=0.1)
    assert 0 < first["sti"] < 1
    info = soundfile.info(folder / first["file"])
    assert (info.subtype, info.samplerate, info.channels) == ("FLOAT", 48_000, 1)
    assert {path.name for path in folder.iterdir()} == {
        "measurement.json",
        *(f"{one}@{other}.{kind}" for one in ("left", "right") for other in ("front", "back") for kind in ("wav", "svg")),
        *("left.svg", "right.svg"),
    }
    for path in folder.glob("*.svg"):
        ElementTree.fromstring(path.read_text())
    said = capsys.readouterr().out
    assert re.search(r"^noise at front: -8\d dBFS, unknown in dB\(A\)", said, re.MULTILINE)
    assert re.search(r"^left at front: T20 0\.\d\d s, C80 \d+\.\d dB, STI 0\.\d\d$", said, re.MULTILINE)
    capsys.readouterr()
    hall.responses[0, 0] = np.concatenate((np.zeros(96), WELL[0, 0]))  # the microphone has been put elsewhere
    assert ran(venue, "--seconds", "1") == 1
    assert "look after: front has moved" in capsys.readouterr().err


@pytest.mark.slow
def test_clipping_ends_it_and_what_was_measured_is_saved(venue, hall, capsys):
    hall.events[3] = lambda heard: np.ones_like(heard)
    assert ran(venue, "--seconds", "1") == 130
    assert "clipped at" in capsys.readouterr().err
    assert json.loads((venue.parent / "hall-room" / "measurement.json").read_text())["stopped"].startswith(
        "front and back clipped"
    )


@pytest.mark.slow
def test_a_card_that_goes_away_ends_it_and_what_was_measured_is_saved(venue, hall, capsys):
    def gone(_):
        raise DeviceGone("card (ALSA) has gone away")

    hall.events[3] = gone
    assert ran(venue, "--seconds", "1") == 69
    assert "has gone away; what was measured until then is in" in capsys.readouterr().err
    assert json.loads((venue.parent / "hall-room" / "measurement.json").read_text())["stopped"].startswith("card")


def test_a_hand_ends_it_before_anything_is_played(venue, hall, monkeypatch, capsys):
    def told(text):
        print(text)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(room_measure, "BEGINS_S", 5.0)
    monkeypatch.setattr(room_measure, "_tell", told)
    assert ran(venue) == 130
    assert "stopped by hand; nothing was measured" in capsys.readouterr().err
    assert hall.levels == []


@pytest.mark.slow
def test_a_disk_that_is_full_is_said(venue, hall, monkeypatch, capsys):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(measured, "_write", full)
    assert ran(venue, "--seconds", "1") == 2
    assert "hall-room: No space left on device" in capsys.readouterr().err


def test_a_summary_that_cannot_be_read_is_told_and_kept_aside(tmp_path):
    for text in ("{", "[]", '{"responses": []}', '{"responses": [], "zones": [], "placed": [{"arrival": {"x": 1}}]}'):
        (tmp_path / "measurement.json").write_text(text)
        found, said = measured.earlier(tmp_path)
        assert not found
        assert "is kept as measurement.unread.json" in said
        assert (tmp_path / "measurement.unread.json").read_text() == text
        assert not (tmp_path / "measurement.json").exists()
    assert measured.earlier(tmp_path / "none") == ({}, "")


@pytest.mark.slow
def test_one_zone_measured_again_leaves_the_others_as_they_were(venue, hall, capsys):
    assert ran(venue, "--seconds", "1") == 0
    folder = venue.parent / "hall-room"
    before = json.loads((folder / "measurement.json").read_text())
    for one in (*before["zones"], *before["responses"], *before["noise"]):
        one["measured"] = "2026-01-01T12:00:00+01:00"
    (folder / "measurement.json").write_text(json.dumps(before))
    wav = (folder / "left@front.wav").read_bytes()
    capsys.readouterr()
    hall.responses = {key: np.concatenate((np.zeros(480), sound)) for key, sound in WELL.items()}  # another delay of the card
    assert ran(venue, "--seconds", "1", "--zone", "right") == 1
    said = capsys.readouterr()
    assert "2 of earlier measurements stay there" in said.out
    assert "has moved" in said.err  # one zone alone cannot tell the card from the room
    after = json.loads((folder / "measurement.json").read_text())
    assert [(one["zone"], one["microphone"]) for one in after["responses"]] == [
        (one["zone"], one["microphone"]) for one in before["responses"]
    ]
    assert after["responses"][:2] == before["responses"][:2]
    assert after["zones"][0] == before["zones"][0]
    assert {one["measured"] for one in after["responses"][2:]} == {after["measured"]}
    assert (folder / "left@front.wav").read_bytes() == wav
    hall.responses = dict(WELL)
    assert ran(venue, "--seconds", "1") == 0, "what was measured in two runs is not compared as if it were one"
    assert not list(folder.glob("*.new"))


@pytest.mark.slow
def test_zones_that_the_venue_no_longer_names_do_not_say_where_the_microphones_stand(venue, hall):
    def placed():
        summary = json.loads((venue.parent / "hall-room" / "measurement.json").read_text())
        return [(one["zone"], one["microphone"]) for one in summary["placed"]]

    assert ran(venue, "--seconds", "1") == 0
    assert placed() == [("left", "front"), ("left", "back"), ("right", "front"), ("right", "back")]
    assert ran(venue, "--seconds", "1", "--zone", "right") == 0
    assert len(placed()) == 4, "the venue has both zones still"
    venue.write_text(VENUE.replace("left: {out: [1]}", "").replace("right:", "main:"))
    assert ran(venue, "--seconds", "1") == 0
    assert placed() == [("main", "front"), ("main", "back")]
    hall.responses = {key: np.concatenate((np.zeros(480), sound)) for key, sound in WELL.items()}
    venue.write_text(VENUE.replace("left: {out: [1]}", "").replace("right:", "main:").replace("back:", "rear:"))
    assert ran(venue, "--seconds", "1", "--zone", "main") == 1, "front is 10 ms later than in the last measurement"
    assert placed() == [("main", "front"), ("main", "rear")]


def test_names_with_dashes_do_not_meet_in_one_file(venue, hall):
    text = VENUE.replace("left:", "a:").replace("right:", "a-b:").replace("front:", "b-c:").replace("back:", "c:")
    venue.write_text(text)
    assert ran(venue, "--seconds", "1") == 0
    summary = json.loads((venue.parent / "hall-room" / "measurement.json").read_text())
    assert len({one["file"] for one in summary["responses"]}) == 4


@pytest.mark.slow
def test_a_calibration_is_taken_out_of_what_is_saved_and_told(venue, hall, capsys):
    (venue.parent / "front.cal").write_text("1000 0\n10000 2\n")
    assert ran(venue, "--seconds", "1") == 0
    folder = venue.parent / "hall-room"
    raw, rate = soundfile.read(folder / "left@front.wav")
    capsys.readouterr()
    hall.rng = np.random.default_rng(7)
    venue.write_text(VENUE.replace("front: {in: 1}", "front: {in: 1, calibration: front.cal, sensitivity: -40dB}"))
    assert ran(venue, "--seconds", "1") == 0
    said = capsys.readouterr().out
    noisy = r"STI 0\.\d\d \(0\.\d\d with the noise, speech being 70 dB\(A\)\)"
    assert re.search(rf"^left at front: .*, {noisy}, calibration of front.cal taken out$", said, re.MULTILINE)
    assert re.search(r"^noise at front: -\d+ dBFS, 5\d dB\(A\)$", said, re.MULTILINE)
    flat, _ = soundfile.read(folder / "left@front.wav")
    freqs = np.fft.rfftfreq(len(raw), 1 / rate)
    ratio = 20 * np.log10(np.abs(np.fft.rfft(flat)) / np.abs(np.fft.rfft(raw)))
    levels = [np.median(ratio[(freqs > 0.97 * f) & (freqs < 1.03 * f)]) for f in (400, 3162, 10_000, 15_000)]
    assert levels == pytest.approx([0, -1, -2, -2], abs=0.1)
    summary = json.loads((folder / "measurement.json").read_text())
    assert [(one["calibrated"], one["calibration"]) for one in summary["responses"][:2]] == [
        (True, str(venue.parent / "front.cal")),
        (False, None),
    ]
    assert main(["room", "fit", "--ir", str(folder / "left@front.wav"), "--calibration", str(venue.parent / "front.cal")]) == 2
    assert "has been taken out of it" in capsys.readouterr().err
    (venue.parent / "front.cal").write_text("no curve\n")
    assert ran(venue) == 78
    assert "front.cal:0: no curve in it" in capsys.readouterr().err


@pytest.mark.slow
def test_every_ill_of_a_microphone_is_told_on_the_command_line(venue, hall, capsys):
    """front is noisy, back hears nothing, deaf has no cable, far is set too low; then front has moved."""
    names = "front: {in: 1}\n    back: {in: 2}\n    deaf: {in: 3}\n    far: {in: 4}\n"
    venue.write_text(VENUE[: VENUE.index("front:")] + names)
    silent = {(one, 2): np.zeros(100) for one in range(2)}
    hall.responses = {(out, into): sound for (out, into), sound in WELL.items()} | silent

    def heard(sound):
        sound[:, 0] += 0.01 * np.random.default_rng(1).standard_normal(len(sound))
        sound[:, 2] = 0.0
        return sound

    hall.events = dict.fromkeys(range(200), heard)
    assert ran(venue, "--seconds", "1") == 1
    said = capsys.readouterr().err
    assert "look after: front (input 1) is noisy: -40 dBFS without a sweep" in said
    assert "look after: deaf (input 3) is dead" in said
    assert "look after: back (input 2) hears no zone" in said or "look after: back (input 2) does not hear the sweep" in said
    hall.events = {0: lambda sound: np.ones_like(sound)}
    hall.levels.clear()
    assert ran(venue, "--seconds", "1") == 130
    assert "look after: deaf (input 3) clips while nothing is played" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--limit", "3"], 2, "--limit is -60 to 0 dB"),
        (["--seconds", "0.1"], 2, "--seconds 1 to 60"),
        (["--zone", "balcony"], 2, "there is no zone 'balcony'; there is left, right"),
        ([], 69, "sound"),  # there is no such card, or no PortAudio at all
    ],
)
def test_what_cannot_be_done_is_said_in_words(venue, capsys, words, code, text):
    assert ran(venue, *words) == code
    assert text in capsys.readouterr().err


def test_a_venue_without_a_pa_cannot_be_measured(venue, capsys):
    venue.write_text("showctl: 1\nkind: venue\nname: Hall\n")
    assert ran(venue) == 78
    assert "names no `pa` with zones and microphones" in capsys.readouterr().err
    venue.write_text("showctl: 1\nkind: venue\nname: Hall\npa: 7\n")
    assert ran(venue) == 78


def test_noise_in_decibels_of_sound_pressure_has_the_calibration_taken_out():
    class Quiet:
        rate, noise = 48_000, {"front": 0.001 * np.random.default_rng(1).standard_normal(96_000)}
        calibrations: ClassVar = {}

    front = PaMicrophone("front", 1, sensitivity=-30.0)
    before = measured._noise(front, Quiet, "now")
    Quiet.calibrations = {"front": Calibration(np.array([1000.0, 2000.0]), np.array([3.0, 9.0]))}
    after = measured._noise(front, Quiet, "now")
    changed = after["octaves"] - before["octaves"]
    assert changed[[1, 6]] == pytest.approx([0.0, -6.0], abs=0.2)  # 250 Hz, 8 kHz; the sensitivity was told at 1 kHz
    assert after["dba"] < before["dba"] - 2
    assert after["dbfs"] == before["dbfs"]
