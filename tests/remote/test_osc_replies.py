"""Who asks by OSC is answered, who subscribes is told what is new until the lease ends; all of it bounded, whatever is sent."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import Health, ListState, PlaybackState, State, TrackView
from showctl.plan import CueList, Plan, Submaster
from showctl.remote import osc_replies as module
from showctl.remote.board import Board
from showctl.remote.osc_replies import OscReplies, Peer
from showctl.wire.osc import Value, decode, encode

PLAN = Plan((), lists=(CueList("main", ()),), submasters=(Submaster("front", "additive", ()),), show="A night")
ME: Peer = ("10.0.0.7", 9000)
OTHER: Peer = ("10.0.0.8", 9000)
PLAYBACK = PlaybackState((ListState("main", "2", "3"),), submasters=(("front", 0.25),))


class Site:
    """Replies over a board, with a clock in the test's hand."""

    def __init__(self) -> None:
        self.time, self.armed = 0.0, dict[str, tuple[Value, ...]]()
        self.board = Board(PLAN)
        self.board.playback = PLAYBACK
        self.replies = OscReplies(self.board, lambda: self.time, more=lambda: self.armed)

    def ask(self, address: str, *values: Value, peer: Peer = ME) -> list[tuple[object, ...]]:
        [asked] = decode(encode(f"/showctl/{address}", *values))
        return said(self.replies.take(asked, peer, self.time) or [], peer)

    def told(self, peer: Peer = ME) -> list[tuple[object, ...]]:
        return said(self.replies.due(self.time), peer)

    def change(self, **what: object) -> None:
        assert self.board.playback is not None
        self.board.playback = replace(self.board.playback, **what)


def said(packets: list[tuple[bytes, Peer]], peer: Peer) -> list[tuple[object, ...]]:
    return [(one.address.removeprefix("/showctl/"), *one.arguments) for data, to in packets if to == peer for one in decode(data)]


def test_one_path_is_answered_under_the_address_of_its_fader() -> None:
    assert Site().ask("get/sub/front") == [("sub/front", 0.25)]
    assert Site().ask("get/gm") == [("gm", 1.0)]


def test_a_path_with_others_below_it_is_answered_with_all_of_them() -> None:
    assert Site().ask("get/list/main") == [
        ("list/main/cue", "2", ""),
        ("list/main/next", "3", "", ""),
        ("list/main/state", "idle"),
        ("list/main/rate", 1.0),
    ]


def test_how_the_tracks_stand() -> None:
    site = Site()
    assert site.ask("get/track") == [("refused", "/showctl/get/track", "there is nothing of this name")]
    site.board.hear_tracks(TrackView("playing", "song", 1.0, 0.0, 200.0))
    site.time = 2.0
    assert site.ask("get/track/position") == [("track/position", 3.0, 200.0, 0)]


def test_everything_is_answered() -> None:
    site = Site()
    site.board.report(Health("osc", State.DEGRADED, "", 0.0))
    site.armed["armed/anna"] = (1,)
    answers = {path: values for path, *values in site.ask("get")}
    assert len(answers) == 19
    assert answers["health"] == ["degraded"]
    assert answers["show"] == ["A night"]
    assert answers["armed/anna"] == [1]


@pytest.mark.parametrize("path", ["get/nothing", "get/gm/", "get/*", "get/list/ma"])
def test_what_there_is_not_is_refused(path: str) -> None:
    assert Site().ask(path) == [("refused", f"/showctl/{path}", "there is nothing of this name")]


def test_what_is_no_question_is_left_to_others() -> None:
    for address in ("/showctl/go", "/showctl/getaway", "/showctl/subscribe/gm", "/other/get"):
        [asked] = decode(encode(address))
        assert Site().replies.take(asked, ME, 0.0) is None


def test_who_subscribes_is_told_all_and_then_what_changes() -> None:
    site = Site()
    assert site.ask("subscribe") == []
    assert len(site.told()) == 18
    site.time = 0.1
    assert site.told() == []
    site.change(grand_master=0.5)
    site.time = 0.2
    assert site.told() == [("gm", 0.5)]
    site.time = 0.3
    assert site.told() == []


def test_a_path_alone_at_a_rate_of_its_own() -> None:
    site = Site()
    site.ask("subscribe", "/showctl/sub", 2)
    assert site.told() == [("sub/front", 0.25)]
    site.change(submasters=(("front", 0.5),), grand_master=0.1)
    site.time = 0.4
    assert site.told() == []
    site.time = 0.5
    assert site.told() == [("sub/front", 0.5)]


def test_the_lease_ends_and_is_renewed_and_a_renewal_tells_all_anew() -> None:
    site = Site()
    site.ask("subscribe", "gm")
    site.told()
    site.time = 9.0
    site.ask("subscribe", "gm")
    assert site.told() == [("gm", 1.0)]
    site.ask("subscribe", "gm")  # at once again: not a second time
    site.time = 9.5
    assert site.told() == []
    site.time = 18.9
    site.change(grand_master=0.5)
    assert site.told() == [("gm", 0.5)]
    site.time = 19.1
    site.change(grand_master=0.6)
    assert site.told() == []
    assert site.replies.subscribers == 0


def test_unsubscribe() -> None:
    site = Site()
    site.ask("subscribe", "gm")
    site.ask("subscribe", "sub/front")
    site.ask("unsubscribe", "gm")
    assert site.told() == [("sub/front", 0.25)]
    site.ask("unsubscribe")
    assert site.replies.subscribers == 0
    assert site.ask("unsubscribe") == []


def test_another_port_of_the_same_address_never_another_address() -> None:
    site = Site()
    site.ask("subscribe", "gm", 10, 5005)
    assert site.told(("10.0.0.7", 5005)) == [("gm", 1.0)]
    site.ask("unsubscribe", "gm", 10, 5005)
    assert site.replies.subscribers == 0


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (("gm", 0), "the rate is a number up to 50 a second"),
        (("gm", 51), "the rate is a number up to 50 a second"),
        (("gm", float("nan")), "the rate is a number up to 50 a second"),
        (("gm", True), "the rate is a number up to 50 a second"),
        (("gm", "often"), "the rate is a number up to 50 a second"),
        (("gm", 10, 80), "the port is a whole number, 1024 to 65535"),
        (("gm", 10, 5005.0), "the port is a whole number, 1024 to 65535"),
        (("nothing",), "there is nothing of this name"),
        (("x" * 300,), "a path has at most 200 characters"),
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused(values: tuple[Value, ...], why: str) -> None:
    assert Site().ask("subscribe", *values) == [("refused", "/showctl/subscribe", why)]


def test_subscribers_and_paths_are_few() -> None:
    site = Site()
    for n in range(module.MOST_SUBSCRIBERS):
        assert site.ask("subscribe", "gm", peer=(f"10.0.0.{n // 8}", 2000 + n)) == []
    assert site.ask("subscribe", peer=OTHER) == [("refused", "/showctl/subscribe", "32 are told already")]
    assert site.ask("subscribe", "bpm", peer=("10.0.0.0", 2000)) == []  # who is told already may ask for more
    site.time = 11.0
    site.told()
    assert site.ask("subscribe", peer=OTHER) == []
    site.armed = {f"armed/{n}": (1,) for n in range(20)}
    answers = [site.ask("subscribe", f"armed/{n}") for n in range(20)]
    assert sum(one == [] for one in answers) == module.MOST_PATHS


def test_a_large_show_is_told_in_pieces() -> None:
    site = Site()
    site.armed = {f"armed/{n}": (1,) for n in range(200)}
    site.ask("subscribe", "armed")
    pieces = [len(site.told()) for _ in range(5)]
    assert pieces == [64, 64, 64, 8, 0]


def test_who_asks_too_much_is_answered_less_and_not_all_at_once() -> None:
    site = Site()
    at_once = sum(len(site.ask("get")) for _ in range(100))
    assert at_once == module.AT_ONCE
    site.time = 0.02
    assert len(site.told()) == module.AT_ONCE
    later = 0
    while more := len(site.told()):
        later += more
    assert later == module.ANSWERS_BURST - 2 * module.AT_ONCE
    assert site.replies.counts == {"answered": 500, "unanswered": 1800 - 500}
    assert site.ask("get/gm", peer=OTHER) == [("gm", 1.0)]


def test_what_happens_is_told_at_once_to_who_wants_it() -> None:
    site = Site()
    site.ask("subscribe", "feedback", 1)
    site.ask("subscribe", "gm", peer=OTHER)
    site.told()
    site.time = 0.02
    site.replies.event("feedback/anna", "refused", "swipe", "not armed")
    assert site.told() == [("feedback/anna", "refused", "swipe", "not armed")]
    assert site.told() == []
    for n in range(1000):
        site.replies.event("feedback/anna", n)
    packets = site.replies.due(site.time)
    assert len(packets) == module.WAITING
    assert {to for _, to in packets} == {ME}


def test_another_show_is_told_from_its_start() -> None:
    site = Site()
    site.ask("subscribe")
    site.told()
    site.board.playback = PlaybackState((ListState("other", "1", None),), submasters=(("haze", 1.0),))
    site.time = 1.0
    new = {path: values for path, *values in site.told()}
    assert new["sub/haze"] == [1.0]
    assert new["list/other/cue"] == ["1", ""]


async def test_the_part_sends_and_costs_nothing_without_subscribers() -> None:
    site, sent = Site(), list[tuple[bytes, Peer]]()
    asked = asyncio.Event()

    def send(packet: bytes, peer: Peer) -> None:
        sent.append((packet, peer))
        asked.set()

    task = asyncio.create_task(site.replies.run(send))
    await asyncio.sleep(0)
    site.ask("subscribe", "gm")
    async with asyncio.timeout(5):
        await asked.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert said(sent, ME) == [("gm", 1.0)]


VALUES = st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.floats(width=32) | st.text("gm/sub*", max_size=9)
ASKED = st.sampled_from(["get", "get/gm", "get/list", "get/*", "subscribe", "unsubscribe"])
PEERS = st.tuples(st.sampled_from(["10.0.0.7", "10.0.0.8"]), st.integers(1024, 1100))


@given(st.lists(st.tuples(ASKED, st.lists(VALUES, max_size=4), PEERS, st.floats(0.0, 3.0)), max_size=60))
def test_whatever_is_asked_answers_go_home_and_are_bounded(sent: list[tuple[str, list[Value], Peer, float]]) -> None:
    site, count = Site(), dict[str, int]()
    for address, values, peer, step in sent:
        site.time += step
        [asked] = decode(encode(f"/showctl/{address}", *values))
        answers = site.replies.take(asked, peer, site.time)
        assert answers is not None
        later = site.replies.due(site.time)
        for data, to in [*answers, *later]:
            decode(data)
            assert to[0] in {one[0] for _, _, one, _ in sent}
        assert len(answers) <= module.AT_ONCE
        for _, to in answers:
            assert to == peer
            count[to[0]] = count.get(to[0], 0) + 1
        assert site.replies.subscribers <= module.MOST_SUBSCRIBERS
    for total in count.values():
        assert total <= module.ANSWERS_BURST + site.time * module.ANSWERS_HZ
    site.time += module.LEASE_S + 0.001
    site.replies.due(site.time)
    assert site.replies.subscribers == 0


def test_an_address_that_may_be_forged_is_not_flooded_by_subscriptions_either() -> None:
    """Whoever is on the network can subscribe in the name of somebody else, again and again, at any port of his."""
    site = Site()
    site.change(submasters=tuple((f"s{n}", 0.0) for n in range(300)))
    count = 0
    for _ in range(round(5.0 / module.TICK_S)):
        site.time += module.TICK_S
        for port in range(9000, 9032):
            [asked] = decode(encode("/showctl/subscribe", "", 50.0, port))
            count += len(site.replies.take(asked, ME, site.time) or [])
        count += len(site.replies.due(site.time))
    assert count <= module.ANSWERS_BURST + 5.0 * module.ANSWERS_HZ + 1
    site.ask("subscribe", "gm", peer=OTHER)
    assert site.told(OTHER) == [("gm", 1.0)]
