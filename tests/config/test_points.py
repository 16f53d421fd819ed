"""Geometry of heads: what `solve` finds, `aim` looks at; the short way round; what cannot be reached."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from showctl.config.points import INSIDE, Reach, aim, axes, distance, solve
from showctl.plan import Place

MOUNTS = st.sampled_from(["hung", "standing", "wall"])
METRES = st.floats(-20, 20)
PLACES = st.builds(Place, METRES, METRES, METRES, st.floats(-360, 360), MOUNTS)
POINTS = st.tuples(METRES, METRES, METRES)
PAN, TILT = (-270.0, 270.0), (-135.0, 135.0)
COMING = st.tuples(st.floats(*PAN), st.floats(*TILT))
HOME = (0.0, 0.0)


def between(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The angle between two unit vectors, degrees; exact for small ones, too."""
    return math.degrees(2 * math.asin(min(1.0, math.dist(one, other) / 2)))


def towards(place: Place, point: tuple[float, float, float]) -> tuple[float, ...]:
    away = distance(place, point)
    return tuple((p - q) / away for p, q in zip(point, (place.x, place.y, place.z), strict=True))


@given(PLACES, POINTS, COMING)
def test_what_is_solved_is_looked_at(place: Place, point: tuple[float, float, float], coming: tuple[float, float]) -> None:
    assume(distance(place, point) > INSIDE)
    found = solve(place, point, Reach(PAN, TILT, coming))
    if found is None:  # only behind its yoke: more than 135 degrees from where tilt 0 looks
        assert between(towards(place, point), axes(place)[0]) > 134.9
        return
    assert between(aim(place, *found), towards(place, point)) < 0.1
    assert PAN[0] <= found[0] <= PAN[1]
    assert TILT[0] <= found[1] <= TILT[1]


@given(PLACES, st.floats(*PAN), st.floats(-134, 134), st.floats(1, 40))
def test_a_head_that_looks_there_already_stays(place: Place, pan: float, tilt: float, far: float) -> None:
    way = aim(place, pan, tilt)
    point = (place.x + far * way[0], place.y + far * way[1], place.z + far * way[2])
    found = solve(place, point, Reach(PAN, TILT, (pan, tilt)))
    assert found is not None
    assert found[1] == pytest.approx(tilt, abs=0.01)
    if abs(tilt) > 0.1:
        assert found[0] == pytest.approx(pan, abs=0.5)


@given(PLACES, POINTS, COMING, st.tuples(st.floats(-270, 0), st.floats(0, 270)), st.tuples(st.floats(-135, 0), st.floats(0, 135)))
def test_no_other_way_is_shorter(
    place: Place,
    point: tuple[float, float, float],
    coming: tuple[float, float],
    pan: tuple[float, float],
    tilt: tuple[float, float],
) -> None:
    """Against every pair of angles that looks there, found by trying: none is within reach and a shorter turn."""
    assume(distance(place, point) > INSIDE)
    found = solve(place, point, Reach(pan, tilt, coming))
    free = solve(place, point, Reach((-1e4, 1e4), (-180, 180), HOME))
    assert free is not None
    others = [
        (free[0] + 180 * half, free[1] if half % 2 == 0 else -free[1])
        for half in range(-6, 7)
        if pan[0] <= free[0] + 180 * half <= pan[1] and tilt[0] <= (free[1] if half % 2 == 0 else -free[1]) <= tilt[1]
    ]
    if found is None:
        assert others == []
    else:
        assert pan[0] <= found[0] <= pan[1]
        assert tilt[0] <= found[1] <= tilt[1]
        turn = max(abs(found[0] - coming[0]), abs(found[1] - coming[1]))
        assert all(turn <= max(abs(p - coming[0]), abs(t - coming[1])) + 0.01 for p, t in others)


@pytest.mark.parametrize(
    ("place", "point", "wanted"),
    [
        # Hung 5 m above the middle, facing the audience: 5 m towards it is half way up; clockwise from above is to -x.
        (Place(0, 0, 5, 0, "hung"), (0, 0, 0), (0, 0)),
        (Place(0, 0, 5, 0, "hung"), (0, -5, 0), (0, 45)),
        (Place(0, 0, 5, 0, "hung"), (-5, -5, 5), (45, 90)),
        (Place(0, 0, 5, 0, "hung"), (0, 5, 0), (0, -45)),
        (Place(0, 0, 5, 90, "hung"), (5, 0, 0), (0, 45)),
        (Place(0, 0, 5, 180, "hung"), (5, 5, 5), (45, 90)),
        # The same head on the floor is upside down: it turns the other way.
        (Place(0, 0, 0, 0, "standing"), (0, -5, 5), (0, 45)),
        (Place(0, 0, 0, 0, "standing"), (5, -5, 0), (45, 90)),
        # On the left wall, facing to the right: tilt + is up, tilt - down.
        (Place(0, 0, 3, 90, "wall"), (5, 0, 3), (0, 0)),
        (Place(0, 0, 3, 90, "wall"), (5, 0, 8), (0, 45)),
        (Place(0, 0, 3, 90, "wall"), (3, 0, 0), (0, -45)),
    ],
)
def test_as_it_is_drawn(place: Place, point: tuple[float, float, float], wanted: tuple[float, float]) -> None:
    assert solve(place, point, Reach(PAN, TILT, HOME)) == pytest.approx(wanted)


def test_the_short_way_round() -> None:
    place, point = Place(0, 0, 5), (-5.0, 0.3, 0.0)  # pan 93.4, tilt 45: or over the head, pan -86.6, tilt -45
    assert solve(place, point, Reach(PAN, TILT, (0, 0))) == pytest.approx((-86.6, -45.1), abs=0.1)
    assert solve(place, point, Reach(PAN, TILT, (90, 40))) == pytest.approx((93.4, 45.1), abs=0.1)
    # From far round it goes on rather than all the way back, as far as its range goes.
    assert solve(place, point, Reach(PAN, TILT, (-260, 40))) == pytest.approx((-266.6, 45.1), abs=0.1)
    assert solve(place, point, Reach((-260, 270), TILT, (-250, 40))) == pytest.approx((-86.6, -45.1), abs=0.1)
    # Limits forbid the flip.
    assert solve(place, point, Reach(PAN, (-20, 100), (0, 0))) == pytest.approx((93.4, 45.1), abs=0.1)
    assert solve(place, point, Reach((-80, 80), (-20, 100), (0, 0))) is None


def test_straight_along_its_axis_pan_stays() -> None:
    assert solve(Place(1, 2, 5), (1, 2, 0), Reach(PAN, TILT, (123, 40))) == (123, 0)
    assert solve(Place(1, 2, 5), (1, 2, 0), Reach((-90, 90), TILT, (123, 40))) == (90, 0)
    assert solve(Place(1, 2, 5), (1, 2, 9), Reach(PAN, TILT, HOME)) is None
