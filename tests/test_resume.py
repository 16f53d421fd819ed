"""Whatever is torn, a whole generation is read; and what was saved comes back equal."""

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
)


def test_what_was_saved_comes_back(tmp_path):
    path = tmp_path / "standing.json"
    assert resume.load(path) is None
    resume.save(path, resume.Standing("club / night", False, STATE))
    assert resume.load(path) == resume.Standing("club / night", False, STATE)


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
