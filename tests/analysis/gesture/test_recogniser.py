"""Gestures in a stream: found, once, soon, although samples are lost, however it is cut; and what is none is not found."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from showctl.analysis.gesture.corpus import shipped, without_gravity
from showctl.analysis.gesture.enrolment import Enrolment, enrolled
from showctl.analysis.gesture.keeping import VERSION, restored, stored
from showctl.analysis.gesture.recogniser import AGAIN, BEYOND_DOUBT, FRAMES_HZ, HOLE, Recogniser
from showctl.analysis.gesture.rehearsal import torn
from showctl.model import Candidate, MotionSample
from tests.analysis.gesture.motions import STROKES, Motion, gesture, rest, show

NAMES = ["swipe", "vee", "twist", "vee", "swipe", "twist", "twist", "swipe", "vee"]
GRACE = 0.5  # s


@cache
def people(side: int, gravity: bool = True) -> list[list[Motion]]:
    """Every other person's motion."""
    some = [[motion for motion in person[:6] if len(motion) > 400] for person in list(shipped().values())[side::2]]
    return some if gravity else [[without_gravity(motion) for motion in person] for person in some]


def null(side: int, gravity: bool = True) -> list[Motion]:
    """The same, whosever it is."""
    return [motion for person in people(side, gravity) for motion in person]


@cache
def enrolment(gravity: bool = True) -> Enrolment:
    draw = np.random.default_rng(1)
    return enrolled(
        [(name, gesture(name, draw, gravity)) for name in STROKES for _ in range(3)], people(0, gravity), np.random.default_rng(2)
    )


def samples(motion: Motion) -> list[MotionSample]:
    return [
        MotionSample(n / 50, "ring", (ax, ay, az), (gx, gy, gz), lost=bool(np.isnan(ax)))
        for n, (ax, ay, az, gx, gy, gz) in enumerate(motion.tolist())
    ]


def heard(of: Enrolment, motion: Motion) -> list[Candidate]:
    recogniser = Recogniser(of)
    return [candidate for sample in samples(motion) for candidate in recogniser.feed(sample)]


def right(candidates: list[Candidate], events: list[tuple[float, float, str]]) -> int:
    said = [c for c in candidates if c.accepted]
    return sum([c.gesture for c in said if first <= c.time <= last + GRACE] == [name] for first, last, name in events)


def delays(candidates: list[Candidate], events: list[tuple[float, float, str]]) -> list[float]:
    """Of each decision about a gesture, after its end."""
    return [c.time - last for first, last, _ in events for c in candidates if c.accepted and first <= c.time <= last + GRACE]


@pytest.mark.slow
@pytest.mark.parametrize("gravity", [True, False])
def test_each_gesture_is_found_once_and_nothing_else(gravity: bool) -> None:
    stream, events = show(NAMES, null(1, gravity), np.random.default_rng(3), gravity)
    candidates = heard(enrolment(gravity), stream)
    assert right(candidates, events) >= len(events) - 1
    assert sum(c.accepted for c in candidates) <= len(events)


@pytest.mark.slow
def test_a_decision_comes_soon_after_the_end() -> None:
    stream, events = show(NAMES, null(1), np.random.default_rng(4))
    assert np.median(delays(heard(enrolment(), stream), events)) <= 0.15


@pytest.mark.slow
def test_the_middle_of_a_gesture_lies_in_it() -> None:
    stream, events = show(NAMES, null(1), np.random.default_rng(4))
    found = [(first, c.middle, last) for first, last, _ in events for c in heard(enrolment(), stream)
             if c.accepted and first <= c.time <= last + GRACE]  # fmt: skip
    assert len(found) >= len(events) - 1
    for first, middle, last in found:
        assert middle is not None
        assert first <= middle <= last


@pytest.mark.slow
def test_nothing_depends_on_what_comes_later() -> None:
    stream, _ = show(NAMES, null(1), np.random.default_rng(5))
    whole = heard(enrolment(), stream)
    for cut in (801, 1202, len(stream) // 2):
        assert heard(enrolment(), stream[:cut]) == [c for c in whole if c.time < cut / 50]


@pytest.mark.slow
def test_lost_samples_are_bridged() -> None:
    draw = np.random.default_rng(6)
    stream, events = show(NAMES, null(1), draw)
    damaged = stream.copy()
    damaged[draw.random(len(stream)) < 0.2] = np.nan
    assert right(heard(enrolment(), damaged), events) >= right(heard(enrolment(), stream), events) - 1


@pytest.mark.slow
def test_a_hole_in_a_gesture_is_bridged_but_leaves_a_doubt() -> None:
    stream, events = show(NAMES, null(1), np.random.default_rng(11))
    damaged = stream.copy()
    for first, last, _ in events:
        middle = int((first + last) * 25)
        damaged[middle - 6 : middle + 4] = np.nan
    whole, holed = heard(enrolment(), stream), heard(enrolment(), damaged)
    assert right(holed, events) >= right(whole, events) - 1
    assert np.median(delays(holed, events)) > np.median(delays(whole, events))


@pytest.mark.slow
def test_holes_do_not_make_gestures_of_what_is_none() -> None:
    """A hole every second or two in six minutes."""
    stream = np.concatenate(null(1))[:18000]
    _, lost = torn(stream, np.random.default_rng(13))
    stream[lost] = np.nan
    assert sum(c.accepted for c in heard(enrolment(), stream)) <= 3


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), [("swipe", 0), ("vee", 1)])
def test_what_is_in_doubt_before_a_hole_is_given_its_time_behind_it(name: str, seed: int) -> None:
    draw = np.random.default_rng(seed)
    done = gesture(name, draw, mess=0.8)
    speed = np.linalg.norm(done[:, 3:], axis=1)
    stream = np.vstack([rest(100, draw), done, rest(60, draw)])
    begin = 100 + int(np.flatnonzero(speed > speed.max() / 5)[-1])
    stream[begin : begin + 20] = np.nan
    (said,) = [c for c in heard(enrolment(), stream) if c.accepted]
    assert said.gesture == name
    assert said.score < BEYOND_DOUBT
    assert said.time > (begin + 20) / 50 + 0.1


@pytest.mark.slow
def test_after_a_long_hole_all_begins_anew() -> None:
    draw = np.random.default_rng(7)
    stream, events = show(["swipe"], null(1), draw)
    gone = np.full((HOLE + 1, 6), np.nan)
    before, _ = show(["vee"], null(1), draw)
    after = [c for c in heard(enrolment(), np.vstack([before, gone, stream])) if c.time >= (len(before) + len(gone)) / 50]
    alone = heard(enrolment(), stream)
    assert [(c.gesture, c.score) for c in after] == [(c.gesture, c.score) for c in alone]
    assert right(alone, events) == 1


@pytest.mark.slow
def test_a_gesture_cut_by_a_long_hole_is_none() -> None:
    draw = np.random.default_rng(8)
    done = gesture("twist", draw)
    done[30 : 30 + HOLE + 5] = np.nan
    assert not [c for c in heard(enrolment(), np.vstack([rest(100, draw), done, rest(100, draw)])) if c.accepted]


@pytest.mark.slow
def test_what_was_turned_down_says_why() -> None:
    draw = np.random.default_rng(9)
    stream = np.vstack([rest(60, draw)] + [gesture("vee", draw, mess=0.5) for _ in range(12)])
    turned_down = [c for c in heard(enrolment(), stream) if not c.accepted]
    assert turned_down
    assert all("needed" in c.reason or "same movement" in c.reason or "could be" in c.reason for c in turned_down)


@pytest.mark.slow
def test_an_enrolment_is_kept_as_arrays() -> None:
    arrays = stored(enrolment())
    assert all(array.dtype != object for array in arrays.values())
    stream, _ = show(NAMES[:4], null(1), np.random.default_rng(10))
    again = restored(arrays)
    assert again.audit == enrolment().audit
    assert heard(again, stream) == heard(enrolment(), stream)


@pytest.mark.slow
def test_an_enrolment_of_another_version_is_refused() -> None:
    arrays = stored(enrolment())
    words = bytes(arrays["words"]).replace(b'"version": %d' % VERSION, b'"version": 0')
    with pytest.raises(ValueError, match="enrol again"):
        restored(arrays | {"words": np.frombuffer(words, np.uint8)})
    with pytest.raises(ValueError, match="not an enrolment"):
        restored({name: array for name, array in arrays.items() if name != "gate"})


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["states", "sizes", "owner", "gate", "like_middle", "like_spread", "like_examples", "class_mean", "holed_mean"]
)
def test_parts_that_do_not_belong_together_are_refused(name: str) -> None:
    arrays = stored(enrolment())
    with pytest.raises(ValueError, match="do not belong together"):
        restored(arrays | {name: arrays[name][:-1]})


@pytest.mark.slow
def test_what_is_done_again_and_again_is_no_gesture_unless_beyond_doubt() -> None:
    draw = np.random.default_rng(12)
    stream = np.vstack([rest(60, draw)] + [gesture("vee", draw, mess=0.4) for _ in range(25)])
    said = [c for c in heard(enrolment(), stream) if c.gesture == "vee"]
    series = [c for c in said if "the same again" in c.reason]
    assert any(c.accepted for c in said)
    assert series
    assert all(c.score <= BEYOND_DOUBT for c in series)
    assert [c for c in said if c.series]
    assert {c.reason for c in said if c.series} <= {c.reason for c in series}
    accepted = [c for c in said if c.accepted]
    assert all(late.score > BEYOND_DOUBT for early, late in pairwise(accepted) if late.time - early.time < AGAIN / FRAMES_HZ)


@pytest.mark.slow
def test_the_same_examples_give_the_same_enrolment() -> None:
    enrolment.cache_clear()
    first = stored(enrolment())
    enrolment.cache_clear()
    second = stored(enrolment())
    assert all(np.array_equal(first[name], second[name]) for name in first)
