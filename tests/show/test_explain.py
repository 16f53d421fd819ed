"""Why a lamp is as it is: the layers add up to what left, asking changes nothing, and the words are right."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import (
    Blackout,
    Check,
    ControlEvent,
    Features,
    Flash,
    Go,
    Hold,
    Identify,
    Inputs,
    Park,
    Release,
    SetMaster,
)
from showctl.plan import Category, Cue, Effect, EffectStart, Parameter, Plan, Span, StrobeLimit, Submaster, Universe
from showctl.show.engine import ShowEngine
from showctl.show.explain import Explained, as_data, explain
from tests.show.shows import Show, cue, cues, dimmer, move, pan
from tests.show.test_laws import AT_44, examples, made_nights, made_plans


@settings(max_examples=examples(8))
@given(made_plans(), made_nights(), st.booleans())
def test_the_layers_add_up_to_what_left_and_asking_changes_nothing(
    of: Plan, night: tuple[list[Features], list[ControlEvent]], limited: bool
) -> None:
    of = replace(of, strobe=StrobeLimit() if limited else None)
    asked, quiet = ShowEngine(of), ShowEngine(of)
    features, controls = list(night[0]), list(night[1])
    for tick, now in enumerate(AT_44):
        heard = tuple(f for f in features if f.time <= now)
        hands = tuple(c for c in controls if c.time <= now)
        features, controls = features[len(heard) :], controls[len(hands) :]
        frame = asked.step(now, Inputs(heard, hands))
        assert frame.slots.tobytes() == quiet.step(now, Inputs(heard, hands)).slots.tobytes()
        if tick % 20 == 0:
            _adds_up(asked, limited)


def _adds_up(engine: ShowEngine, limited: bool) -> None:
    stage = engine._stage
    grown = {name: live.copy() for name, live in stage.growing()}
    assert limited or np.array_equal(grown["dimmers"], stage.live)
    for fixture in {p.fixture for p in engine.plan.parameters}:
        for one in explain(stage, fixture):
            p = one.parameter
            start, end = p.span[::-1] if p.invert else p.span
            top = 256 ** len(p.slots) - 1
            raw = int(np.floor(np.float32(one.value) * np.float32((end - start) * top) + np.float32(start * top + 0.5)))
            assert int.from_bytes(bytes(byte for _, _, byte in one.slots), "big") == (raw if p.slots else 0)
            assert json.loads(json.dumps(as_data((one,))))[0]["key"] == p.key


LOW = cue(1, move(0, 0.5, origin="wash intensity 50%"), name="Doors", path="show.yaml", line=7)
SOFT = Cue(Decimal(2), moves=(move(0, 1.0, 4.0),), starts=(EffectStart("kick", ((0,),)),), path="show.yaml", line=8)
KICK = Effect("kick", "pulse", "intensity", every=Span(2.0, "beat"), low=0.5, layer="scale", length=0.5)


def made(**more: object) -> Show:
    lists = (
        cues(LOW, SOFT),
        cues(cue(1, move(0, 0.2)), name="high", priority=6),
        cues(cue(1, move(0, 0.9)), name="htp", htp=True),
    )
    subs = (Submaster("fill", "additive", ((0, 0.8),)), Submaster("dim", "inhibitive", ((0, 1.0),), level=1.0))
    more = {"effects": (KICK,), "submasters": subs, "strobe": None, **more}
    return Show(Plan((dimmer(1, "par"), pan(2)), (), (Universe(1),), lists, **more))  # type: ignore[arg-type]


def told(show: Show, now: float, *given_: ControlEvent, fixture: str = "par") -> Explained:
    show.at(now, *given_)
    return explain(show.engine._stage, fixture)[0]


def layer(one: Explained, what: str) -> tuple[str, float | None]:
    return next((found.text, found.value) for found in one.layers if found.what == what)


def test_rest_and_start_look() -> None:
    assert [(found.what, found.value) for found in told(made(), 0.0).layers] == [("rest", 0.0)]
    one = told(made(start=((0, 0.3),)), 0.0)
    assert layer(one, "rest") == ("the start look of the venue", pytest.approx(0.3))
    assert one.slots == ((1, 1, 77),)
    assert explain(made().engine._stage, "nobody") == ()


def test_a_list_says_which_cue_and_why_it_has_the_lamp() -> None:
    show = made()
    one = told(show, 1.0, Go(time=1.0))
    assert layer(one, "list main") == ("cue 1 Doors (show.yaml:7): wash intensity 50%, priority 4, has it", pytest.approx(0.5))
    one = told(show, 2.0, Go(time=2.0, list="high"))
    assert layer(one, "list main")[0].endswith("but high has a higher priority")
    assert layer(one, "list high") == ("cue 1 (:0), priority 6, has it", pytest.approx(0.2))
    assert one.value == pytest.approx(0.2)
    one = told(show, 3.5, Release(time=3.0, list="high"))
    assert "let go: 50% of it left" in layer(one, "list high")[0]
    assert one.value == pytest.approx(0.35)


def test_a_fade_says_where_it_goes_and_an_effect_what_it_does() -> None:
    show = made()
    show.at(1.0, Go(time=1.0))
    one = told(show, 3.0, Go(time=2.0))
    assert layer(one, "list main")[0] == "cue 2 (show.yaml:8), priority 4, on its way to 100.0%, has it"
    assert layer(one, "list main")[1] == pytest.approx(0.625)
    assert layer(one, "effect kick")[0].startswith("pulse, layer scale, of list main")
    assert layer(one, "effects")[1] == one.value
    one = told(show, 4.0, Go(time=4.0, list="high"))
    assert layer(one, "effect kick")[0].endswith("hidden by a list above it")


def test_what_joins_by_htp_and_submasters() -> None:
    show = made()
    one = told(show, 1.0, Go(time=1.0), Go(time=1.0, list="htp"), SetMaster(time=1.0, level=0.5, submaster="fill"))
    assert layer(one, "list htp") == ("cue 1 (:0), priority 4, joins by HTP: the highest has it", pytest.approx(0.9))
    assert layer(one, "submaster fill") == ("brings 40.0%, the highest has it", pytest.approx(0.9))


@pytest.mark.parametrize(
    ("hand", "what", "text", "value"),
    [
        (Hold(time=1.0, values=(("par/intensity", 0.7),)), "hand", "held at 70.0% as par/intensity", 0.7),
        (Check(time=1.0, step=1), "hand", "channel check stands at it", 1.0),
        (Identify(time=1.0, fixture="par", on=True), "hand", "it shows which it is (identify)", 1.0),
        (SetMaster(time=1.0, level=0.5), "masters", "grand master 50%", 0.25),
        (SetMaster(time=1.0, level=0.4, submaster="dim"), "masters", "submaster dim 40%", 0.2),
        (Flash(time=1.0, submaster="fill", on=True), "submaster fill", "brings 80.0%, the highest has it", 0.8),
        (Blackout(time=1.0, on=True), "masters", "blackout", 0.0),
        (Park(time=1.0, values=(("par/intensity", 0.6),)), "park", "nothing moves it until it is unparked", 0.6),
    ],
)
def test_hands_and_masters(hand: ControlEvent, what: str, text: str, value: float) -> None:
    one = told(made(), 1.0, Go(time=1.0), hand)
    assert layer(one, what) == (text, pytest.approx(value))
    assert one.value == pytest.approx(value)


def test_virtual_dimmers_and_limits() -> None:
    dim = Parameter("raw", 0, "intensity", Category.INTENSITY)
    red = Parameter("raw", 0, "red", Category.COLOUR, 1, (5,), default=1.0, masters=(0,))
    tilt = Parameter("raw", 0, "tilt", Category.POSITION, 1, (6,), high=0.75, degrees=(-100.0, 100.0))
    show = Show(Plan((dim, red, tilt), (), (Universe(1),), (cues(cue(1, move(0, 0.5), move(2, 1.0))),)))
    show.at(1.0, Go(time=1.0))
    found = {one.parameter.name: one for one in explain(show.engine._stage, "raw")}
    assert layer(found["red"], "dimmer") == ("scaled by raw/intensity, at 50.0%", pytest.approx(0.5))
    assert layer(found["tilt"], "limits") == ("the venue lets it go from -100.0deg to 50.0deg", pytest.approx(0.75))
    assert found["intensity"].slots == ()
    assert as_data((found["tilt"],))[0]["shown"] == "50.0deg"


def test_the_strobe_limit_says_that_it_holds() -> None:
    strobing = Effect("s", "pulse", "intensity", sync="free", every=Span(0.1), length=0.5)
    start = EffectStart("s", ((0,),))
    of = Plan((dimmer(1, "par"),), (), (Universe(1),), (cues(cue(1, starts=(start,))),), (strobing,))
    show = Show(of)
    show.at(0.0, Go(time=0.0))
    held = [layer_ for t in range(1, 44) for layer_ in told(show, t / 44).layers if layer_.what == "strobe limit"]
    assert held
    assert held[0].text == "held: it would flash once too often"
