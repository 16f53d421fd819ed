"""The ring: what is read is what was written, in order, with every lost frame accounted for and in its place."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.sound.ring import GAPS, Ring


def ramp(start, count, channels=2):
    """Frames that say their own number: (count, channels)."""
    return np.repeat(np.arange(start, start + count, dtype=np.float32)[:, None], channels, axis=1)


operations = st.lists(
    st.tuples(st.just("write"), st.integers(0, 40)) | st.tuples(st.just("read"), st.integers(1, 40)), max_size=80
)


@given(st.integers(1, 50), operations)
def test_every_frame_is_read_or_counted_as_lost(size, steps):
    """Frame n of the stream carries the value n: so each block proves its own start, and lost fills every hole."""
    ring, written, position, lost = Ring(size, 2, 48000), 0, 0, 0
    for what, count in [*steps, *[("read", 1000)] * (GAPS + 2)]:
        if what == "write":
            ring.write(ramp(written, count))
            written += count
            assert ring.waiting <= size
        elif (block := ring.read(count)) is not None:
            assert 1 <= len(block.samples) <= count
            assert block.start == position + block.lost
            np.testing.assert_array_equal(block.samples, ramp(block.start, len(block.samples)))
            position, lost = block.start + len(block.samples), lost + block.lost
    assert ring.waiting == 0
    # What was dropped after the last frame that was read has no block to say so yet; the counter knows it.
    assert position + (ring.lost - lost) == written


def test_a_gap_is_told_once_and_where_it_lies():
    ring = Ring(10, 1, 48000)
    assert ring.write(ramp(0, 14, 1)) == 10
    assert ring.write(ramp(14, 3, 1)) == 0
    assert ring.read(4).lost == 0
    ring.write(ramp(17, 4, 1))
    rest = ring.read(100)
    assert (rest.start, len(rest.samples), rest.lost) == (4, 6, 0)
    after = ring.read(100)
    assert (after.start, len(after.samples), after.lost) == (17, 4, 7)
    assert ring.lost == 7
    assert ring.read(100) is None


def test_more_gaps_than_are_remembered_close_the_ring_and_lose_no_count():
    """With one frame of room at a time every write leaves a gap; the table fills, and the count still comes out."""
    ring, written, seen = Ring(2 * GAPS, 1, 48000), 0, 0
    ring.write(ramp(0, 2 * GAPS, 1))
    written = 2 * GAPS
    for _ in range(2 * GAPS):
        block = ring.read(1)
        assert block.samples[0, 0] == block.start
        seen += 1
        ring.write(ramp(written, 3, 1))
        written += 3
    while (block := ring.read(10)) is not None:
        assert block.samples[0, 0] == block.start
        seen += len(block.samples)
    assert seen + ring.lost == written


def test_what_was_read_does_not_change_when_the_writer_goes_on():
    ring = Ring(8, 1, 48000)
    ring.write(ramp(0, 8, 1))
    block = ring.read(8)
    ring.write(ramp(100, 8, 1))
    np.testing.assert_array_equal(block.samples, ramp(0, 8, 1))


def test_writer_and_reader_in_two_threads():
    ring, total, position = Ring(1000, 1, 48000), 200_000, 0
    done = threading.Event()

    def write():
        for start in range(0, total, 160):
            ring.write(ramp(start, 160, 1))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    lost = 0
    while not (done.is_set() and ring.waiting == 0):
        block = ring.read(97)
        if block is None:
            continue
        assert block.start == position + block.lost
        assert block.samples[0, 0] == block.start
        assert block.samples[-1, 0] == block.start + len(block.samples) - 1
        position, lost = block.start + len(block.samples), lost + block.lost
    writer.join()
    assert position + ring.lost - lost == total


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_channels_stay_together(channels):
    ring = Ring(7, channels, 44100)
    for start in range(0, 30, 5):
        ring.write(ramp(start, 5, channels))
        block = ring.read(5)
        assert block.samples.shape == (5, channels)
        assert block.rate == 44100


def test_what_is_no_number_is_read_as_silence():
    """A driver's NaN would stay in every filter behind for ever: a level meter would read 0 dB for the rest of the night."""
    ring = Ring(16, 2, 48000)
    ring.write(np.array([[0.5, np.nan], [-np.inf, 0.25], [np.inf, -1.5]], np.float32))
    block = ring.read(16)
    assert block is not None
    np.testing.assert_array_equal(block.samples, np.array([[0.5, 0.0], [0.0, 0.25], [0.0, -1.5]], np.float32))
