"""Tracks and the set list of a show: what becomes of them, and every mistake at its place."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from showctl.config.load import attempt, check, load
from showctl.config.tracks import Mark, marker, player
from showctl.config.values import Bad
from showctl.plan import Marker, SetEntry, TrackPart, TracksPlan
from showctl.wire import plan as wire

VENUE = """\
showctl: 1
kind: venue
name: Room
universes: {1: {to: 127.0.0.1}}
fixtures: {par: {type: generic/rgbw, mode: drgbw, at: 1/1}}
groups: {wash: [par]}
"""
AUDIO = "audio: {out: {main: [3, 4], click: 1}, player: 'device:X32'}\n"
SHOW = "showctl: 1\nkind: show\ncues: [{cue: 1, set: {wash: {intensity: 5%}}}]\n"
FULL = """\
tracks:
  opener: songs/opener.wav
  ballad:
    file: songs/ballad.wav
    parts: {click: songs/click.wav}
    gain: -6dB
    markers: {solo: 0:01.5, end: bar 3}
    tempo: 120 bpm
    downbeat: 100ms
    beats: 3
setlist: [opener, {track: ballad, then: next, crossfade: 500ms}, {track: opener, then: hold}]
"""
MARK = re.compile("⟦([EW]-[a-z0-9-]+)⟧")


def files(folder: Path, show: str, audio: str = "") -> list[Path]:
    (folder / "songs").mkdir(exist_ok=True)
    sound = 0.1 * np.ones((3 * 48_000, 2), np.float32)
    soundfile.write(folder / "songs" / "opener.wav", sound, 48_000)
    soundfile.write(folder / "songs" / "ballad.wav", sound[: 2 * 48_000], 48_000)
    soundfile.write(folder / "songs" / "click.wav", sound[:, 0], 48_000)
    soundfile.write(folder / "songs" / "wide.wav", sound[:, [0, 0, 0, 0]], 48_000)
    soundfile.write(folder / "songs" / "short.wav", sound[:100], 48_000)
    soundfile.write(folder / "songs" / "endless.flac", sound[:4800], 48_000)
    flac = bytearray((folder / "songs" / "endless.flac").read_bytes())
    flac[21], flac[22:26] = flac[21] & 0xF0, bytes(4)  # how many samples there are: as it went through a pipe
    (folder / "songs" / "endless.flac").write_bytes(flac)
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, (48_000 * 3, 2))
    soundfile.write(folder / "songs" / "cut.flac", noise, 48_000)
    (folder / "songs" / "cut.flac").write_bytes((folder / "songs" / "cut.flac").read_bytes()[:300_000])
    soundfile.write(folder / "songs" / "cut.wav", noise, 48_000)
    (folder / "songs" / "cut.wav").write_bytes((folder / "songs" / "cut.wav").read_bytes()[:300_000])
    (folder / "songs" / "bad.wav").write_text("nothing of a sound")
    (folder / "venue.yaml").write_text(VENUE + audio, encoding="utf-8")
    (folder / "show.yaml").write_text(SHOW + show, encoding="utf-8")
    return [folder / "venue.yaml", folder / "show.yaml"]


def test_all_that_can_be_said_becomes_a_plan_that_goes_over_the_wire(tmp_path: Path) -> None:
    paths = files(tmp_path, FULL, AUDIO)
    assert [str(problem) for problem in check(paths)] == []
    plan = load(*paths).plan
    tracks = plan.tracks
    assert tracks is not None
    assert (tracks.player, tracks.card, tracks.channels) == ("device", "X32", (2, 3, 0))
    opener, ballad = tracks.tracks
    assert opener.parts == (TrackPart(str(tmp_path / "songs/opener.wav"), (0, 1)),)
    assert (opener.length, opener.gain, opener.tempo) == (3.0, 1.0, None)
    assert ballad.parts[1] == TrackPart(str(tmp_path / "songs/click.wav"), (2,))
    assert ballad.length == 3.0
    assert ballad.gain == pytest.approx(0.5012, abs=1e-4)
    assert ballad.markers == (Marker("solo", 1.5), Marker("end", None, 3))
    assert (ballad.tempo, ballad.downbeat, ballad.beats_per_bar) == (120.0, 0.1, 3)
    assert tracks.setlist == (SetEntry("opener"), SetEntry("ballad", "next", 0.5), SetEntry("opener", "hold"))
    assert wire.decode(wire.encode(plan)) == plan


def test_without_a_set_list_all_tracks_are_one_and_without_outputs_main_is_1_and_2(tmp_path: Path) -> None:
    plan = load(*files(tmp_path, "tracks: {b: songs/opener.wav, a: songs/ballad.wav}\n")).plan
    assert isinstance(plan.tracks, TracksPlan)
    assert plan.tracks.setlist == (SetEntry("b"), SetEntry("a"))
    assert plan.tracks.channels == (0, 1)


def test_a_show_without_tracks_has_none(tmp_path: Path) -> None:
    assert load(*files(tmp_path, "")).plan.tracks is None


def test_a_cue_may_begin_a_track(tmp_path: Path) -> None:
    more = "tracks: {opener: songs/opener.wav}\nlists: {songs: {cues: [{cue: 1, play: opener}]}}\n"
    paths = files(tmp_path, more)
    assert load(*paths).plan.lists[1].cues[0].play == "opener"


MISTAKES = {
    "no file": "tracks: {a: ⟦E-missing-file⟧songs/none.wav}\n",
    "no file, long": "tracks: {a: {file: ⟦E-missing-file⟧songs/none.wav}}\n",
    "no sound": "tracks: {a: ⟦E-sound-file⟧songs/bad.wav}\n",
    "endless": "tracks: {a: ⟦E-sound-file⟧songs/endless.flac}\n",
    "cut off": "tracks: {a: ⟦E-sound-file⟧songs/cut.flac}\n",
    "cut off, and still a file that plays": "tracks: {a: ⟦E-sound-file⟧songs/cut.wav}\n",
    "too short": "tracks: {a: {file: ⟦E-sound-file⟧songs/short.wav}}\n",
    "no file named": "tracks: {a: ⟦E-missing-key⟧{gain: 1dB}}\nsetlist: [a]\n",
    "an unknown key": "tracks: {a: {file: songs/opener.wav, ⟦E-unknown-key⟧marker: {}}}\n",
    "an unknown output": "tracks: {a: {file: songs/opener.wav, parts: {⟦E-unknown-output⟧clik: songs/click.wav}}}\n",
    "a part that is missing": "tracks: {a: {file: songs/opener.wav, parts: {click: ⟦E-missing-file⟧songs/no.wav}}}\n",
    "main twice": "tracks: {a: {file: songs/opener.wav, parts: ⟦E-clash⟧{main: songs/click.wav}}}\n",
    "too many channels": "tracks: {a: ⟦W-channels⟧songs/wide.wav}\n",
    "beyond its end": "tracks: {a: {file: songs/opener.wav, markers: {x: ⟦E-range⟧3.5s}}}\n",
    "no place": "tracks: {a: {file: songs/opener.wav, markers: {x: ⟦E-time⟧there}}}\n",
    "a bare place": "tracks: {a: {file: songs/opener.wav, markers: {x: ⟦E-unit⟧12}}}\n",
    "bar nought": "tracks: {a: {file: songs/opener.wav, markers: {x: ⟦E-range⟧bar 0}}}\n",
    "too loud": "tracks: {a: {file: songs/opener.wav, gain: ⟦E-range⟧20dB}}\n",
    "a range of tempo": "tracks: {a: {file: songs/opener.wav, tempo: ⟦E-tempo⟧100-120 bpm}}\n",
    "a downbeat alone": "tracks: {a: {file: songs/opener.wav, ⟦E-clash⟧downbeat: 1s}}\n",
    "an unknown track": "tracks: {opener: songs/opener.wav}\nsetlist: [⟦E-unknown-track⟧opner]\n",
    "an unknown word": "tracks: {a: songs/opener.wav}\nsetlist: [{track: a, then: ⟦E-choice⟧go}]\n",
    "a crossfade into nothing": "tracks: {a: songs/opener.wav}\nsetlist: [{track: a, crossfade: ⟦E-clash⟧1s}]\n",
    "next after the last": "tracks: {a: songs/opener.wav}\nsetlist: [{track: a, then: ⟦E-clash⟧next}]\n",
    "too long a crossfade": "tracks: {a: songs/opener.wav}\nsetlist: [{track: a, then: next, crossfade: ⟦E-range⟧2s}, a]\n",
    "a cue": "tracks: {a: songs/opener.wav}\nlists: {s: {cues: [{cue: 1, play: ⟦E-unknown-track⟧b}]}}\n",
}


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES.keys())
def test_every_mistake_is_told_at_its_place(text: str, tmp_path: Path) -> None:
    wanted, plain, at = [], "", 0
    for match in MARK.finditer(text):
        plain += text[at : match.start()]
        at = match.end()
        line = SHOW.count("\n") + plain.count("\n") + 1
        wanted.append((match[1], line, len(plain) - plain.rfind("\n")))
    paths = files(tmp_path, plain + text[at:], AUDIO)
    found = [(p.code, p.line, p.column) for p in check(paths) if p.path == str(paths[1])]
    assert found == wanted


AUDIOS = {
    "the same channel twice": ("audio: {⟦E-clash⟧out: {main: [1, 2], click: 2}}\n", ""),
    "no main": ("audio: {⟦E-clash⟧out: {click: 3}}\n", ""),
    "no player": ("audio: {player: ⟦E-choice⟧vlc}\n", ""),
}


@pytest.mark.parametrize(("audio", "_"), AUDIOS.values(), ids=AUDIOS.keys())
def test_mistakes_of_the_outputs(audio: str, _: str, tmp_path: Path) -> None:
    [code] = MARK.findall(audio)
    paths = files(tmp_path, "tracks: {a: songs/opener.wav}\n", MARK.sub("", audio))
    assert code in [p.code for p in check(paths)]


PA = "pa: {{out: '{}', console: {{type: internal}}, zones: {{main: {{out: [1, 2]}}}}}}\n"


@pytest.mark.parametrize(
    ("card", "other", "code"), [("X32", "Scarlett", None), ("X32", "x32 usb", "W-same-card"), ("X32 (hw:1,0)", "X32", "E-clash")]
)
def test_the_equaliser_of_the_pa_and_tracks_on_one_card(card: str, other: str, code: str | None, tmp_path: Path) -> None:
    audio = f"audio: {{player: 'device:{card}'}}\n" + PA.format(other)
    found = [p.code for p in check(files(tmp_path, "tracks: {a: songs/opener.wav}\n", audio)) if "card" in p.text]
    assert found == ([code] if code else [])


def test_without_the_library_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = files(tmp_path, "tracks: {a: songs/opener.wav}\n")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert [p.code for p in check(paths)] == ["W-not-checked"]
    assert attempt(*paths).loaded is not None


def test_places_and_players() -> None:
    assert marker("12.5s") == Mark(12.5)
    assert marker("1:02.5") == Mark(62.5)
    assert marker("bar 33") == Mark(None, 33)
    assert player("device:X32 USB") == ("device", "X32 USB")
    assert player("mpv:/run/mpv.sock") == ("mpv", "/run/mpv.sock")
    assert player("reaper:10.0.0.5") == ("reaper", "10.0.0.5:8000:9000")
    assert player("ableton:localhost") == ("ableton", "127.0.0.1:11000:11001")
    assert player("qlab:10.0.0.5:53100:53101") == ("qlab", "10.0.0.5:53100:53101")
    wrong = ("reaper:", "reaper:desk", "reaper:::1", "qlab:10.0.0.5:0", "qlab:10.0.0.5:99999", "reaper:127.0.0.1:8000:8000")
    for text in ("mpv:mpv.sock", "vlc:x", "device:", *wrong):
        with pytest.raises(Bad):
            player(text)


def test_a_song_that_another_program_plays_has_its_name_there(tmp_path: Path) -> None:
    audio = "audio: {player: 'qlab:10.0.0.5', passcode_file: secret}\n"
    plan = load(*files(tmp_path, "tracks: {a: {file: songs/opener.wav, there: 12.5}, b: songs/ballad.wav}\n", audio)).plan.tracks
    assert plan is not None
    assert (plan.player, plan.card, plan.passcode_file) == ("qlab", "10.0.0.5:53000:53001", "secret")
    assert [one.there for one in plan.tracks] == ["12.5", ""]


@pytest.mark.parametrize(
    ("show", "audio", "code", "line"),
    [
        ("tracks:\n  a: {file: songs/opener.wav, there: Jäger}\n", "player: 'reaper:10.0.0.5'", "E-there", (2, 38)),
        ("tracks:\n  a: {file: songs/opener.wav, there: 1 2}\n", "player: 'qlab:10.0.0.5'", "E-there", (2, 38)),
        ("tracks:\n  a: {file: songs/opener.wav, there: a/b}\n", "player: 'qlab:10.0.0.5'", "E-there", (2, 38)),
        ("tracks:\n  é: songs/opener.wav\n", "player: 'qlab:10.0.0.5'", "E-there", (2, 3)),
        ("tracks:\n  é: songs/opener.wav\n", "player: 'reaper:10.0.0.5'", "E-there", (2, 3)),
        ("tracks:\n  a: songs/opener.wav\n", "player: 'reaper:10.0.0.5', passcode_file: x", "E-clash", None),
        ("tracks:\n  a: songs/opener.wav\n", "player: 'reaper:studio'", "E-ip", None),
    ],
)
def test_what_another_program_could_not_be_told(
    show: str, audio: str, code: str, line: tuple[int, int] | None, tmp_path: Path
) -> None:
    paths = files(tmp_path, show, f"audio: {{{audio}}}\n")
    found = [p for p in check(paths) if p.code.startswith("E-")]
    assert [p.code for p in found] == [code]
    if line is not None:
        start = next(i for i, text in enumerate(paths[1].read_text().splitlines(), 1) if text == "tracks:")
        assert (found[0].line - start + 1, found[0].column) == line


@pytest.mark.parametrize("there", ["mpv:/run/mpv.sock", "reaper:10.0.0.5", "device:X32"])
def test_what_only_our_own_player_does_is_said_where_it_is_asked_for(there: str, tmp_path: Path) -> None:
    show = (
        "tracks: {a: {file: songs/opener.wav, parts: {click: songs/click.wav}}, b: songs/ballad.wav}\n"
        "setlist: [{track: a, then: next, crossfade: 1s}, b]\n"
    )
    audio = f"audio: {{out: {{main: [1, 2], click: 3}}, player: '{there}'}}\n"
    found = [p for p in check(files(tmp_path, show, audio)) if p.code == "W-player"]
    assert [p.text.split(":")[0] for p in found] == (
        []
        if there.startswith("device")
        else ["it is not heard", f"another player (`{there.partition(':')[0]}`) fades no track into the next"]
    )
    assert all(p.line > 0 and p.column > 1 for p in found)


@pytest.mark.parametrize(("said", "danger"), [("", "danger"), (", danger: false", ""), (", danger: pyro", "alone")])
def test_a_cue_that_begins_a_track_is_dangerous_unless_it_says_otherwise(tmp_path: Path, said: str, danger: str) -> None:
    paths = files(tmp_path, FULL, AUDIO)
    paths[1].write_text(paths[1].read_text().replace("cue: 1,", f"cue: 1, play: opener{said},"))
    assert [cue.danger for cue in load(*paths).plan.lists[0].cues] == [danger]
