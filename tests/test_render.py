"""The offline driver: the same bytes every time, and the night as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import showctl.demo
from showctl.commands import render as command
from showctl.config.load import load
from showctl.model import AudioBlock, Go, Inputs, Pause, SetMaster
from showctl.outputs.journal import FILE_BYTES, JournalWriter
from showctl.plan import Plan, Span
from showctl.render import render, replay
from showctl.replay import BadJournal, Batch, find, read_journal, steps
from showctl.show.engine import ShowEngine
from showctl.wire.journal import Load, encode
from tests.golden.make import HERE, small
from tests.show.shows import cue, cues, dimmer, move, plan

DEMO = Path(showctl.demo.__file__).parent


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def frames(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(folder / "frames-0000.npz") as data:
        return data["time"], data["slots"]


def clicks(seconds: float, rate: int = 48000, block: int = 4800) -> list[AudioBlock]:
    """Clicks at 120 a minute, in blocks."""
    t = np.arange(int(seconds * rate)) / rate
    sound = np.where(t % 0.5 < 0.02, np.sin(2 * np.pi * 1000 * t) * 0.8, 0.0).astype(np.float32)[:, None]
    return [AudioBlock(i, sound[i : i + block], rate) for i in range(0, len(sound), block)]


@pytest.mark.slow
def test_the_same_night_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        render(small(), tmp_path / name, journal=read_journal([HERE / "night.jsonl"]))
    assert content(tmp_path / "a") == content(tmp_path / "b")
    time, slots = frames(tmp_path / "a")
    assert slots.dtype == np.uint8
    assert time[:2].tolist() == [0.0, 1 / 44]
    assert time[-1] == pytest.approx(39.8, abs=0.1), "to the last line of the journal"


@pytest.mark.slow
def test_sound_is_heard_and_the_cut_into_blocks_changes_nothing(tmp_path: Path) -> None:
    for name, block in (("a", 4800), ("b", 1111)):
        summary = render(
            small(), tmp_path / name, sound=clicks(6.0, block=block), journal=[Batch(1.0, Inputs(controls=(Go(time=1.0),)))]
        )
        assert summary.frames == 6 * 44 + 1
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert '"type": "section"' in (tmp_path / "a" / "events.jsonl").read_text()


@pytest.mark.slow
def test_sound_stands_above_what_the_journal_says_was_heard(tmp_path: Path) -> None:
    render(small(), tmp_path / "a", sound=clicks(4.0), seconds=4.0)
    kept = [b for b in read_journal([HERE / "night.jsonl"]) if b.inputs.features]
    render(small(), tmp_path / "b", sound=clicks(4.0), journal=kept, seconds=4.0)
    assert content(tmp_path / "a") == content(tmp_path / "b")


def lived(of: Plan, folder: Path, file_bytes: int = FILE_BYTES) -> list[tuple[float, bytes]]:
    """A night as `run` plays it: every input late, early steps between those of the grid, its journal in `folder`."""
    engine, writer, frames = ShowEngine(of), JournalWriter(folder, file_bytes), []
    writer.begin(Load(0.0, "abc"))
    waiting, period = list(read_journal([HERE / "night.jsonl"])), 22_727_273
    for i in range(44 * 40):
        grid = (25_000_000 + i * period) / 1e9
        for now in (grid - 0.0107, grid) if i % 7 == 0 else (grid,):
            due = [b for k, b in enumerate(waiting) if b.time + 0.05 * (k % 5) <= now]
            waiting = [b for b in waiting if b not in due]
            inputs = Inputs(tuple(f for b in due for f in b.inputs.features), tuple(c for b in due for c in b.inputs.controls))
            frames.append((now, engine.step(now, inputs).slots.tobytes()))
            writer.given(inputs, now)
            if why := writer.due(now):
                writer.begin(Load(now, "abc", why=why), engine.state(now).pack)
        if i % 11 == 0:
            writer.write_down()
    writer.close()
    return frames


@pytest.mark.slow
def test_a_recorded_night_is_replayed_as_it_was_however_late_things_came(tmp_path: Path) -> None:
    live = lived(small(), tmp_path / "journal")
    summary = replay(small(), tmp_path / "out", steps(find(tmp_path / "journal", print), print))
    time, slots = frames(tmp_path / "out")
    assert summary.frames == len(live)
    assert list(zip(time.tolist(), (one.tobytes() for one in slots))) == live


@pytest.mark.slow
def test_every_file_of_a_night_gives_its_frames_by_itself(tmp_path: Path) -> None:
    live = lived(small(), tmp_path / "journal", file_bytes=12_000)
    files = sorted((tmp_path / "journal").iterdir())
    assert len(files) > 2
    found = []
    for i, file in enumerate(files):
        replay(small(), tmp_path / str(i), steps([file], print))
        time, slots = frames(tmp_path / str(i))
        found += list(zip(time.tolist(), (one.tobytes() for one in slots)))
    assert found == live


@pytest.mark.slow
def test_a_night_at_another_rate_shows_what_stood_then(tmp_path: Path) -> None:
    live = lived(small(), tmp_path / "journal")
    replay(small(), tmp_path / "out", steps(find(tmp_path / "journal", print), print), rate=10.0, seconds=20.0)
    time, slots = frames(tmp_path / "out")
    assert time.tolist() == [i / 10 for i in range(1, 201)]
    for t, look in zip(time, slots, strict=True):
        assert look.tobytes() == next(seen for at, seen in reversed(live) if at <= t)


@pytest.mark.slow
def test_what_a_crash_tore_off_is_left_out_with_a_word(tmp_path: Path) -> None:
    lived(small(), tmp_path)
    path = next(tmp_path.iterdir())
    whole = list(steps([path], print))
    for tail, told in ((b'{"time": 41.0, "type": "feat', "torn off"), (b"\0" * 50, "torn off"), (b"\xff\xfe", "torn off")):
        torn = tmp_path / "torn.jsonl"
        torn.write_bytes(path.read_bytes() + tail)
        said: list[str] = []
        assert list(steps([torn], said.append)) == whole
        assert len(said) == 1
        assert told in said[0]
    torn.write_bytes(path.read_bytes() + b'{"time": 41.0, "type": "go"}\n')
    assert list(steps([torn], said.append)) == whole
    assert "had not reached the engine" in said[-1]


@pytest.mark.slow
def test_a_line_broken_in_the_middle_is_named(tmp_path: Path) -> None:
    lived(small(), tmp_path)
    path = next(tmp_path.iterdir())
    text = path.read_bytes().split(b"\n")
    text[5] = text[5][:10]
    path.write_bytes(b"\n".join(text))
    with pytest.raises(BadJournal, match=":6:1: error: not JSON"):
        list(steps([path], print))


def test_what_came_late_acts_after_what_had_happened_by_itself(tmp_path: Path) -> None:
    """A follow falls due in a step without inputs; a PAUSE of the moment before it arrives only then, and finds cue 2."""
    stack = cues(cue(1, move(0, 1.0), follow=Span(1.0)), cue(2, move(0, 0.5), follow=Span(1.0)), cue(3, move(0, 0.0)))
    engine, writer = ShowEngine(plan([dimmer(1)], stack)), JournalWriter(tmp_path / "journal")
    writer.begin(Load(0.0))
    night = [(0.51, (Go(time=0.507),)), (1.509, ()), (1.51, (Pause(time=1.506),)), (3.0, ())]
    for now, given in night:
        inputs = Inputs(controls=given)
        frame = engine.step(now, inputs)
        writer.given(inputs, now)
    writer.close()
    replay(engine.plan, tmp_path / "out", steps(find(tmp_path / "journal", print), print))
    assert engine.playback.lists[0].current == "2"
    assert frames(tmp_path / "out")[1][-1, 0, 0] == frame.slots[0, 0] == 128


@pytest.mark.slow
def test_with_sound_only_the_hands_of_a_night_count(tmp_path: Path) -> None:
    lived(small(), tmp_path / "journal")
    hands = [b for b in read_journal(find(tmp_path / "journal", print)) if b.inputs.controls]
    assert hands == [b for b in read_journal([HERE / "night.jsonl"]) if b.inputs.controls]


def test_lines_by_hand_need_not_be_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        "".join(encode(g) + "\n" for g in (Go(time=3.0), SetMaster(time=1.0, level=0.5), Go(time=2.0, list="probe"))) + "\n"
    )
    assert [b.time for b in read_journal([path])] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{"time": 1, "type": "go"}\n{"time": 2, "type": "og"}\n', ":2:1: error: `type` is 'og'"),
        ('{"time": 9, "type": "go"}\n{"time": 20, "type": "go"}\n{"time": 3, "type": "go"}\n', ":3:1: error: `time` goes back"),
        ('{"time": 1e9, "type": "go"}\n', ":1:1: error: `time` is 1e+09 s"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text)
    with pytest.raises(BadJournal) as error:
        list(read_journal([path]))
    assert str(error.value).startswith(f"{path}{wrong}")


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"time": 1, "type": "go"}\n\xff\xfe\n')
    with pytest.raises(BadJournal, match="UTF-8"):
        list(read_journal([path]))


@pytest.mark.slow
def test_the_command_takes_the_folder_of_a_night(tmp_path: Path) -> None:
    """And says when other files were played than these."""
    plan = load(DEMO / "venue.yaml", DEMO / "show.yaml").plan
    live = lived(plan, tmp_path / "journal")
    done = showctl_render(DEMO / "venue.yaml", DEMO / "show.yaml", "--out", tmp_path / "o", "--events", tmp_path / "journal")
    assert done.returncode == 0, done.stderr
    assert "other files than these" in done.stderr
    time, slots = frames(tmp_path / "o")
    assert list(zip(time.tolist(), (one.tobytes() for one in slots))) == live


def showctl_render(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "showctl", "render", *map(str, args)], capture_output=True, text=True, timeout=50
    )


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    done = showctl_render(
        DEMO / "venue.yaml", DEMO / "show.yaml", "--out", tmp_path / "o", "--events", HERE / "night.jsonl", "--seconds", "3"
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "132 frames (3.0 s)" in done.stderr
    assert frames(tmp_path / "o")[1].shape == (132, 4, 512)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([], 2, "how long?"),
        (["--seconds", "nan"], 2, "between"),
        (["--seconds", "1", "--rate", "0"], 2, "between"),
        (["--audio", "nothing.wav"], 1, "nothing.wav"),
        (["--events", "nothing.jsonl"], 1, "nothing.jsonl"),
        (["--audio", str(DEMO / "show.yaml")], 1, "not a sound file"),
    ],
)
def test_wrong_use_is_one_line(tmp_path: Path, args: list[str], code: int, said: str) -> None:
    done = showctl_render(DEMO / "venue.yaml", DEMO / "show.yaml", "--out", tmp_path / "o", *args)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_bad_files_are_exit_code_78(tmp_path: Path) -> None:
    venue = tmp_path / "venue.yaml"
    venue.write_text("showctl: 1\nkind: venue\nfixturs: {}\n")
    done = showctl_render(venue, DEMO / "show.yaml", "--out", tmp_path / "o", "--seconds", "1")
    assert done.returncode == command.CANNOT_RUN
    assert f"{venue}:3:1: error:" in done.stderr
