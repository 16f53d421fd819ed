"""`showctl room measure` on the command line: what it says, saves and refuses (the real thing: tests/real/test_room_sound.py)."""

import json
import os
import signal
import sys

import numpy as np
import pytest
import soundfile

from showctl import measure
from showctl.__main__ import main
from showctl.commands import room_measure
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
    assert (folder / "left-front.svg").read_text().startswith("<svg")
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
    assert "stopped by hand" in capsys.readouterr().err
    assert hall.levels == []


def test_a_summary_that_cannot_be_read_is_told_and_written_anew(tmp_path, capsys):
    for text in ("{", "[]", '{"responses": [{}]}', '{"responses": [{"arrival": {"x": 1}, "microphone": "m", "zone": "z"}]}'):
        (tmp_path / "measurement.json").write_text(text)
        assert room_measure._earlier(tmp_path) == {}
        assert "is written anew" in capsys.readouterr().err
    assert room_measure._earlier(tmp_path / "none") == {}


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
