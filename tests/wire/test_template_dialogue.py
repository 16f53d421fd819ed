"""What is said to a console that is described by its lines: a fake Q-SYS Core, a mixer of text, and one that cannot be asked."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import ConsoleState, EqBand, State, WireError
from showctl.plan import PaTemplate
from showctl.wire.console_template import LONGEST
from showctl.wire.polled import PIECE
from showctl.wire.template_dialogue import DEAD_S, Talk
from showctl.wire.x32 import Limits
from tests.fakes.qsys import PATIENCE_S, Core

LIMITS = Limits((-12.0, 3.0), (0.5, 8.0))
NAME = '"{equaliser}.%s.{band}"'
SET = '{"id":{id},"method":"Control.Set","params":{"Name":"{equaliser}.%s.{band}","Value":%s}}'
QSYS = PaTemplate(
    "tcp",
    6,
    tuple(SET % pair for pair in (("freq", "{freq:.1f}"), ("q", "{q:.3f}"), ("gain", "{gain:.2f}"))),
    ('{"id":{id},"method":"Control.Get","params":[' + ",".join(NAME % key for key in ("freq", "gain", "q")) + "]}",),
    pointers=(("id", "/id"), *((key, f"/result/Name={{equaliser}}.{key}.{{band}}/Value") for key in ("freq", "gain", "q"))),
    hello=('{"method":"Logon","params":{"User":"a","Password":"b"}}',),
    alive=('{"method":"NoOp","params":{}}',),
    every=30.0,
    end="\0",
)
TEXT = PaTemplate("udp", 4, ("EQ {band} {freq:.0f} {gain:.1f} {q:.2f}",), ("EQ {band} ?",), ("EQ {band} {freq} {gain} {q}",))
BLIND = replace(TEXT, ask=(), answer=())


class Mixer:
    """A console of text: the numbers of each band as it was told them."""

    def __init__(self, bands: int = 4) -> None:
        self.bands = {str(n): f"{25 * 4**n} 0.0 1.00" for n in range(1, bands + 1)}
        self.told: list[str] = []
        self.deaf = False

    def take(self, data: bytes) -> bytes:
        text = data.decode()
        self.told.append(text)
        if found := re.fullmatch(r"EQ (\d+) \?\n?", text):
            return f"EQ {found[1]} {self.bands[found[1]]}\n".encode()
        if (found := re.fullmatch(r"EQ (\d+) (\S+ \S+ \S+)\n?", text)) and not self.deaf:
            self.bands[found[1]] = found[2]
            return b"OK\n"
        return b"ERROR syntax\n"

    def greeting(self) -> bytes:
        return b"Mixer 1.0\n"


class Stand:
    """The console, the way to it and us, in simulated time."""

    def __init__(self, template: PaTemplate, console: Core | Mixer, names: tuple[str, ...] = ("main",)) -> None:
        self.us, self.console, self.now, self.idle = Talk(template, names, LIMITS), console, 0.0, 0.0
        self.end = template.end.encode()
        self.loses: Callable[[], bool] = lambda: False
        self.dead = False
        self.largest = 0.0
        self.us.connected(0.0)
        self.us.received(console.greeting(), 0.0)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.now += 0.05
            out = self.us.due(self.now)
            self.idle = 0.0 if out else self.idle + 0.05
            for data in out:
                if not (self.dead or self.loses()):
                    answer = self.console.take(data.removesuffix(self.end))
                    if answer and not self.loses():
                        self.us.received(answer, self.now)

    def take(self) -> ConsoleState:
        return self.us.take("main")


def test_a_core_is_read_written_in_pieces_and_read_back() -> None:
    core = Core()
    stand = Stand(QSYS, core)
    stand.run(1.0)
    state = stand.take()
    assert [band.freq for band in state.bands] == [125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0]
    assert (state.on, state.touched, state.trouble) == (True, (), "")
    assert stand.us.health(stand.now) == (State.RUNNING, "main has 6 bands")
    wanted = EqBand("peaking", 317.5, -6.25, 2.2)
    assert stand.us.write("main", 1, wanted)
    assert stand.us.write("main", 2, EqBand("peaking", 500.0, 90.0, 1.0))
    gains = [0.0]
    for _ in range(200):
        stand.run(0.05)
        gains.append(core.controls["main.gain.2"])
    assert max(abs(a - b) for a, b in zip(gains, gains[1:], strict=False)) <= PIECE + 0.01
    assert stand.us.equalisers["main"].settled
    assert [core.controls[f"main.{key}.2"] for key in ("freq", "gain", "q")] == [317.5, -6.25, 2.2]
    assert core.controls["main.gain.3"] == 3.0, "the venue's limit"
    assert stand.take().touched == ()
    assert core.methods[0] == "Logon"


def test_what_keeps_the_connection_open_is_said_in_time() -> None:
    core = Core()
    stand = Stand(replace(QSYS, ask=(), pointers=()), core)
    longest = 0.0
    for _ in range(130):
        stand.run(1.0)
        longest = max(longest, stand.idle)
    assert core.methods.count("NoOp") == 4
    assert longest < PATIENCE_S


@pytest.mark.parametrize(("template", "console"), [(QSYS, Core), (TEXT, Mixer)])
def test_through_losses_it_gets_there(template: PaTemplate, console: type[Core | Mixer]) -> None:
    chance = random.Random(4)
    stand = Stand(template, console())
    stand.loses = lambda: chance.random() < 0.1
    stand.run(5.0)
    stand.us.write("main", 0, EqBand("peaking", 130.0, -4.0, 2.0))
    stand.run(30.0)
    assert stand.take().bands[0] == EqBand("peaking", 130.0, -4.0, 2.0)
    assert stand.us.equalisers["main"].settled
    assert stand.take().touched == ()


def test_a_hand_is_noticed_and_keeps_its_band() -> None:
    core = Core()
    stand = Stand(QSYS, core)
    stand.run(1.0)
    stand.us.write("main", 1, EqBand("peaking", 250.0, -9.0, 1.0))
    stand.run(0.5)
    core.controls["main.gain.2"] = 2.0
    stand.run(1.5)
    state = stand.take()
    assert (state.touched, state.bands[1].gain) == ((1,), 2.0)
    stand.run(3.0)
    assert core.controls["main.gain.2"] == 2.0


def test_what_it_does_not_take_is_said_with_its_own_words() -> None:
    mixer = Mixer()
    mixer.deaf = True
    stand = Stand(TEXT, mixer)
    stand.run(1.0)
    stand.us.write("main", 0, EqBand("peaking", 100.0, -3.0, 1.0))
    stand.run(5.0)
    state, words = stand.us.health(stand.now)
    assert state is State.DEGRADED
    assert "main: band 1 does not become 100 Hz, -0.50 dB" in words
    assert "what it says is `ERROR syntax`" in words


def test_one_that_does_not_answer_is_said_and_nothing_is_written_to_it() -> None:
    mixer = Mixer()
    stand = Stand(TEXT, mixer)
    stand.run(1.0)
    stand.dead = True
    stand.us.write("main", 0, EqBand("peaking", 100.0, -12.0, 1.0))
    stand.run(DEAD_S + 2.0)
    assert stand.us.silent
    state, words = stand.us.health(stand.now)
    assert state is State.DEGRADED
    assert "does not answer for band 1 of main" in words
    assert not stand.us.write("main", 0, EqBand("peaking", 100.0, -3.0, 1.0))
    answered = stand.take().answered
    assert answered is not None
    assert answered < 1.1
    told = len(mixer.told)
    stand.dead = False
    stand.run(3.0)
    assert stand.take().answered == pytest.approx(stand.now, abs=1.2)
    assert all(text.endswith("?") for text in mixer.told[told:]), "what was meant for it is dropped"


def test_a_band_that_is_never_answered_is_named_and_nothing_is_written() -> None:
    mixer = Mixer()
    del mixer.bands["3"]
    mixer.take = lambda data: Mixer.take(mixer, data) if b" 3" not in data else b"ERROR no\x1b such band\n"  # type: ignore[method-assign]
    stand = Stand(TEXT, mixer)
    stand.run(6.0)
    assert "does not answer for band 3 of main" in stand.us.health(stand.now)[1]
    assert "`ERROR no  such band`" in stand.us.health(stand.now)[1]
    assert (stand.take().answered, stand.take().bands) == (None, ())
    assert not stand.us.silent, "a new connection would not help"
    assert not stand.us.write("main", 0, EqBand("peaking", 100.0, -3.0, 1.0))
    assert len(mixer.told) < 14, "asked ever more rarely"


def test_a_slow_console_is_followed() -> None:
    mixer = Mixer()
    stand = Stand(TEXT, mixer)
    waiting: list[bytes] = []
    answer = mixer.take

    def slowly(data: bytes) -> bytes:
        waiting.append(answer(data))
        return b""

    mixer.take = slowly  # type: ignore[method-assign]
    for _ in range(60):
        stand.run(0.5)
        if waiting:
            stand.us.received(waiting.pop(0), stand.now)
    assert len(stand.take().bands) == 4
    assert len(waiting) < 12
    assert stand.us.health(stand.now)[0] is State.RUNNING


def test_answers_without_sense_freeze_it() -> None:
    mixer = Mixer()
    stand = Stand(TEXT, mixer)
    stand.run(1.0)
    mixer.bands["2"] = "0.4 0.0 1.00"  # kHz, as it seems
    stand.run(2.0)
    assert "0.4 Hz, 0 dB, Q 1 is no band" in stand.take().trouble
    assert stand.us.health(stand.now)[0] is State.DEGRADED
    mixer.bands["2"] = "400 0.0 1.00"
    stand.run(2.0)
    assert stand.take().trouble == ""


def test_one_that_cannot_be_asked_is_off_until_somebody_has_it_made_flat() -> None:
    mixer = Mixer()
    mixer.bands["3"] = "900 6.0 1.00"
    stand = Stand(BLIND, mixer)
    stand.run(2.0)
    state = stand.take()
    assert (state.on, state.answered, len(state.bands)) == (False, pytest.approx(stand.now), 4)
    assert not stand.us.write("main", 0, state.bands[0])
    assert mixer.told == []
    assert "`showctl room apply --switch-on`" in stand.us.health(stand.now)[1]
    assert stand.us.switch_on("main")
    stand.run(1.0)
    assert stand.take().on
    assert [float(text.split()[1]) for text in mixer.bands.values()] == [0.0] * 4
    assert stand.us.write("main", 2, EqBand("peaking", 900.0, -4.0, 2.0))
    stand.run(3.0)
    assert mixer.bands["3"] == "900 -4.0 2.00"
    assert stand.us.equalisers["main"].settled
    assert stand.take().bands[2] == EqBand("peaking", 900.0, -4.0, 2.0)
    assert "a hand on it is not noticed" in stand.us.health(stand.now)[1]
    stand.us.lost()
    stand.us.connected(stand.now)
    assert not stand.take().on, "it may have been off"
    assert mixer.bands["3"] == "900 -4.0 2.00"


def test_one_that_can_be_asked_has_no_switch() -> None:
    stand = Stand(TEXT, Mixer())
    stand.run(1.0)
    assert not stand.us.switch_on("main")


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"EQ 1 100 0 1\n", b"EQ 9 1 1 1\n", b"\n", b"EQ 1 "]), max_size=20))
def test_whatever_comes_in_pieces_is_survived(pieces: list[bytes]) -> None:
    for template in (TEXT, QSYS, BLIND, replace(TEXT, transport="tcp")):
        talk = Talk(template, ["main"], LIMITS)
        talk.connected(0.0)
        for n, data in enumerate(pieces):
            talk.due(0.05 * n)
            talk.received(data, 0.05 * n)
        assert len(talk.due(2.0)) <= 12
        talk.take("main")
        talk.health(2.0)


def test_a_stream_without_lines_is_refused() -> None:
    talk = Talk(QSYS, ["main"], LIMITS)
    talk.connected(0.0)
    talk.received(b"x" * LONGEST, 0.1)
    with pytest.raises(WireError, match="without the end of a line: is `end` right"):
        talk.received(b"x", 0.2)


def test_several_equalisers_are_told_apart() -> None:
    core = Core("main")
    core.controls |= {key.replace("main", "delay"): value for key, value in core.controls.items()}
    core.controls["delay.gain.1"] = -2.0
    stand = Stand(QSYS, core, ("main", "delay"))
    stand.run(2.0)
    assert stand.take().bands[0].gain == 0.0
    assert stand.us.take("delay").bands[0].gain == -2.0
