"""The linter's word on strobes against the engine's: an effect that it lets pass is never held at 200 beats a minute."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.config.lint.flash import PARTS, Lamps, _nearest
from showctl.config.patch import Patch
from showctl.model import Go
from showctl.plan import Effect, EffectStart, Plan, Span, StrobeLimit, Universe
from tests.show.shows import Show, beats, cue, cues, dimmer, move

COUNT, FASTEST = 8, 0.3


@st.composite
def effects(draw: st.DrawFn) -> Effect:
    """Effects on intensity, in time with the beat or not."""
    beat = draw(st.booleans())
    amounts = st.sampled_from(
        [1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0, 3 / 2, 2.0, 4.0] if beat else [0.1, 0.2, 0.25, 0.3, 0.5, 1.0]
    )
    spread = draw(st.sampled_from(["none", "chase", "parts", "spread"]))
    return Effect(
        "e",
        draw(st.sampled_from(["sine", "ramp", "step", "pulse", "decay", "random"])),
        "intensity",
        "beat" if beat else "free",
        Span(draw(amounts), "beat" if beat else "s"),
        low=draw(st.sampled_from([0.0, 0.5, 0.7, 0.85])),
        layer=draw(st.sampled_from(["replace", "scale", "max"])),
        length=draw(st.sampled_from([0.25, 0.5, 1.0])),
        spread=0.5 if spread == "spread" else 0.0,
        parts=2 if spread == "parts" else 0,
        chase=spread == "chase",
        swing=draw(st.sampled_from([0.5, 0.6, 0.66, 0.75])),
        seed=draw(st.integers(0, 9)),
        direction=draw(st.sampled_from(["forward", "forward", "reverse", "bounce"])),
    )


@pytest.mark.slow
@settings(max_examples=40)
@given(effects())
def test_what_passes_is_never_held(effect: Effect) -> None:
    limit = StrobeLimit()
    lamps = tuple(dimmer(i + 1) for i in range(COUNT))
    start = EffectStart("e", tuple((i,) for i in range(COUNT)))
    show = Show(
        Plan(
            lamps,
            (),
            (Universe(1),),
            (cues(cue(1, *(move(i, 1.0) for i in range(COUNT)), starts=(start,))),),
            (effect,),
            strobe=limit,
        )
    )
    heard, held = beats(5.0, FASTEST), 0
    for tick in range(5 * 44):
        now = tick / 44
        news = [said for said in heard if said.time <= now]
        heard = heard[len(news) :]
        show.at(now, *news, *([Go(time=now)] if tick == 88 else []))
        held = max(held, show.engine._stage.held)
    if not Lamps(Patch(parameters=list(lamps)), limit).too_fast(effect):
        assert held == 0
    elif (
        effect.shape == "pulse"
        and effect.sync == "beat"
        and effect.length == 0.5
        and effect.low == 0.0
        and effect.layer != "max"
        and effect.swing < 0.75
        and effect.direction != "bounce"
        and not effect.chase
    ):
        assert held > 0  # a strobe by any measure


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_a_beat_that_music_has(part: int) -> None:
    for times in (1, 2, 3, 5, 7):
        assert _nearest(Span(float(Fraction(times, part)), "beat")) is None


@pytest.mark.parametrize(
    ("amount", "near"), [(0.37, Fraction(3, 8)), (0.3, Fraction(1, 3)), (0.01, Fraction(1, 16)), (1.4, Fraction(11, 8))]
)
def test_what_was_probably_meant(amount: float, near: Fraction) -> None:
    found = _nearest(Span(amount, "beat"))
    assert found is not None
    assert abs(float(found) - amount) <= abs(float(near) - amount)
    assert found.denominator in PARTS
    assert _nearest(Span(amount, "s")) is None
