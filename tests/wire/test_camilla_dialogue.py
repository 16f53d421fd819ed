"""What is said to CamillaDSP: what is wanted gets there in small steps, hands go before, and what it forgot is found anew."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.room.biquad import cascade_db
from showctl.model import EqBand, State, WireError
from showctl.wire.camilla import KINDS
from showctl.wire.camilla_dialogue import DEAD_S
from showctl.wire.polled import PIECE
from showctl.wire.x32 import Limits
from tests.fakes.camilla import FakeCamilla
from tests.wire.camilla_stand import Stand, config

CUT = EqBand("peaking", 250.0, -6.0, 2.0)
GRID = np.geomspace(20, 20_000, 400)


def read(stand: Stand) -> Stand:
    stand.run(0.2)
    assert len(stand.us.take(stand.us.names[0]).bands) == 6
    return stand


def gains(stand: Stand, name: str = "main") -> list[float]:
    return [stand.fake.band(f"{name}{i}")["gain"] for i in range(1, 7)]


def band(numbers: dict[str, Any]) -> EqBand:
    return EqBand(KINDS[numbers["type"]], numbers["freq"], numbers["gain"], numbers["q"])


def test_at_the_start_all_is_read_and_nothing_written() -> None:
    stand = Stand()
    assert stand.us.take("main").bands == ()
    assert not stand.us.write("main", 0, CUT), "it has not been read"
    assert stand.us.health(stand.now)[0] is State.STARTING
    stand.run(5.0)
    state = stand.us.take("main")
    assert [one.freq for one in state.bands] == [80.0, 250.0, 630.0, 1600.0, 4000.0, 9000.0]
    assert (state.touched, state.trouble, state.found, state.on) == ((), "", 0, True)
    assert state.answered is not None
    assert stand.now - state.answered < 0.6
    assert not stand.fake.patches
    assert stand.us.health(stand.now) == (State.RUNNING, "CamillaDSP 4.1.3; main has 6 bands")


def test_what_is_wanted_is_there_in_steps_and_nothing_else_has_changed() -> None:
    stand = read(Stand("main", "fill"))
    before = {name: dict(one) for name, one in stand.fake.active["filters"].items()}  # type: ignore[index]
    assert stand.us.write("fill", 1, CUT)
    assert stand.us.write("fill", 5, EqBand("high_shelf", 8000.0, 2.0, 0.7))
    assert not stand.us.settled("fill")
    assert stand.us.take("fill").bands[1] == CUT, "what it is about to be"
    stand.run(4.0)
    assert stand.us.settled("fill")
    assert stand.fake.band("fill2") == {"type": "Peaking", "freq": 250.0, "gain": -6.0, "q": 2.0}
    assert stand.fake.band("fill6") == {"type": "Highshelf", "freq": 8000.0, "gain": 2.0, "q": 0.7}
    after = stand.fake.active["filters"]  # type: ignore[index]
    assert {name for name in before if before[name] != after[name]} == {"fill2", "fill6"}
    assert all(set(patch) == {"filters"} and set(patch["filters"]) <= {"fill2", "fill6"} for patch in stand.fake.patches)
    assert stand.us.take("fill").touched == ()
    assert max(abs(after["gain"] - before["gain"]) for _, _, before, after in stand.steps) <= PIECE + 1e-9


@pytest.mark.slow
@settings(max_examples=25)
@given(st.data())
def test_no_step_is_heard_as_more_than_half_a_db_whatever_is_asked_for(data: st.DataObject) -> None:
    wanted = st.builds(
        EqBand, st.sampled_from(list(KINDS.values())), st.floats(30, 16_000), st.floats(-12, 3), st.floats(0.5, 0.75)
    )
    stand = read(Stand(limits=Limits()))
    for _ in range(3):
        stand.us.write("main", data.draw(st.integers(0, 2)), data.draw(wanted))
        stand.run(data.draw(st.floats(0, 3)))
    stand.run(8.0)
    assert stand.us.settled("main")
    for _, _, before, after in stand.steps:
        assert float(np.abs(cascade_db([band(before)], GRID) - cascade_db([band(after)], GRID)).max()) <= PIECE + 0.02
        assert -12.0 - 1e-9 <= after["gain"] <= 3.0 + 1e-9
    times = sorted({at for at, *_ in stand.steps})
    assert all(later - at > 0.05 for at, later in zip(times, times[1:], strict=False))


def test_it_is_clamped_by_us() -> None:
    stand = read(Stand(limits=Limits((-6.0, 1.0), (0.7, 4.0))))
    stand.us.write("main", 0, EqBand("peaking", 80.0, -15.0, 9.0))
    stand.us.write("main", 1, EqBand("peaking", 250.0, 9.0, 0.2))
    stand.run(5.0)
    assert stand.fake.band("main1") == {"type": "Peaking", "freq": 80.0, "gain": -6.0, "q": 4.0}
    assert stand.fake.band("main2") == {"type": "Peaking", "freq": 250.0, "gain": 1.0, "q": 0.7}
    stand.us.limits = Limits((-3.0, 1.0), (0.7, 4.0))
    stand.us.write("main", 1, EqBand("peaking", 250.0, -15.0, 1.0))
    stand.run(5.0)
    assert stand.fake.band("main2")["gain"] == -3.0


def test_a_hand_goes_before_what_was_on_its_way() -> None:
    stand = read(Stand())
    stand.us.write("main", 1, CUT)
    stand.us.write("main", 2, replace(CUT, freq=630.0))
    stand.run(0.3)
    assert -6.0 < gains(stand)[1] < 0.0
    stand.fake.hand("main2", gain=2.0)
    stand.run(0.3)
    assert not stand.us.write("main", 1, CUT), "nobody has been told yet"
    state = stand.us.take("main")
    assert (state.touched, state.found) == ((1,), 0)
    stand.run(3.0)
    assert gains(stand)[:3] == [0.0, 2.0, -6.0]
    assert stand.us.take("main").touched == ()
    stand.fake.hand("main6", freq=8000.0)
    stand.run(1.0)
    assert stand.us.take("main").touched == (5,)


def test_a_change_that_is_dropped_is_sent_again_and_one_that_is_never_made_is_given_up() -> None:
    stand = read(Stand())
    lost = iter([True, False, True, True] + [False] * 100)
    stand.fake.drops = lambda _: next(lost)  # type: ignore[assignment]
    stand.us.write("main", 1, replace(CUT, gain=-2.0))
    stand.run(4.0)
    assert gains(stand)[1] == -2.0
    stand.fake.drops = lambda _: True  # type: ignore[assignment]
    stand.us.write("main", 1, replace(CUT, gain=-4.0))
    stand.run(5.0)
    assert stand.us.settled("main")
    assert stand.us.take("main").bands[1].gain == -2.0
    state, words = stand.us.health(stand.now)
    assert state is State.DEGRADED
    assert "main: band 2 does not become" in words
    count = len(stand.fake.patches)
    stand.run(3.0)
    assert len(stand.fake.patches) == count
    stand.fake.drops = lambda _: False  # type: ignore[assignment]
    stand.us.write("main", 1, replace(CUT, gain=-4.0))
    stand.run(3.0)
    assert stand.us.health(stand.now)[0] is State.RUNNING


def test_what_it_refuses_is_said_in_its_own_words() -> None:
    stand = read(Stand(limits=Limits(freq=(20.0, 30_000.0))))
    stand.us.write("main", 5, EqBand("peaking", 29_000.0, 0.0, 1.0))
    stand.run(4.0)
    state, words = stand.us.health(stand.now)
    assert state is State.DEGRADED
    assert "Frequency must be" in words
    assert stand.us.take("main").bands[5].freq == 9000.0


def test_nothing_is_written_after_a_new_connection_before_it_is_read() -> None:
    stand = read(Stand())
    stand.us.write("main", 1, CUT)
    stand.run(0.3)
    stand.us.lost("connection refused")
    moved = gains(stand)[1]
    stand.run(5.0)
    assert not stand.us.write("main", 2, CUT)
    assert stand.us.health(stand.now)[0] is State.DEGRADED
    assert "has not answered for 5 s (connection refused): nothing is changed" in stand.us.health(stand.now)[1]
    count = len(stand.fake.heard)
    stand.us.connected(stand.now)
    assert stand.us.take("main").bands == ()
    assert not stand.us.write("main", 2, CUT)
    stand.run(0.2)
    asked = [one for one in stand.fake.heard[count:] if isinstance(one, str)]
    assert asked[:4] == ["GetVersion", "GetState", "GetConfigFilePath", "GetConfigJson"]
    assert isinstance(stand.fake.heard[count + 4], dict), "it goes on where it was"
    stand.run(3.0)
    assert moved != -6.0
    assert gains(stand)[1] == -6.0
    assert stand.us.take("main").touched == ()


def test_a_hand_while_nobody_was_connected_is_a_hand() -> None:
    stand = read(Stand())
    stand.us.write("main", 1, CUT)
    stand.us.write("main", 2, replace(CUT, gain=-1.0))
    stand.run(3.0)
    stand.us.lost("gone")
    stand.fake.hand("main2", gain=-3.0)
    stand.us.connected(stand.now)
    stand.run(0.5)
    state = stand.us.take("main")
    assert (state.touched, state.found) == ((1,), 0)


@pytest.mark.parametrize("connected", [True, False])
def test_what_it_forgot_is_found_anew_and_is_no_hand(connected: bool) -> None:
    stand = read(Stand())
    stand.us.write("main", 1, CUT)
    stand.us.write("main", 2, replace(CUT, gain=-1.0))
    stand.run(3.0)
    if not connected:
        stand.us.lost("gone")
    stand.fake.restart()
    if not connected:
        stand.us.connected(stand.now)
    stand.run(1.0)
    state = stand.us.take("main")
    assert (state.touched, state.found) == ((), 1)
    assert [one.gain for one in state.bands] == [0.0] * 6
    assert stand.us.write("main", 1, CUT)
    stand.run(3.0)
    assert gains(stand)[1] == -6.0
    assert stand.us.take("main").found == 1


def test_bands_that_we_take_back_ourselves_are_not_found_anew() -> None:
    stand = read(Stand())
    for gain in (-4.0, 0.0):
        for i in range(6):
            stand.us.write("main", i, replace(CUT, freq=stand.us.take("main").bands[i].freq, q=1.0, gain=gain))
        stand.run(3.0)
        assert gains(stand) == [gain] * 6
    state = stand.us.take("main")
    assert (state.found, state.touched) == (0, ())


def test_a_single_band_that_comes_back_is_a_hand() -> None:
    stand = read(Stand())
    stand.us.write("main", 1, replace(CUT, gain=-2.0, q=1.0))
    stand.run(3.0)
    stand.fake.hand("main2", gain=0.0)
    stand.run(1.0)
    state = stand.us.take("main")
    assert (state.touched, state.found) == ((1,), 0)


def test_another_file_is_found_anew_and_so_are_other_filters() -> None:
    stand = read(Stand())
    stand.fake.path = "/etc/camilladsp/other.yml"
    stand.fake.hand("main2", gain=-5.0)
    stand.run(1.0)
    state = stand.us.take("main")
    assert (state.touched, state.found, state.bands[1].gain) == ((), 1, -5.0)
    stand.fake.active = FakeCamilla(config(freqs=(100.0, 1000.0))).active
    stand.run(1.0)
    state = stand.us.take("main")
    assert (state.touched, state.found, len(state.bands)) == ((), 2, 2)


def test_a_version_without_patches_is_read_and_never_written() -> None:
    stand = Stand(fake=FakeCamilla(config(), version="3.0.1"))
    stand.run(2.0)
    state = stand.us.take("main")
    assert state.bands == ()
    assert "version 3.0.1 takes no change of a single filter (PatchConfig): 4.0 or newer does" in state.trouble
    assert stand.us.health(stand.now)[0] is State.DEGRADED
    assert not stand.us.write("main", 0, CUT)
    stand.run(2.0)
    assert not stand.fake.patches


def test_one_that_does_not_know_patches_after_all_is_not_asked_twice() -> None:
    stand = read(Stand())
    stand.fake.version = "3.9"  # what it says was 4.1.3
    stand.us.write("main", 1, CUT)
    stand.run(3.0)
    assert sum(isinstance(one, dict) for one in stand.fake.heard) == 1
    assert "takes no change" in stand.us.take("main").trouble


def test_what_is_wrong_with_its_configuration_freezes_that_equaliser_and_is_said() -> None:
    stand = read(Stand("main", "fill"))
    assert stand.fake.active is not None
    stand.fake.active["pipeline"][1]["bypassed"] = True
    stand.run(1.0)
    state = stand.us.take("main")
    assert state.bands == ()
    assert state.trouble.startswith("CamillaDSP: main: `main1` is in no step of the pipeline that is heard")
    assert not stand.us.write("main", 0, CUT)
    assert stand.us.write("fill", 0, CUT)
    stand.run(3.0)
    assert {name for patch in stand.fake.patches for name in patch["filters"]} == {"fill1"}
    stand.fake.active["pipeline"][1]["bypassed"] = False
    stand.run(1.0)
    assert len(stand.us.take("main").bands) == 6
    assert stand.us.take("main").found == 0


def test_a_state_that_plays_nothing_is_said_and_not_written_to() -> None:
    stand = read(Stand())
    held = stand.fake.active
    for state, expected in (
        ("Inactive", "it plays nothing (CaptureError): give it a configuration"),
        ("Stalled", "it stands still: its capture device gives it nothing"),
    ):
        stand.fake.state, stand.fake.reason = state, "CaptureError"
        stand.fake.active = None if state == "Inactive" else held
        stand.run(1.2)
        assert expected in stand.us.health(stand.now)[1]
        assert expected in stand.us.take("main").trouble
        assert not stand.us.write("main", 0, CUT)
    for state, expected in (("Paused", "its input is silent"), ("Starting", "CamillaDSP starts"), ("Running", "6 bands")):
        stand.fake.state = state
        stand.run(1.2)
        assert expected in stand.us.health(stand.now)[1]
        assert stand.us.take("main").trouble == ""


def test_a_question_without_an_answer_is_overdue() -> None:
    stand = read(Stand())
    stand.off = True
    stand.run(DEAD_S)
    assert stand.us.overdue(stand.now) == ""
    stand.run(0.6)
    assert "it has not answered GetState for 2 s" in stand.us.overdue(stand.now)


answers = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["result", "value", "error", "filters", "main1", "parameters", "type", "q"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.data())
def test_whatever_it_answers_is_taken_or_refused_and_writes_nothing(data: st.DataObject) -> None:
    stand = Stand()

    def odd(text: str) -> str:
        assert "PatchConfig" not in text
        word = json.loads(text)
        word = word if isinstance(word, str) else next(iter(word))
        value = data.draw(answers)
        body = data.draw(st.sampled_from([{"result": "Ok", "value": value}, {"result": value}, value]))
        if word == "GetConfigJson" and data.draw(st.booleans()):
            body = {"result": "Ok", "value": json.dumps(value)}
        return data.draw(st.sampled_from([json.dumps({word: body}), json.dumps(value), str(value)]))

    stand.fake.answers_with = odd
    for _ in range(8):
        try:
            stand.run(0.2)
        except WireError:
            stand.us.connected(stand.now)
        stand.us.write("main", 0, CUT)
        stand.us.take("main")
        assert stand.us.health(stand.now)[1]
    stand.fake.answers_with = None
    stand.us.connected(stand.now)
    stand.run(1.0)
    assert len(stand.us.take("main").bands) == 6
