"""Linear time code: read at any level and polarity, at half to twice its speed, both ways; never in what is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from showctl.wire.ltc import Decoder, Heard
from showctl.wire.timecode import Rate, seconds
from tests.wire.ltc_encoder import label, play, tape

FIRST = 90_005  # frames from midnight: some way into the 50th minute
QUICK = settings(max_examples=60, deadline=None)


def read(samples: NDArray[np.float32], rate: int = 48_000, block: int = 480) -> list[Heard]:
    decoder = Decoder()
    return [one for i in range(0, len(samples), block) for one in decoder.feed(samples[i : i + block], rate)]


def right(found: list[Heard], rate: Rate, first: int, count: int, backwards: bool = False) -> bool:
    """Whether each of them stands on the tape, one after the other."""
    faces = [label(first + i, rate) for i in range(count)]
    at = [faces.index(one.frame.face) for one in found]
    return at == sorted(at, reverse=backwards)


@pytest.mark.slow
@QUICK
@given(
    st.sampled_from(Rate),
    st.sampled_from([44_100, 48_000]),
    st.floats(0.5, 2.0),
    st.booleans(),
    st.sampled_from([1.0, 0.1, 0.01, -0.01, -0.5]),
    st.integers(0, 15),
    st.integers(0, 24 * 3600 * 24 - 100),
)
def test_every_frame_but_at_the_ends_is_read_at_any_rate_speed_level_and_polarity(
    rate: Rate, sampled: int, speed: float, back: bool, level: float, user: int, first: int
) -> None:
    way = -1.0 if back else 1.0
    found = read(play(tape(first, 30, rate, user), rate, sampled, way * speed, level, lead=100.0), sampled)
    assert len(found) >= 27
    assert right(found, rate, first, 30, back)
    assert {one.frame.direction for one in found} == {-1 if back else 1}


@pytest.mark.parametrize("rate", Rate)
def test_the_time_of_a_frame_is_its_end_to_a_sample(rate: Rate) -> None:
    found = read(play(tape(FIRST, 60, rate), rate, lead=1000.5))
    for one in found:
        passed = (one.time - 1000.5) / 48_000 * rate.real
        assert one.frame.at == pytest.approx(seconds(one.frame.face, rate) + 1 / rate.real)
        face = label(FIRST + round(passed) - 1, rate)
        assert face == one.frame.face
        assert passed == pytest.approx(round(passed), abs=2 * rate.real / 48_000)


@pytest.mark.slow
@pytest.mark.parametrize("rate", Rate)
def test_the_rate_is_known_once_a_second_has_ended_whatever_the_speed(rate: Rate) -> None:
    for speed in (0.7, 1.0, 1.6):
        found = read(play(tape(FIRST, 100, rate), rate, speed=speed))
        assert {one.frame.rate for one in found[40:]} == {rate}


@pytest.mark.parametrize("speed", [0.5, 0.7, -0.5, 2.0])
def test_a_second_of_thirty_frames_is_whole_although_its_rate_is_not_known_yet(speed: float) -> None:
    assert len(read(play(tape(0, 30, Rate.FULL), Rate.FULL, speed=speed, lead=100.0))) == 27


def test_a_tape_that_wavers() -> None:
    speed = 1.0 + 0.1 * np.sin(np.arange(96_000) * 2 * np.pi * 4 / 48_000)
    found = read(play(tape(FIRST, 60, Rate.PAL), Rate.PAL, speed=speed))
    assert len(found) >= 46
    assert right(found, Rate.PAL, FIRST, 60)


def test_a_drop_out_costs_what_it_hits_and_a_frame() -> None:
    sound = play(tape(FIRST, 50, Rate.PAL), Rate.PAL)
    sound[40_000:42_000] = 0.0
    found = read(sound)
    assert right(found, Rate.PAL, FIRST, 50)
    assert 44 <= len(found) < 49


def test_minus_40_dbfs_beside_hum_and_hiss() -> None:
    rng = np.random.default_rng(7)
    sound = play(tape(FIRST, 50, Rate.FULL), Rate.FULL, level=0.01)
    t = np.arange(len(sound)) / 48_000
    dirt = 0.0008 * np.sin(2 * np.pi * 50 * t) + rng.normal(0.0, 0.0004, len(sound))
    found = read((sound + dirt).astype(np.float32))
    assert len(found) >= 45
    assert right(found, Rate.FULL, FIRST, 50)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["white", "clicks", "tones", "square", "telegraph"])
def test_noise_and_music_are_no_time_code(kind: str) -> None:
    rng, n = np.random.default_rng(3), 48_000 * 20
    t = np.arange(n) / 48_000
    made = {
        "white": lambda: rng.normal(0.0, 0.3, n),
        "clicks": lambda: (rng.random(n) < 0.01) * rng.normal(0.0, 1.0, n),
        "tones": lambda: sum(np.sin(2 * np.pi * f * t) for f in rng.uniform(100, 3000, 12)) / 12,
        "square": lambda: np.sign(np.sin(2 * np.pi * 1000 * t)),
        "telegraph": lambda: np.repeat(rng.choice([-0.5, 0.5], n // 12), 12),  # turns in time with half bits, at random
    }
    assert read(made[kind]().astype(np.float32)) == []


def test_one_frame_alone_is_not_believed() -> None:
    assert read(play(tape(FIRST, 1, Rate.PAL), Rate.PAL, lead=200.0)) == []
    torn = tape(FIRST, 1, Rate.PAL) + tape(FIRST + 500, 1, Rate.PAL) + tape(FIRST + 9, 1, Rate.PAL)
    assert read(play(torn, Rate.PAL)) == []


@QUICK
@given(hnp.arrays(np.float32, st.integers(0, 2000), elements=st.floats(width=32, allow_nan=True, allow_infinity=True)))
def test_any_samples_never_raise(samples: NDArray[np.float32]) -> None:
    decoder = Decoder()
    for _ in range(3):
        decoder.feed(samples, 48_000)
    decoder.feed(samples, 44_100)


@pytest.mark.slow
@QUICK
@given(st.integers(1, 3000))
def test_where_the_sound_is_cut_costs_nothing(block: int) -> None:
    found = read(play(tape(FIRST, 12, Rate.PAL), Rate.PAL, lead=300.0), block=block)
    assert len(found) >= 9
    assert [one.frame.face.frames for one in found] == [*range(int(found[0].frame.face.frames), 17)][: len(found)]
