"""A file as if it were live: on time, whole, in order; ends, loops and faults told."""

import numpy as np
import pytest

from showctl.model import AudioBlock, DeviceError
from showctl.sound.paced import Paced

RATE, SIZE = 48000, 480


class Clock:
    """A clock that the test turns."""

    now = 500.0

    def __call__(self):
        return self.now


class Loudspeaker:
    """Remembers when each block was written."""

    lead = 0.25

    def __init__(self, clock):
        self.written, self.clock = [], clock

    def write(self, samples, rate):
        self.written.append((self.clock.now, samples))

    def close(self):
        self.written = None


def ramp(count, rate=RATE):
    """Blocks whose samples say their own frame."""
    for n in range(count):
        yield AudioBlock(n * SIZE, np.arange(n * SIZE, (n + 1) * SIZE, dtype=np.float32)[:, None], rate)


def listen(source, clock, seconds, step=0.005):
    """Call it as the ear does; every block with the time at which it came."""
    out, until = [], clock.now + seconds
    while clock.now < until:
        source.tend()
        out += [(clock.now, block) for block in source.blocks()]
        clock.now += step
    return out


@pytest.fixture
def clock():
    return Clock()


@pytest.mark.parametrize("step", [0.001, 0.005, 0.03])
def test_each_block_comes_when_a_desk_would_have_delivered_it(clock, step):
    source = Paced("x", lambda: ramp(1000), now=clock)
    got = listen(source, clock, 2.0, step)
    assert [b.start for _, b in got] == [n * SIZE for n in range(len(got))]
    for now, block in got:
        late = now - source.at(block.start + SIZE)
        assert -1e-9 <= late <= step + 1e-9
    assert len(got) == pytest.approx(200, abs=5)


def test_the_end_is_silence_and_a_word(clock):
    source = Paced("song.wav", lambda: ramp(20), now=clock)
    got = listen(source, clock, 1.0)
    assert source.problem == "song.wav has ended: start again to hear it once more"
    assert not any(block.samples.any() for _, block in got[20:])
    starts = [block.start for _, block in got]
    assert np.all(np.diff(starts) == SIZE)
    assert got[-1][0] > clock.now - 0.02


def test_a_loop_goes_on_counting(clock):
    source = Paced("x", lambda: ramp(20), loop=True, now=clock)
    got = listen(source, clock, 1.0)
    assert [block.start for _, block in got] == [n * SIZE for n in range(len(got))]
    assert got[25][1].samples[0, 0] == 5 * SIZE
    assert source.problem == ""


def test_held_up_it_goes_on_whole_and_late_and_never_back(clock):
    source = Paced("x", lambda: ramp(1000), now=clock)
    before = listen(source, clock, 1.0)
    end = source.at(before[-1][1].start + SIZE)
    clock.now += 10.0
    after = listen(source, clock, 1.0)
    assert after[0][1].start == before[-1][1].start + SIZE
    assert source.at(after[0][1].start) > end
    assert len(after) == pytest.approx(100, abs=5), "no burst"


def test_it_is_played_so_far_ahead_that_it_sounds_when_it_is_analysed(clock):
    speaker = Loudspeaker(clock)
    source = Paced("x", lambda: ramp(1000), speaker, now=clock)
    got = listen(source, clock, 1.0)
    for (written, _), (_, block) in zip(speaker.written[30:], got[30:]):
        assert source.at(block.start) - written == pytest.approx(Loudspeaker.lead, abs=0.011)
    source.close()
    assert speaker.written is None


def test_what_is_not_ready_is_waited_for(clock):
    def slowly():
        for n, block in enumerate(ramp(1000)):
            if n < 3 or n == 50:
                yield from [None] * 40
            yield block

    source = Paced("x", slowly, now=clock)
    got = listen(source, clock, 3.0)
    assert [b.start for _, b in got] == [n * SIZE for n in range(len(got))]
    assert len(got) > 100


@pytest.mark.parametrize("error", [ValueError("x.wav: there is no such file"), DeviceError("libsndfile is missing")])
def test_what_cannot_be_opened_is_told_and_tried_again(clock, error):
    tries = []

    def opened():
        tries.append(clock.now)
        if len(tries) < 3:
            raise error
        return ramp(1000)

    source = Paced("x", opened, now=clock)
    listen(source, clock, 1.0)
    assert source.problem == str(error)
    assert len(tries) == 1
    assert listen(source, clock, 4.0)
    assert source.problem == ""


def test_a_file_that_breaks_off_is_told_and_followed_by_silence(clock):
    def broken():
        yield from ramp(20)
        raise ValueError("x.wav: damaged after 0.2 s")

    source = Paced("x", broken, now=clock)
    got = listen(source, clock, 1.0)
    assert source.problem == "x.wav: damaged after 0.2 s"
    assert len(got) > 90


def test_an_empty_file_is_told(clock):
    source = Paced("x.wav", lambda: iter(()), now=clock)
    assert listen(source, clock, 0.5) == []
    assert "x.wav holds no sound" in source.problem
