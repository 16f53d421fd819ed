"""A performer shows gestures: told when, taken when it was one, asked for again when it was none."""

from __future__ import annotations

import numpy as np

from showctl.model import MotionSample
from showctl.performing.showing import Showing
from tests.analysis.gesture.motions import Motion, gesture, rest


def play(showing: Showing, motion: Motion, at: float = 0.0, lost: float = 0.0) -> list[str]:
    """What is said while somebody moves so."""
    chance, said = np.random.default_rng(1), list[str]()
    for n, (ax, ay, az, gx, gy, gz) in enumerate(motion.tolist()):
        gone = bool(chance.random() < lost)
        said += showing.feed(MotionSample(at + n / 50, "glove", (ax, ay, az), (gx, gy, gz), lost=gone))
    return said


def still(seconds: float) -> Motion:
    return rest(int(50 * seconds), np.random.default_rng(2)) * [1, 1, 1, 0.5, 0.5, 0.5]


def test_each_is_asked_for_counted_in_and_taken() -> None:
    showing = Showing(["wave", "vee"], 2)
    draw, said = np.random.default_rng(3), list[str]()
    every = [np.vstack([still(3.0), gesture(name, draw), still(0.3)]) for name in ("swipe", "swipe", "vee", "vee")]
    said += play(showing, np.vstack([*every, still(1.0)]))
    assert showing.done
    assert said[:5] == ["wave, 1 of 2: hold still", "3", "2", "1", "now: wave"]
    assert said[5].startswith("  good: ")
    assert [one for one in said if "hold still" in one] == [
        f"{name}, {n} of 2: hold still" for name in ("wave", "vee") for n in (1, 2)
    ]
    assert [name for name, _ in showing.examples] == ["wave", "wave", "vee", "vee"]
    assert all(0.8 < len(motion) / 50 < 4 for _, motion in showing.examples)
    assert play(showing, still(1.0), 50.0) == []


def test_what_was_no_gesture_is_asked_for_again() -> None:
    showing = Showing(["wave"], 1)
    said = play(showing, still(8.0))
    assert "  once more: nothing moved" in said
    draw = np.random.default_rng(3)
    restless = np.vstack([still(1.0), np.vstack([gesture("vee", draw)[25:-25] for _ in range(20)])])
    said = play(showing, np.vstack([still(2.9), restless[50:]]), at=20.0)
    assert any("it took longer than" in one for one in said)
    assert not showing.examples


def test_what_was_lost_on_the_way_is_asked_for_again() -> None:
    showing = Showing(["wave"], 1)
    draw = np.random.default_rng(3)
    play(showing, still(3.0))
    said = play(showing, gesture("vee", draw)[25:-25], at=3.0, lost=0.9) + play(showing, still(1.5), at=5.0)
    assert any("lost on the way" in one or "nothing moved" in one or "no movement" in one for one in said) or not showing.done
