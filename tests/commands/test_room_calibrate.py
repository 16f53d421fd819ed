"""`showctl room calibrate`: what it makes of a calibrator, and of what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from showctl.__main__ import main
from showctl.analysis.room.level import LevelMeter
from showctl.config.load import load_pa
from showctl.model import AudioBlock, DeviceError
from showctl.sound import portaudio

RATE = 48_000
VENUE = """showctl: 1
kind: venue
name: Hall
pa:
  in: Scarlett
  microphones:
    front: {in: 1}
    back:
      in: 3
      sensitivity: -28dB
  spl_limit: {lcpeak: 135dB}
"""


def tone(level: float, freq: float = 1000.0, seconds: float = 6.0, noise: float = 1e-4) -> np.ndarray:
    """(frames,) a sine of so many dBFS RMS, and noise."""
    at = np.arange(round(seconds * RATE)) / RATE
    sine = np.sqrt(2) * 10 ** (level / 20) * np.sin(2 * np.pi * freq * at)
    return sine + noise * np.random.default_rng(1).normal(size=len(at))


class Card:
    """A sound card: what its inputs bring; asked for is how many of them are to be opened."""

    def __init__(self) -> None:
        self.inputs: dict[int, np.ndarray] = {}
        self.there, self.lost, self.asked, self.closed = 4, 0, ("", 0), False

    def blocks(self, wanted, channels=2):
        self.asked = (wanted, channels)
        if wanted != "Scarlett":
            raise DeviceError("there is no sound input")
        width = min(channels, self.there)
        length = max((len(one) for one in self.inputs.values()), default=RATE)
        try:
            for at in range(0, length, 480):
                samples = np.zeros((480, width), np.float32)
                for channel, sound in self.inputs.items():
                    if channel <= width:
                        samples[:, channel - 1] = np.clip(sound[at : at + 480], -1, 1)
                yield AudioBlock(at, samples, RATE, self.lost if at == 4 * RATE else 0)
        finally:
            self.closed = True


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    card = Card()
    monkeypatch.setattr(portaudio, "device_blocks", card.blocks)
    return card


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    path = tmp_path / "hall.yaml"
    path.write_text(VENUE)
    return path


def ran(venue: Path, *words: str) -> int:
    return main(["room", "calibrate", str(venue), *words])


@pytest.mark.parametrize("level", [94, 114])
def test_the_line_for_the_venue_file_and_its_place_are_told_and_a_meter_reads_the_calibrator(
    venue: Path, card: Card, capsys: pytest.CaptureFixture[str], level: int
) -> None:
    sound = tone(-31.4 + level - 94)
    card.inputs = {3: sound}
    assert ran(venue, "--microphone", "back", "--level", str(level)) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[-2:] == [f"{venue}:10: to back, in place of -28dB write", "  sensitivity: -31.4dB"]
    assert venue.read_text() == VENUE, "it is the engineer's"
    assert card.asked == ("Scarlett", 3)
    assert card.closed
    venue.write_text(VENUE.replace("sensitivity: -28dB", out[-1].strip()))
    plan = load_pa(venue)
    assert plan is not None
    sensitivity = plan.microphones[1].sensitivity
    assert sensitivity is not None
    meter = LevelMeter(RATE, 94.0 - sensitivity)  # as the process that hears the room has it
    assert meter.feed(AudioBlock(0, sound[:, None].astype(np.float32), RATE))[-1].laeq_1 == pytest.approx(level, abs=0.1)


def test_where_nothing_is_written_yet_the_microphone_is_the_place(
    venue: Path, card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    card.inputs = {1: tone(-45.0)}
    assert ran(venue, "--microphone", "front") == 0
    out = capsys.readouterr().out
    assert f"{venue}:7: to front write\n  sensitivity: -45.0dB\n" in out
    assert "clips at peaks of 139 dB" in out
    assert "below the limit" not in out
    card.inputs = {1: tone(-20.0)}
    assert ran(venue, "--microphone", "front") == 0
    assert "below the limit of 135 dB(C): turn its gain down by 24 dB" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (tone(-30, freq=250.0), "the calibrator's 1 kHz is not what is heard most"),
        (tone(-60, noise=0.003), "the calibrator's 1 kHz is not what is heard most"),
        (tone(1.0), "clips with the calibrator on"),
        (tone(-30) * np.repeat([1.0, 0.8], 3 * RATE), "wavers by 1.9 dB"),
        (np.zeros(6 * RATE), "is it on"),
    ],
)
def test_what_is_no_steady_tone_gives_no_line(
    venue: Path, card: Card, capsys: pytest.CaptureFixture[str], sound: np.ndarray, said: str
) -> None:
    card.inputs = {1: sound}
    assert ran(venue, "--microphone", "front") == 1
    out, err = capsys.readouterr()
    assert "front (input 1): " in err
    assert said in err
    assert "sensitivity" not in out


def test_lost_sound_a_missing_card_and_wrong_words_are_told(venue: Path, card: Card, capsys: pytest.CaptureFixture[str]) -> None:
    card.inputs, card.lost = {1: tone(-30)}, 512
    assert ran(venue, "--microphone", "front") == 1
    assert "512 audio frames were lost" in capsys.readouterr().err
    card.there = 2
    assert ran(venue, "--microphone", "back") == 69
    assert "the card has 2 inputs, the venue file wants number 3" in capsys.readouterr().err
    assert ran(venue, "--microphone", "bakc") == 2
    assert "there is no microphone 'bakc'; there is front, back" in capsys.readouterr().err
    venue.write_text(VENUE.replace("Scarlett", "other"))
    assert ran(venue, "--microphone", "front") == 69
    assert "there is no sound input" in capsys.readouterr().err
    venue.write_text(VENUE[: VENUE.index("pa:")])
    assert ran(venue, "--microphone", "front") == 78
    assert "names no `pa` with microphones" in capsys.readouterr().err
