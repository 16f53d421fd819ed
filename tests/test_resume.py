"""Whatever is torn, a whole generation is read; and what was saved comes back equal."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl import resume
from showctl.model import ListState, PlaybackState

STATE = PlaybackState(
    lists=(ListState("main", "4.5", "5", "fading", 1.5, 3.0, "section drop"), ListState("probe", "0", "1")),
    grand_master=0.8,
    blackout=True,
    submasters=(("probe", 0.25),),
    effects=("chase",),
    held=(("par.1/intensity", 0.5),),
    flashed=("probe",),
)


def test_what_was_saved_comes_back(tmp_path):
    path = tmp_path / "standing.json"
    assert resume.load(path) is None
    for standing in (
        resume.Standing("club / night", False, STATE),
        resume.Standing("club / night", True, STATE, resume.boot_id(), 12345678901234567, 8.25, {"a": [1.5, "inf", None]}),
    ):
        resume.save(path, standing)
        assert resume.load(path) == standing


def test_a_run_that_ended_just_now_goes_on_as_if_it_had_been_there(monkeypatch):
    second = 10**9
    kept = resume.Standing("a", False, STATE, boot="this", origin_ns=7 * second, time=100.5, state={"x": 1})
    stood = 107 * second + second // 2
    monkeypatch.setattr(resume, "boot_id", lambda: "this")
    assert resume.origin_ns(kept, stood + 3 * second) == 7 * second
    later = stood + int(resume.AWAY_S * second) + 1
    assert resume.origin_ns(kept, later) == later - 100 * second - second // 2, "after long it goes on from where it stood"
    for boot, saved in (("another", "this"), ("", "")):
        monkeypatch.setattr(resume, "boot_id", lambda boot=boot: boot)
        now = stood + 3 * second
        assert resume.origin_ns(replace(kept, boot=saved), now) == now - 100 * second - second // 2
    # the machine was started anew: its clock is behind
    assert resume.origin_ns(replace(kept, boot="another"), 5) == 5 - 100 * second - second // 2, (
        "started anew: its clock is behind"
    )


@pytest.mark.slow
@given(cut=st.integers(0, 2000), flip=st.integers(0, 2000))
@settings(max_examples=200)
def test_a_torn_or_flipped_file_gives_the_generation_before(tmp_path_factory, cut, flip):
    path = tmp_path_factory.mktemp("state") / "standing.json"
    first, second = (resume.Standing("a", False, STATE), resume.Standing("b", True, STATE))
    resume.save(path, first)
    resume.save(path, second)
    whole = path.read_bytes()
    torn = bytearray(whole[: cut % len(whole)])
    if torn:
        torn[flip % len(torn)] ^= 1
    path.write_bytes(torn)
    assert resume.load(path) == first
    resume.older(path).write_bytes(b"\xff\xfe nothing")
    assert resume.load(path) is None


@pytest.mark.parametrize("text", ["", "zz {}", "00000000 []", '00000000 {"version": 9}'])
def test_foreign_files_are_a_fresh_start(tmp_path, text):
    path = tmp_path / "standing.json"
    path.write_text(text)
    assert resume.load(path) is None
