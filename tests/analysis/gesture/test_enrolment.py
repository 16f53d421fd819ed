"""What an enrolment says of gestures: which are good, which cannot be told apart, and what is no example at all."""

from __future__ import annotations

import numpy as np
import pytest

from showctl.analysis.gesture.audit import audited
from showctl.analysis.gesture.enrolment import MOST_EXAMPLES, Enrolment, enrolled
from showctl.analysis.gesture.threshold import Tail
from tests.analysis.gesture.motions import Motion, gesture, rest
from tests.analysis.gesture.test_recogniser import enrolment, people


def made(examples: list[tuple[str, Motion]]) -> Enrolment:
    return enrolled(examples, people(0), np.random.default_rng(1))


@pytest.mark.slow
def test_good_gestures_are_not_refused() -> None:
    audit = enrolment().audit
    assert audit.refused == ()
    assert all(row.recall > 0.7 and row.wrong < 0.1 for row in audit.gestures)
    low, high = audit.interval
    assert low < audit.false_per_hour < high
    assert sum(row.false_per_hour for row in audit.gestures) == pytest.approx(audit.false_per_hour)


@pytest.mark.slow
def test_two_names_for_one_gesture_are_refused() -> None:
    draw = np.random.default_rng(3)
    examples = [
        (name, gesture(kind, draw)) for name, kind in (("on", "vee"), ("off", "vee"), ("stop", "twist")) for _ in range(3)
    ]
    refused = " ".join(made(examples).audit.refused)
    assert "'on'" in refused
    assert "'off'" in refused
    assert "stop" not in refused


NOTHING = np.array([[1.0, 0.0]])  # a peak of null motion


@pytest.mark.parametrize(
    ("found", "refused"),
    [
        ([True, True, False], ""),  # what is bent is lost, what was shown is found
        ([True, False, False], "'a' is found in only"),
    ],
)
def test_a_gesture_is_weak_only_if_what_was_shown_is_not_found(found: list[bool], refused: str) -> None:
    shown = [[0.0, 1.0, 5.0 if yes else -np.inf, -9.0] for yes in found]
    bent = [[0.0, 0.0, -2.0, -9.0]] * 10
    other = [[1.0, 1.0, -9.0, 5.0]] * 3
    audit = audited(("a", "b"), np.array(shown + bent + other), NOTHING, Tail(1.0, 0.5, 1, 10.0), 3.0, [None, None])
    assert len(audit.refused) == bool(refused)
    assert refused in " ".join(audit.refused)
    assert audit.gestures[0].recall == pytest.approx(sum(found) / 13)


@pytest.mark.slow
def test_an_example_that_is_unlike_the_others_is_named() -> None:
    draw = np.random.default_rng(6)
    mixed = [("go", gesture(kind, draw)) for kind in ("swipe", "twist", "swipe")]
    assert made(mixed + [("vee", gesture("vee", draw)) for _ in range(3)]).like.odd() == [1, None]
    said = np.array([[0.0, 1.0, -9.0, -9.0]] * 3 + [[1.0, 1.0, -9.0, 5.0]] * 3)
    (refused,) = audited(("go", "vee"), said, NOTHING, Tail(1.0, 0.5, 1, 10.0), 3.0, [1, None]).refused
    assert "its example 2 is unlike the others" in refused


def test_a_gesture_that_people_make_anyway_is_refused() -> None:
    said = np.array([[0.0, 1.0, 5.0, -9.0], [1.0, 1.0, -9.0, 5.0]])
    audit = audited(("a", "b"), said, NOTHING, Tail(3.0, 0.5, 30, 10.0), 3.0, [None, None])
    assert len(audit.refused) == 1
    assert "'a' is too much like what people do" in audit.refused[0]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 10])
def test_one_example_is_enough_and_ten_are_not_too_many(count: int) -> None:
    draw = np.random.default_rng(4)
    of = made([(name, gesture(name, draw)) for name in ("vee", "twist") for _ in range(count)])
    assert of.gestures == ("twist", "vee")
    assert all(row.recall > 0.5 for row in of.audit.gestures)


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ([], "no examples"),
        ([("wave", rest(80, np.random.default_rng(1)))], "'wave': no movement"),
        ([("tick", np.pad(np.full((3, 6), 90.0), ((30, 30), (0, 0))))], "'tick': its movement takes only"),
        ([("vee", gesture("vee", np.random.default_rng(1)))] * (MOST_EXAMPLES + 1), f"{MOST_EXAMPLES} are the most"),
    ],
)
def test_what_cannot_be_enrolled_is_said(examples: list[tuple[str, Motion]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        made(examples)


def test_without_other_motion_there_is_no_threshold() -> None:
    draw = np.random.default_rng(5)
    with pytest.raises(ValueError, match="less than a minute"):
        enrolled([("vee", gesture("vee", draw))], [[rest(2000, draw)]], draw)
