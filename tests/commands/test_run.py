"""What `run` decides before there is light: values of options, folders, open doors, which files are played."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from showctl import history
from showctl.app import Options
from showctl.commands import run
from showctl.config.load import load
from showctl.loader_client import Loader

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
name: Night
cues:
  - {cue: 1, set: {lamps: {intensity: 20%}}}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    venue.write_text(VENUE)
    show.write_text(SHOW)
    return venue, show


# --- values of options ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        (":0", ("127.0.0.1", 0)),
        ("[::1]:65535", ("::1", 65535)),
        ("localhost:80", ("localhost", 80)),
    ],
)
def test_host_and_port(text: str, meant: tuple[str, int]) -> None:
    assert run.host_port(text) == meant


@pytest.mark.parametrize("text", ["", "8080", "host", "host:", "host:http", "host:-1", "host:65536", "host:8 0"])
def test_what_is_no_host_and_port_is_told_how_to_write_it(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"write 127\.0\.0\.1:8080"):
        run.host_port(text)


@given(st.builds(str.__add__, st.sampled_from(["", "file:", "device:", "host:", "127."]), st.text(max_size=20)))
@example("host:²")
@example("file:\0")
def test_no_text_is_more_than_a_wrong_value(text: str) -> None:
    for parse in (run.host_port, run.seconds, run.sacn, run.audio):
        with suppress(argparse.ArgumentTypeError):
            parse(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e9", "ten", ""])
def test_seconds_are_above_zero_and_end_some_day(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="write --seconds 30"):
        run.seconds(text)
    assert run.seconds("0.5") == 0.5


@pytest.mark.parametrize("text", ["multicast", "off", "10.0.0.7", "127.0.0.1"])
def test_where_light_may_go(text: str) -> None:
    assert run.sacn(text) == text


@pytest.mark.parametrize("text", ["on", "10.0.0", "::1", "239.255.0.1", "255.255.255.255", "node.local", ""])
def test_where_light_may_not_go(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="multicast"):
        run.sacn(text)


def test_what_may_be_listened_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("song.wav").write_bytes(b"")
    for text in ("none", "device:Scarlett 2i2", "file:song.wav"):
        assert run.audio(text) == text
    for text, words in {
        "song.wav": "did you mean file:song.wav",
        "file:sung.wav": "there is no file 'sung.wav'",
        "file:": "is not file:PATH",
        "device: ": "is not file:PATH",
        "file:.": "there is no file",
        "song:1": "is not file:PATH",
    }.items():
        with pytest.raises(argparse.ArgumentTypeError, match=words):
            run.audio(text)


# --- folders -------------------------------------------------------------------------------------------------------------


def test_where_the_standing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run.state_folder(None, "showctl") == tmp_path / ".local" / "state" / "showctl"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "kept"))
    assert run.state_folder(None, "showctl") == tmp_path / "kept" / "showctl"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/showctl:/var/lib/other")
    assert run.state_folder(None, "showctl") == Path("/var/lib/showctl")
    assert run.state_folder(Path("here"), "showctl") == Path("here")


@given(st.lists(st.text("abc", min_size=1, max_size=40), max_size=12))
def test_a_socket_fits_into_the_runtime_folder_of_any_state_folder(parts: list[str]) -> None:
    state = Path("/", *parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RUNTIME_DIRECTORY", raising=False)
        patch.setattr(run.tempfile, "tempdir", "/tmp")
        runtime = run.runtime_folder(state)
        assert runtime == run.runtime_folder(state)
        assert runtime != run.runtime_folder(state / "other")
        assert len(str(runtime / "output.sock")) < 100
        patch.setenv("RUNTIME_DIRECTORY", "/run/showctl")
        assert run.runtime_folder(state) == Path("/run/showctl")


# --- doors that stand open -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("web", "osc", "words"),
    [
        ("", "", ""),
        ("0.0.0.0", "", "tokens"),
        ("", "0.0.0.0", "allow"),
        ("", "192.168.1.5", "allow"),
        ("stage.local", "", "tokens"),
        ("::1", "localhost", ""),
    ],
)
def test_what_other_machines_reach_needs_a_key(files: tuple[Path, Path], web: str, osc: str, words: str) -> None:
    options = Options(http=(web or "127.0.0.1", 1), osc=(osc or "127.0.0.1", 2))
    wrong = run.open_doors(load(*files), options)
    assert words in wrong
    assert bool(wrong) == bool(words)
    assert not run.open_doors(load(*files), replace(options, http=None, osc=None))


def test_doors_with_keys_may_stand_open(files: tuple[Path, Path]) -> None:
    venue, show = files
    venue.write_text(
        VENUE + "web: {listen: 0.0.0.0:8080, tokens: [a-long-secret]}\nosc: {listen: 0.0.0.0:8000, allow: [10.0.0.0/24]}\n"
    )
    assert run.open_doors(load(venue, show), Options(http=("0.0.0.0", 8080), osc=("0.0.0.0", 8000))) == ""


# --- which files are played ----------------------------------------------------------------------------------------------


@pytest.fixture
def start(files: tuple[Path, Path], tmp_path: Path):
    """What a start decides to play, from files that are as they are now."""
    made = []

    def decide(service: bool):
        loader = Loader(*files, tmp_path / "history", watch=True)
        made.append(loader)
        return run.load(loader, *files, tmp_path / "history", service)

    yield decide
    for loader in made:
        loader.close()


def kept(folder: Path) -> history.Version:
    """The version that is kept in a moment."""
    until = time.monotonic() + 10
    while not history.versions(folder):
        assert time.monotonic() < until
        time.sleep(0.01)
    return history.versions(folder)[0]


@pytest.mark.slow
def test_a_good_show_is_kept_and_played_when_it_breaks(start, files: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    _, show = files
    assert start(service=True) is not None
    assert kept(tmp_path / "history").changed == "the start"
    show.write_text(SHOW.replace("Night", "Other").replace("20%", "20"))

    assert start(service=False) is None
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"{show}:5:")
    assert said[-1].startswith("showctl: 1 error: nothing is run")

    played = start(service=True)
    assert played is not None
    loaded, problems = played
    assert loaded.plan.show == "Night"
    assert [(problem.path, problem.line) for problem in problems] == [(str(show), 5)]


@pytest.mark.slow
def test_a_last_good_show_that_is_not_good_any_more_is_a_message(start, files: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    assert start(service=True) is not None
    kept(tmp_path / "history").show.write_text("kind: shew\n")
    files[1].write_text("kind: show\n")
    assert start(service=True) is None
    assert "cannot be played either" in capsys.readouterr().err


def test_a_service_without_a_last_good_show_refuses(start, files: tuple[Path, Path], capsys) -> None:
    files[1].unlink()
    assert start(service=True) is None
    assert str(files[1]) in capsys.readouterr().err


def test_a_copy_that_cannot_be_kept_keeps_nobody_from_playing(start, tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file where a folder should be")
    assert start(service=False) is not None
