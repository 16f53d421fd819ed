"""What users get wrong on a show night: each mistake is answered in one line with place, cause and cure, and never with 0.

The mistakes are typed as a user types them, in this process (the command line is a function). A line may be long, a traceback
is a failure; a file with a mistake is answered by `check`, `run` and `render` alike with PATH:LINE:COLUMN.
"""

import re
import socket
from contextlib import contextmanager
from pathlib import Path

import pytest

from showctl.__main__ import main
from tests.real.conftest import free_port

DEMO = Path(__file__).parents[2] / "showctl" / "demo"
GOOD_VENUE, GOOD_SHOW = DEMO / "venue.yaml", DEMO / "show.yaml"
RUN = f"run {GOOD_VENUE} {GOOD_SHOW}"

VENUE = """showctl: 1
kind: venue
name: Hall
universes: {1: {to: [127.0.0.1]}}
fixtures:
  par: {type: generic/dimmer, at: [1/1, 1/2]}
groups:
  front: [par.1, par.2]
"""
SHOW = """showctl: 1
kind: show
cues:
  - {cue: 1, set: {front: {intensity: 50%}}, in: 2s}
  - {cue: 2, set: {front: {intensity: full}}, in: 2s}
"""

# what is typed, the exit codes it may have, what the one line must name
TYPED = [
    ("", {2}, "usage"),
    ("rum", {2}, "did you mean run"),
    ("help rum", {2}, "did you mean run"),
    ("service instal", {2}, "install|status"),
    (f"explain {GOOD_VENUE} {GOOD_SHOW} --cue 3 --fixture eyes", {1}, "there are key.1"),
    (f"render {GOOD_VENUE} {GOOD_SHOW} --seconds 1 --out {GOOD_SHOW}", {1}, "--out"),
    ("run", {2}, "VENUE.yaml"),
    (f"run {GOOD_VENUE}", {2}, "CUES.yaml"),
    (f"run {{tmp}}/nothing.yaml {GOOD_SHOW}", {78}, "nothing.yaml:1:1"),
    (f"run {{tmp}} {GOOD_SHOW}", {78}, "folder"),
    (f"run {GOOD_SHOW} {GOOD_VENUE}", {78}, "kind"),
    (f"{RUN} --htttp 127.0.0.1:1", {2}, "did you mean --http"),
    (f"{RUN} --http 8080", {2}, "HOST:PORT"),
    (f"{RUN} --http 127.0.0.1:80800", {2}, "HOST:PORT"),
    (f"{RUN} --http nobody.invalid:8080", {69, 78}, "nobody.invalid"),
    (f"{RUN} --http 0.0.0.0:8080", {78}, "token"),
    (f"{RUN} --osc 0.0.0.0:8000", {78}, "allow"),
    (f"{RUN} --osc 127.0.0.1:eight", {2}, "HOST:PORT"),
    (f"{RUN} --audio {{song}}", {2}, "did you mean file:"),
    (f"{RUN} --audio file:{{tmp}}/nothing.wav", {2}, "nothing.wav"),
    (f"{RUN} --audio devise:Scarlett", {2}, "device:NAME"),
    (f"{RUN} --audio device:", {2}, "device:NAME"),
    (f"{RUN} --seconds -5", {2}, "seconds"),
    (f"{RUN} --seconds soon", {2}, "seconds"),
    (f"{RUN} --seconds nan", {2}, "seconds"),
    (f"{RUN} --sacn 239.255.0.1", {2}, "--sacn multicast"),
    (f"{RUN} --sacn mixer.local", {2}, "IPv4"),
    (f"{RUN} --state {{file}}", {78}, "--state"),
    ("demo --http 0.0.0.0:8080", {78}, "127.0.0.1"),
    ("demo --second 3", {2}, "did you mean --seconds"),
    ("demo extra", {2}, "extra"),
    ("listen", {2}, "listen"),
    ("listen {tmp}/nothing.wav", {1, 2}, "nothing.wav"),
    ("listen {tmp}", {1, 2}, "{tmp}"),
    ("listen {file}", {1, 2}, "{file}"),
    ("check", {2}, "FILE"),
    ("check {tmp}/nothing.yaml", {1}, "nothing.yaml:1:1"),
    (f"check {GOOD_VENUE} {GOOD_VENUE}", {1, 2}, "venue"),
    (f"check {GOOD_SHOW} --stict", {2}, "did you mean --strict"),
    (f"render {GOOD_VENUE} {GOOD_SHOW} --seconds 1", {2}, "--out"),
    (f"render {GOOD_VENUE} {GOOD_SHOW} --out {{tmp}}/o", {2}, "--seconds"),
    (f"render {GOOD_VENUE} {GOOD_SHOW} --out {{file}} --seconds 1", {1, 2, 69, 78}, "{file}"),
    (f"render {GOOD_VENUE} {GOOD_SHOW} --out {{tmp}}/o --seconds 1 --rate 0", {2}, "--rate"),
    (f"render {GOOD_VENUE} {GOOD_SHOW} --out {{tmp}}/o --seconds 1 --rate fast", {2}, "--rate"),
    (f"render {GOOD_VENUE} {GOOD_SHOW} --out {{tmp}}/o --audio {{tmp}}/nothing.wav", {1, 2, 69}, "nothing.wav"),
    (f"render {GOOD_VENUE} {GOOD_SHOW} --out {{tmp}}/o --events {{file}}", {1}, ":1"),
    (f"explain {GOOD_VENUE} {GOOD_SHOW} --cue 99", {1, 2}, "99"),
    (f"explain {GOOD_VENUE} {GOOD_SHOW} --cue 1 --fixture nobody", {1, 2}, "nobody"),
    ("init {file}", {1, 2}, "{file}"),
    ("sacn bench --universes 0 --seconds 1 --to 127.0.0.1", {2}, "--universes"),
    ("service instal", {2}, "install"),
]

# the file, what to replace by what, where and how the answer begins
WRITTEN = [
    ("show", "in: 2s", "in: 2", "4:", "2s"),
    ("show", "in: 2s", "in: two", "4:", "2s"),
    ("show", "front", "frnt", "4:", "did you mean `?front"),
    ("show", "intensity: 50%", "intensity: 150%", "4:", "100"),
    ("show", "intensity", "intensty", "4:", "intensity"),
    ("show", "cue: 2", "cue: 1", "5:", "cue 1"),
    ("show", "cues:", "cuse:", "3:", "cues"),
    ("show", "kind: show", "kind: shwo", "2:", "show"),
    ("show", "showctl: 1", "showctl: 9", "1:", "version|9"),
    ("show", "cues:", "\tcues:", "3:", "tab"),
    ("show", "  - {cue: 2", "  - {cue: 2}}", "5:", ""),
    ("show", "in: 2s}", "in: 2s, in: 3s}", "4:", "twice"),
    ("show", "in: 2s}", "in: 2s, follow: 1s, hang: 1s}", "4:", "hang"),
    ("venue", "1/2", "1/1", "6:", "overlap|share|same"),
    ("venue", "1/2", "1/513", "6:", "512"),
    ("venue", "1/2", "2/2", "6:", "universe"),
    ("venue", "generic/dimmer", "generic/dimer", "6:", "generic/dimmer"),
    ("venue", "127.0.0.1", "127.0.0.999", "4:", "address"),
    ("venue", "[par.1, par.2]", "[par.1, par.7]", "8:", "par"),
]


@pytest.fixture
def places(tmp_path):
    """What the typed lines refer to."""
    file, song = tmp_path / "notes.txt", tmp_path / "song.wav"
    file.write_text("not what you think\n")
    song.write_bytes(b"RIFF")
    return {"tmp": tmp_path, "file": file, "song": song}


def say(capsys, typed):
    """Exit code and what was said, as a user sees it."""
    try:
        code = main(typed)
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr()
    return code, said.out + said.err


def isolated(typed, tmp_path):
    """A run that would begin must not meet another one."""
    if typed and typed[0] in ("run", "demo") and "--state" not in typed:
        typed += ["--state", str(tmp_path / "state")]
        typed += [] if any(t.startswith("--sec") for t in typed) else ["--seconds", "1"]
    return typed


@pytest.mark.parametrize(("line", "codes", "names"), TYPED, ids=[row[0].replace(str(DEMO) + "/", "")[:60] for row in TYPED])
def test_what_is_typed_wrong(line, codes, names, places, tmp_path, capsys):
    typed = isolated(line.format(**places).split(), tmp_path)
    code, said = say(capsys, typed)
    assert code in codes, said
    assert "Traceback" not in said
    assert names.format(**places) in said
    mistakes = [one for one in said.splitlines() if one.strip() and "(try: " not in one and not one.startswith("showctl check: ")]
    assert line == "" or len(mistakes) <= (2 if "kind" in names else 1), said  # files the wrong way round: one line each


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "names"), WRITTEN, ids=[f"{row[0]}: {row[2].strip()}" for row in WRITTEN]
)
def test_what_is_written_wrong(file, old, new, place, names, tmp_path, capsys):
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    venue.write_text(VENUE.replace(old, new, 1) if file == "venue" else VENUE)
    show.write_text(SHOW.replace(old, new, 1) if file == "show" else SHOW)
    pair = [str(venue), str(show)]
    for typed, wanted in (
        (["check", *pair], 1),
        (["render", *pair, "--out", str(tmp_path / "out"), "--seconds", "1"], 78),
        (["run", *pair, "--state", str(tmp_path / "state"), "--seconds", "1"], 78),
    ):
        code, said = say(capsys, typed)
        assert code == wanted, said
        assert "Traceback" not in said
        first = next(one for one in said.splitlines() if ": error: " in one)
        assert re.match(rf"{re.escape(str(tmp_path / file))}\.yaml:{place}\d+: error: .*{names}.* \[[\w-]+\]$", first), said
        assert sum(": error: " in one for one in said.splitlines()) == 1, said


def test_the_files_it_begins_with_are_good(tmp_path, capsys):
    (tmp_path / "venue.yaml").write_text(VENUE)
    (tmp_path / "show.yaml").write_text(SHOW)
    code, said = say(capsys, ["check", str(tmp_path / "venue.yaml"), str(tmp_path / "show.yaml")])
    assert (code, said.count("error:")) == (0, 0), said


@contextmanager
def taken(kind):
    """A port that somebody else has."""
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(("option", "kind"), [("--http", socket.SOCK_STREAM), ("--osc", socket.SOCK_DGRAM)])
def test_a_taken_port_is_named_with_another_one_to_type(option, kind, tmp_path, capsys):
    other = {"--http": "--osc", "--osc": "--http"}[option]
    with taken(kind) as port:
        typed = [*RUN.split(), option, f"127.0.0.1:{port}", other, f"127.0.0.1:{free_port()}", "--sacn", "off"]
        code, said = say(capsys, [*typed, "--state", str(tmp_path / "state"), "--seconds", "5"])
    assert code == 69
    assert f"127.0.0.1:{port}" in said
    assert option in said
    assert "Traceback" not in said
