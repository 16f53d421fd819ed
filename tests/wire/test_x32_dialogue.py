"""What is said to a console, and what becomes of it, in time that the test makes."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import EqBand, State
from showctl.wire import x32
from showctl.wire.osc import encode
from showctl.wire.x32 import Equaliser, equaliser
from showctl.wire.x32_dialogue import BURST, RATE, REMOTE_S, Dialogue
from tests.wire.x32_stand import CUT, DESK, US, VENUE, WIDE, Stand, on, raw


def test_it_reads_all_before_it_says_anything() -> None:
    stand = Stand()
    assert stand.us.take("main").bands == ()
    assert not stand.us.write("main", 0, CUT)
    on(stand)
    state = stand.us.take("main")
    assert len(state.bands) == 6
    assert state.on
    assert state.touched == ()
    assert state.bands[0].gain == 0.0
    assert stand.writes() == []


def test_a_band_becomes_what_was_asked_and_is_read_back() -> None:
    stand = on(Stand())
    assert stand.us.write("main", 2, CUT)
    assert not stand.us.settled("main")
    stand.run(0.2)
    assert stand.us.settled("main")
    assert raw(stand, 2) == pytest.approx(x32.parameters(CUT, WIDE))
    assert stand.us.take("main").bands[2] == x32.quantised(CUT, WIDE)
    assert {address for address, _ in stand.writes()} == {"/main/st/eq/3/f", "/main/st/eq/3/g"}  # the rest was so already
    assert [address for address, _ in stand.writes()][-1] == "/main/st/eq/3/g"


def test_the_gain_comes_last_where_it_grows_and_first_where_it_shrinks() -> None:
    stand = on(Stand())
    stand.us.write("main", 0, EqBand("peaking", 100.0, -6.0, 1.0))
    stand.run(0.3)
    stand.us.write("main", 0, EqBand("low_shelf", 400.0, -1.0, 0.7))
    stand.run(0.3)
    assert [address.rpartition("/")[2] for address, _ in stand.writes()] == ["f", "q", "g", "g", "type", "f", "q"]


@pytest.mark.parametrize("fake", [{"rounds": True}, {"tells_all": True}, {"rounds": True, "tells_all": True}])
def test_consoles_that_round_and_that_tell_us_what_we_said(fake: dict[str, bool]) -> None:
    stand = on(Stand(**fake))
    for k in range(12):
        stand.us.write("main", 1, EqBand("peaking", 990.0, -0.25 * k, 3.3))
        stand.run(0.13)
    assert stand.us.take("main").touched == ()
    assert stand.us.take("main").bands[1] == x32.quantised(EqBand("peaking", 990.0, -2.75, 3.3), WIDE)


def test_nobody_is_asked_or_told_beyond_the_limits_of_a_venue() -> None:
    stand = on(Stand(limits=VENUE))
    stand.us.write("main", 0, EqBand("high_shelf", 19_000.0, 12.0, 9.9))
    stand.run(0.3)
    held = stand.us.take("main").bands[0]
    assert held.gain == 1.0
    assert held.q <= 4.0
    assert held.freq <= 16_000.0


def test_lost_packets_are_sent_again() -> None:
    chance = random.Random(5)
    stand = Stand()
    on(stand)
    stand.loses = lambda _: chance.random() < 0.3
    for i in range(6):
        stand.us.write("main", i, EqBand("peaking", 100.0 * 2**i, -3.0, 2.0))
    stand.run(6.0)
    assert stand.us.settled("main")
    assert [raw(stand, i)[2] for i in range(6)] == pytest.approx([0.4] * 6)
    assert stand.us.take("main").touched == ()
    assert stand.us.counts["retried"] > 0


def test_answers_are_known_by_their_address_in_any_order_and_number() -> None:
    stand = on(Stand())
    stand.us.write("main", 0, CUT)
    late: list[bytes] = []
    for _ in range(60):
        stand.now += 0.01
        answers = [data for out in stand.us.due(stand.now) for _, data in stand.fake.packet(out, US, stand.now)]
        late += [encode("/", "main/st/eq/1 PEQ"), *answers, *answers]
        if len(late) > 12:
            for data in reversed(late):
                stand.us.received(data, stand.now)
            late = []
    assert stand.us.settled("main")
    state = stand.us.take("main")
    assert state.bands[0] == x32.quantised(CUT, WIDE)
    assert state.touched == ()


def test_a_hand_at_the_console_is_noticed_at_once_and_has_the_band() -> None:
    stand = on(Stand())
    stand.us.write("main", 3, CUT)
    stand.run(0.5)
    sent = len(stand.writes())
    stand.hand("/main/st/eq/4/g", 0.6)
    stand.us.write("main", 1, CUT)
    state = stand.us.take("main")
    assert state.touched == (3,)
    assert state.bands[3].gain == pytest.approx(3.0)
    assert stand.us.take("main").touched == ()  # told once
    stand.run(1.0)
    assert {address[:12] for address, _ in stand.writes()[sent:]} == {"/main/st/eq/"}
    assert {address[12] for address, _ in stand.writes()[sent:]} == {"2"}


def test_a_hand_on_a_band_that_is_just_being_written_wins() -> None:
    stand = on(Stand())
    stand.loses = lambda data: data.startswith(b"/main/st/eq/1/f\0,f")  # ours does not get there
    stand.us.write("main", 0, CUT)
    stand.run(0.1)
    stand.loses = lambda _: False
    stand.hand("/main/st/eq/1/f", 0.9)
    assert not stand.us.write("main", 0, CUT)  # nobody has been told yet
    stand.run(1.0)
    assert raw(stand, 0) == pytest.approx((2, 0.9, 0.5, 33 / 71))
    assert stand.us.take("main").touched == (0,)
    assert stand.us.write("main", 0, CUT)  # whoever writes now knows of it
    stand.run(0.3)
    assert stand.us.take("main").bands[0] == x32.quantised(CUT, WIDE)


def test_a_hand_that_turns_back_what_we_just_did_is_a_hand() -> None:
    stand = on(Stand())
    for gain in (-2.0, -2.25):
        stand.us.write("main", 0, EqBand("peaking", 250.0, gain, 2.0))
        stand.run(0.5)
    stand.hand("/main/st/eq/1/g", 13 / 30)
    assert stand.us.take("main").touched == (0,)


def test_an_echo_that_comes_late_is_no_hand_and_changes_nothing() -> None:
    stand = on(Stand())
    for gain in (-2.0, -2.25):
        stand.us.write("main", 0, EqBand("peaking", 632.0, gain, 2.0))
        stand.run(0.1)
    assert stand.us.settled("main")
    stand.us.received(encode("/main/st/eq/1/g", 13 / 30), stand.now)
    assert stand.us.take("main").bands[0].gain == -2.25
    stand.run(5.0)
    state = stand.us.take("main")
    assert state.touched == ()
    assert state.bands[0].gain == -2.25


def test_a_slow_network_makes_no_hands() -> None:
    stand = on(Stand(tells_all=True))
    way: list[tuple[float, bytes]] = []
    for k in range(1200):
        if k % 40 == 0:
            stand.us.write("main", 0, EqBand("peaking", 632.0, -0.25 * (k // 40 % 20), 2.0))
        stand.now += 0.01
        way += [(stand.now + 0.6, data) for out in stand.us.due(stand.now) for _, data in stand.fake.packet(out, US, stand.now)]
        while way and way[0][0] <= stand.now:
            stand.us.received(way.pop(0)[1], stand.now)
    assert stand.us.take("main").touched == ()
    assert stand.us.counts["silences"] == 0


def test_a_band_that_is_being_read_again_is_not_written() -> None:
    stand = on(Stand())
    stand.off = True
    stand.run(4.0)
    stand.off = False
    stand.hear(stand.fake.packet(encode("/info"), US, stand.now))
    assert not stand.us.write("main", 0, CUT)
    stand.run(1.5)
    assert stand.us.write("main", 0, CUT)


def test_a_whole_band_in_one_message_is_understood() -> None:
    stand = on(Stand())
    stand.hear(stand.fake.packet(encode("/main/st/eq/5", 2, 0.5, 0.25, 0.3), DESK, stand.now))
    state = stand.us.take("main")
    assert state.touched == (4,)
    assert state.bands[4].gain == pytest.approx(-7.5)


def test_a_touch_is_noticed_where_the_console_has_no_room_for_a_listener() -> None:
    stand = Stand()
    for i in range(4):
        stand.fake.packet(encode("/xremote"), ("10.0.1.1", i), 1e9)
    on(stand)
    stand.hand("/main/st/eq/2/q", 0.1)
    assert US not in stand.fake.listeners
    stand.run(3.0)
    assert stand.us.take("main").touched == (1,)


def test_the_console_never_forgets_us() -> None:
    stand = on(Stand())
    stand.run(35.0)
    asked = [at for at, data in stand.sent if data.startswith(b"/xremote")]
    assert max(b - a for a, b in zip(asked, asked[1:], strict=False)) <= REMOTE_S + 0.02
    assert stand.fake.listeners[US] > stand.now


def test_a_console_that_dies_is_noticed_within_three_seconds_and_nothing_is_sent_to_it_that_was_meant_before() -> None:
    stand = on(Stand())
    stand.off = True
    died = stand.now
    stand.us.write("main", 0, CUT)
    while stand.us.health(stand.now)[0] is State.RUNNING:
        stand.step()
    assert stand.now - died < 3.0
    assert "has not answered" in stand.us.health(stand.now)[1]
    assert not stand.us.write("main", 0, CUT)
    count = len(stand.writes())
    stand.run(20.0)
    assert len(stand.writes()) == count
    stand.off = False
    stand.run(1.5)
    assert stand.us.health(stand.now)[0] is State.RUNNING
    assert stand.us.take("main").touched == ()
    assert raw(stand, 0)[2] == 0.5  # who wants it still says so again


def test_what_another_hand_did_while_the_console_was_not_heard_is_the_hands() -> None:
    stand = on(Stand())
    stand.off = True
    stand.run(4.0)
    stand.hand("/main/st/eq/6/f", 0.2)
    stand.off = False
    stand.run(1.5)
    assert stand.us.take("main").touched == (5,)


def test_a_write_whose_confirmation_was_lost_with_the_console_is_still_ours() -> None:
    stand = on(Stand())
    stand.loses = lambda data: b"/main/st/eq/1/f" in data and b",f" not in data
    stand.us.write("main", 0, CUT)
    stand.step()  # it gets there
    stand.off = True
    stand.run(4.0)
    stand.off, stand.loses = False, lambda _: False
    stand.run(1.5)
    assert stand.us.take("main").touched == ()
    assert raw(stand, 0)[1] == pytest.approx(0.365)


def test_a_process_that_was_held_up_does_not_call_the_console_dead() -> None:
    stand = on(Stand())
    stand.now += 0.01
    answers = [one for out in stand.us.due(stand.now) for one in stand.fake.packet(out, US, stand.now)]
    stand.now += 30.0
    stand.hear(answers or stand.fake.packet(encode("/status"), US, stand.now))
    stand.run(1.0)
    assert stand.us.counts["silences"] == 0


def test_no_console_at_all_is_said() -> None:
    stand = Stand()
    stand.off = True
    stand.run(1.0)
    assert stand.us.health(stand.now)[0] is State.STARTING
    stand.run(2.0)
    state, words = stand.us.health(stand.now)
    assert state is State.DEGRADED
    assert "is it on" in words
    stand.off = False
    on(stand)
    assert stand.us.health(stand.now)[0] is State.RUNNING


def test_a_console_of_another_type_is_said() -> None:
    stand = Stand("main")
    stand.us = Dialogue("xr18", [equaliser("xr18", "main")], WIDE)
    stand.run(12.0)
    state, words = stand.us.health(stand.now)
    assert state is State.DEGRADED
    assert "X32" in words
    assert "xr18" in words
    assert not stand.us.write("main", 0, CUT)


@pytest.mark.parametrize("asked_too", [False, True])
def test_a_write_that_is_never_answered_is_given_up_and_said_and_the_other_bands_go_on(asked_too: bool) -> None:
    stand = on(Stand())
    stand.loses = lambda data: data.startswith(b"/main/st/eq/1/g\0") and (asked_too or b",f" in data)
    stand.us.write("main", 0, CUT)
    stand.run(8.0)
    state, words = stand.us.health(stand.now)
    assert state is State.DEGRADED
    assert "/main/st/eq/1/g" in words
    writes = [address for address, _ in stand.writes()]
    assert writes.count("/main/st/eq/1/g") <= 21
    stand.us.write("main", 1, CUT)
    stand.run(1.0)
    assert raw(stand, 1)[2] == pytest.approx(0.3)
    assert stand.us.settled("main")
    stand.loses = lambda _: False
    stand.us.write("main", 0, CUT)  # it was handed back
    stand.run(1.0)
    assert raw(stand, 0)[2] == pytest.approx(0.3)
    assert stand.us.health(stand.now)[0] is State.RUNNING
    assert stand.us.take("main").touched == ()


def test_a_console_that_does_not_take_it_is_said_and_left_alone() -> None:
    stand = on(Stand())
    stand.loses = lambda data: data.startswith(b"/main/st/eq/1/g\0,f") and len(data) == 24 and data[-4:] == encode("/a", 0.3)[-4:]
    stand.us.write("main", 0, CUT)
    stand.run(4.0)
    state, words = stand.us.health(stand.now)
    assert state is State.DEGRADED
    assert "/main/st/eq/1/g" in words
    count = len(stand.writes())
    stand.run(2.0)
    assert len(stand.writes()) == count


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"/main/st/eq/1/g",
        encode("/main/st/eq/1/g", "6 dB"),
        encode("/main/st/eq/1/g", math.nan),
        encode("/main/st/eq/1/g", 7),
        encode("/main/st/eq/1", 2, 0.5),
        encode("/main/st/eq/7/g", 0.5),
        encode("/main/st/eq/1/g"),
        encode("/info", "X32"),
        b"node\0\0\0\0,s\0\0/main/st/eq/1 PEQ\0\0",
    ],
)
def test_nonsense_moves_nothing(packet: bytes) -> None:
    stand = on(Stand())
    stand.us.received(packet, stand.now)
    state = stand.us.take("main")
    assert state.touched == ()
    assert state.bands[0].gain == 0.0
    stand.run(1.0)
    assert stand.us.health(stand.now)[0] is State.RUNNING


def test_bands_and_equalisers_that_are_not_there_are_our_mistake() -> None:
    stand = on(Stand())
    with pytest.raises(ValueError, match="no band 7"):
        stand.us.write("main", 6, CUT)
    with pytest.raises(KeyError):
        stand.us.write("bus/1", 0, CUT)


def addresses(equalisers: list[Equaliser]) -> Iterator[str]:
    for one in equalisers:
        yield one.switch
        yield from (one.address(i, key) for i in range(one.bands) for key in x32.KEYS)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.booleans(), st.floats(0.0, 0.4))
def test_whatever_happens_only_named_bands_are_written_within_limits_and_never_a_touched_one(
    chance: random.Random, tells_all: bool, loss: float
) -> None:
    stand = on(Stand("main", "bus/2", limits=VENUE, tells_all=tells_all))
    named = set(addresses([equaliser("x32", name) for name in ("main", "bus/2")]))
    start = len(stand.sent)
    by_hand: dict[str, list[float]] = {address: [] for address in named}
    stand.loses = lambda _: chance.random() < loss
    for _ in range(60):
        name, band = chance.choice(["main", "bus/2"]), chance.randrange(6)
        match chance.randrange(4):
            case 0:
                stand.us.write(
                    name, band, EqBand("peaking", chance.uniform(10, 30_000), chance.gauss(0, 9), chance.uniform(0.1, 20))
                )
            case 1:
                prefix = "/main/st/eq" if name == "main" else "/bus/02/eq"
                address, value = f"{prefix}/{band + 1}/{chance.choice('fgq')}", chance.random()
                stand.hand(address, value)
                by_hand[address].append(value)
            case 2:
                stand.us.take(name)
            case _:
                stand.off = chance.random() < 0.1
        touched = {n: set(strip.touched) for n, strip in stand.us._strips.items()}
        before = len(stand.sent)
        stand.step()
        for address, _ in stand.writes(before):
            where = "main" if address.startswith("/main") else "bus/2"
            assert not any(address.startswith(f"{stand.us._strips[where].eq.prefix}/{i + 1}/") for i in touched[where])
        stand.run(chance.choice([0.01, 0.1, 0.5]))
    for address, value in stand.writes(start):
        assert address in named
        if address.endswith("/g"):  # a limit gives way to what a hand did
            assert min(0.3, *by_hand[address], 1.0) - 0.005 <= value <= max(16 / 30, *by_hand[address], 0.0) + 0.005
    times = [at for at, data in stand.sent if not data.startswith((b"/xremote", b"/info"))]
    for i, at in enumerate(times):
        assert sum(1 for other in times[i:] if other - at < 1.0) <= BURST + RATE + 1
