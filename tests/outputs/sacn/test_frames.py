"""The shared file: what is written is read, what is half written is not, and nothing of another boot is believed."""

import subprocess
import sys
import time
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.outputs.sacn import frames as shared
from showctl.outputs.sacn.frames import Patch, as_universes, check_patch, open_frames, persistent_cid
from showctl.plan import Universe

ONE = np.array([1], np.uint16)
addresses = st.ip_addresses(v=4).map(str)
patches = st.builds(
    Patch,
    st.binary(min_size=16, max_size=16),
    st.text("abcé ", min_size=1, max_size=30).map(str.strip),
    st.lists(
        st.builds(
            Universe,
            st.integers(1, 63999),
            st.booleans(),
            st.lists(addresses, max_size=16).map(tuple),
            st.integers(0, 200),
            st.integers(0, 63999),
        ),
        max_size=40,
        unique_by=lambda universe: universe.number,
    ).map(tuple),
    st.sampled_from(["", "eth0", "10.0.0.1"]),
    st.integers(1, 255),
    st.booleans(),
    st.sampled_from(["hold", "terminate"]),
    st.integers(0, 3600).map(float),
)


def test_a_patch_is_read_as_it_was_written(tmp_path):
    frames, other = open_frames(tmp_path), open_frames(tmp_path)
    assert frames.read_patch() is None

    @given(patches)
    def law(patch):
        frames.write_patch(patch)
        assert other.read_patch() == patch

    law()


def test_a_patch_that_is_being_written_is_not_read(tmp_path):
    frames = open_frames(tmp_path)
    frames.write_patch(Patch(bytes(16), "x", ()))
    frames.file["patch"]["before"] += 1  # its writer died in the middle
    assert frames.read_patch() is None
    frames.write_patch(Patch(bytes(16), "y", ()))
    assert frames.read_patch().source_name == "y"


@pytest.mark.parametrize(
    "patch",
    [
        Patch(bytes(16), "x", tuple(Universe(n) for n in range(1, 514))),
        Patch(bytes(16), "x", (Universe(1, unicast=("venue.local",)),)),
        Patch(bytes(16), "x", (Universe(1, unicast=("10.0.0.1",) * 17),)),
        Patch(bytes(16), "x", (Universe(1), Universe(1))),
        Patch(bytes(16), "x", (), interface="e" * 33),
        Patch(bytes(16), "x", (), on_stop="fade"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(patch):
    with pytest.raises(ValueError, match=r"universe|address|interface|on_stop"):
        check_patch(patch)


def test_the_newest_look_is_read(tmp_path):
    frames = open_frames(tmp_path)
    assert frames.read_look() is None
    for n in range(10):
        frames.write_look(ONE, np.full((1, 512), n, np.uint8), n)
    look = frames.read_look()
    assert (look.number, look.numbers.tolist(), set(look.slots.ravel())) == (10, [1], {9})


def test_a_look_whose_writer_died_in_the_middle_is_not_read(tmp_path):
    frames = open_frames(tmp_path)
    frames.write_look(ONE, np.full((1, 512), 1, np.uint8), 0)
    following = frames.file["looks"][2]
    following["before"], following["slots"][0, :256] = 2, 99
    assert set(frames.read_look().slots.ravel()) == {1}
    frames.file["newest"] = 2  # even if it had got so far
    assert frames.read_look() is None


WRITER = """
import sys
from pathlib import Path
import numpy as np
from showctl.outputs.sacn.frames import open_frames
frames, numbers = open_frames(Path(sys.argv[1])), np.arange(1, 257, dtype=np.uint16)
for n in range(1, 1 << 60):
    frames.write_look(numbers, np.full((256, 512), n % 251, np.uint8), n)
"""


def test_no_look_is_ever_torn(tmp_path):
    """Another process writes as fast as it can: each look that is read is all of one number."""
    reader, seen = open_frames(tmp_path), set()
    with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path]) as writer:
        try:
            end = time.monotonic() + 20
            while len(seen) < 500 and time.monotonic() < end:
                if look := reader.read_look():
                    seen.add(look.number)
                    assert (look.slots == look.number % 251).all()
        finally:
            writer.kill()
    assert len(seen) == 500


def test_a_look_fits_any_patch(tmp_path):
    frames = open_frames(tmp_path)
    frames.write_look(np.array([5, 9], np.uint16), np.array([[5] * 512, [9] * 512], np.uint8), 0)
    got = as_universes(frames.read_look(), [Universe(9), Universe(7), Universe(5)])
    assert got[:, 0].tolist() == [9, 0, 5]
    assert as_universes(frames.read_look(), [Universe(7)]) is None
    assert as_universes(None, [Universe(7)]) is None


@pytest.mark.parametrize("field", ["magic", "version", "boot"])
def test_a_file_of_another_boot_or_layout_is_made_anew(tmp_path, field):
    old = open_frames(tmp_path)
    old.write_look(ONE, np.ones((1, 512), np.uint8), 0)
    assert open_frames(tmp_path).read_look() is not None
    old.file[field] = 7 if field == "version" else b"other"
    assert open_frames(tmp_path).read_look() is None


def test_a_file_of_another_size_is_made_anew(tmp_path):
    (tmp_path / shared.NAME).write_bytes(b"showctl!")
    assert open_frames(tmp_path).read_look() is None


def test_the_cid_is_made_once(tmp_path):
    first = persistent_cid(tmp_path / "state")
    assert uuid.UUID(bytes=first).version == 4
    assert persistent_cid(tmp_path / "state") == first
    assert persistent_cid(tmp_path / "other") != first


def test_a_cid_that_is_none_is_made_anew(tmp_path):
    (tmp_path / "cid").write_text("gone wrong\n")
    assert persistent_cid(tmp_path) == persistent_cid(tmp_path)
