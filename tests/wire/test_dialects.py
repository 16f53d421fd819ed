"""What REAPER, QLab and Live are told, and what is made of whatever they say."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import WireError
from showctl.wire.ableton import Ableton, fader
from showctl.wire.dialect import Dialect, Said, Standing
from showctl.wire.osc import Message, decode, encode
from showctl.wire.qlab import KEYS, QLab, fits
from showctl.wire.reaper import TOLD, Reaper

DIALECTS: tuple[Callable[[], Dialect], ...] = (Reaper, QLab, Ableton)
ADDRESSES = (
    *("/play", "/pause", "/stop", "/repeat", "/time", "/region/1/name", "/region/1/time", "/region/1/length", "/marker/999/name"),
    *("/reply/cue/a/valuesForKeys", "/reply/connect", "/reply/workspace/X/connect", "/reply/thump", "/reply/cue/a/start"),
    *(f"/live/song/get/{what}" for what in ("is_playing", "tempo", "current_song_time", "cue_points", "track_names")),
)
numbers = st.integers(-(2**31), 2**31 - 1) | st.floats(width=32)
replies = st.fixed_dictionaries(
    {}, optional={"status": st.sampled_from(["ok", "error", "denied"]) | st.none(), "data": st.deferred(lambda: data)}
)
data = (
    st.none()
    | st.text(max_size=9)
    | st.dictionaries(st.sampled_from(json.loads(KEYS)), st.none() | st.booleans() | st.floats() | st.text(max_size=3))
)
arguments = st.lists(
    numbers | st.booleans() | st.none() | st.text(max_size=9) | st.binary(max_size=9) | replies.map(json.dumps), max_size=9
)
messages = st.builds(Message, st.sampled_from(ADDRESSES), arguments.map(tuple))


def sent(packets: list[bytes]) -> list[tuple[object, ...]]:
    """Address and arguments of each."""
    return [(message.address, *message.arguments) for packet in packets for message in decode(packet)]


def told(dialect: Dialect, *said: tuple[object, ...]) -> None:
    for address, *values in said:
        assert isinstance(address, str)
        for message in decode(encode(address, *values)):  # type: ignore[arg-type]
            dialect.take_in(message)


def whole(dialect: Dialect, name: str) -> None:
    """Whatever it has heard, it answers sensibly, and what it would send can be sent."""
    said = dialect.said(name)
    assert said is None or math.isfinite(said.place)
    assert 0.0 <= dialect.length(name) < math.inf
    assert isinstance(dialect.trouble + dialect.lacks, str)
    for packets in (
        dialect.greet(),
        dialect.ask([name, *dialect.names()]),
        dialect.look(name),
        dialect.play(name, 1.5),
        dialect.leave(name),
        dialect.pause(name),
        dialect.resume(name, 1.5),
        dialect.stop(name),
        dialect.loud(name, 0.5),
        dialect.pace(name, 1.0),
        dialect.loop(name, 1.0, 2.0),
        dialect.loop(name, None, None),
    ):
        assert len(packets) < 100
        sent(packets)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(said=st.lists(messages, max_size=12))
def test_whatever_is_said_nothing_raises(dialect: Callable[[], Dialect], said: list[Message]) -> None:
    one = dialect()
    for message in said:
        one.take_in(message)
    for name in ("a", *one.names()):
        whole(one, name)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(packet=st.binary(max_size=200))
def test_whatever_comes_nothing_raises(dialect: Callable[[], Dialect], packet: bytes) -> None:
    one = dialect()
    try:
        said = decode(packet)
    except WireError:
        return
    for message in said:
        one.take_in(message)
    whole(one, "a")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_remembered_is_bounded(dialect: Callable[[], Dialect]) -> None:
    one = dialect()
    for n in range(3000):
        value = json.dumps({"status": "ok", "data": {"isRunning": False}})
        told(
            one,
            (f"/region/{n % 1000}/name", f"r{n}"),
            (f"/region/{n % 1000}/time", 1.0),
            (f"/reply/cue/c{n}/valuesForKeys", value),
        )
    told(one, ("/live/song/get/cue_points", *(part for n in range(128) for part in (f"l{n}", float(n)))))
    assert len(one.names()) <= 1000


# --- REAPER ----------------------------------------------------------------------------------------------------------------


def reaper() -> Reaper:
    one = Reaper()
    told(one, ("/region/2/name", "Opener"), ("/region/2/time", 100.0), ("/region/2/length", 60.0))
    told(one, ("/marker/1/name", "Opener"), ("/marker/1/time", 5.0), ("/marker/2/name", "Closer"), ("/marker/2/time", 300.0))
    told(one, ("/time", 112.5), ("/play", 1.0), ("/pause", 0.0), ("/stop", 0.0))
    return one


def test_a_region_is_a_song_and_a_marker_is_one_without_an_end() -> None:
    one = reaper()
    assert one.names() == ["Closer", "Opener"]
    assert one.said("Opener") == Said(Standing.PLAYING, 12.5, 1)
    assert (one.length("Opener"), one.length("Closer")) == (60.0, 0.0)
    assert one.said("opener") is None
    told(one, ("/pause", 1.0))
    assert one.said("Opener") == Said(Standing.PAUSED, 12.5, 1)
    told(one, ("/pause", 0.0), ("/play", 0.0), ("/stop", 1.0))
    assert one.said("Opener") == Said(Standing.STOPPED, 12.5, 1)


def test_reaper_is_asked_for_its_regions_and_for_all_of_it() -> None:
    assert sent(Reaper().greet())[-2:] == [("/device/marker/count", TOLD), ("/action", 41743)]
    assert ("/device/region/count", TOLD) in sent(Reaper().greet())
    counts = [(f"/device/{kind}/count", TOLD) for kind in ("region", "marker")]  # it forgets them when it is started anew
    assert sent(Reaper().ask([])) == [*counts, ("/action", 41743)]
    assert {("/device/fx/count", 0), ("/device/send/count", 0)} <= set(sent(Reaper().greet()))


def test_what_plays_goes_elsewhere_and_what_is_paused_is_stopped_first() -> None:
    one = reaper()
    assert sent(one.play("Opener", 2.0)) == [("/time", 102.0), ("/play", 1.0)]
    told(one, ("/pause", 1.0))
    assert sent(one.play("Opener", 2.0)) == [("/stop", 1.0), ("/time", 102.0), ("/play", 1.0)]
    two = reaper()
    told(two, ("/pause", 1.0))
    assert sent(two.resume("Opener", 12.5)) == [("/play", 1.0)]


def test_what_was_told_and_is_not_said_yet_counts() -> None:
    one = reaper()
    assert sent(one.pause("Opener")) == [("/pause", 1.0)]
    told(one, ("/play", 1.0))  # a word of before
    assert sent(one.resume("Opener", 12.5)) == [("/play", 1.0)]
    assert sent(one.pause("Opener")) == [("/stop", 1.0)]
    assert sent(one.play("Opener", 1.0)) == [("/stop", 1.0), ("/time", 101.0), ("/play", 1.0)]
    told(one, ("/pause", 1.0))  # by hand
    assert sent(one.play("Opener", 1.0)) == [("/stop", 1.0), ("/time", 101.0), ("/play", 1.0)]
    two = live()
    two.stop("Opener")
    told(two, ("/live/song/get/is_playing", True))
    assert ("/live/song/continue_playing",) in sent(two.play("Opener", 4.0))


def test_switches_are_only_moved_where_they_stand_otherwise() -> None:
    one = reaper()
    assert sent(one.pause("Opener")) == [("/pause", 1.0)]
    points = [("/loop/start/time", 101.0), ("/loop/end/time", 102.0), ("/loop/start/time", 101.0)]
    assert one.loop("Opener", None, None) == []
    assert sent(one.loop("Opener", 1.0, 2.0)) == [*points, ("/repeat", 1.0)]
    assert sent(one.loop("Opener", 1.0, 2.0)) == points
    told(one, ("/pause", 1.0), ("/repeat", 1.0))
    assert one.pause("Opener") == []
    assert sent(one.loop("Opener", 1.0, 2.0)) == points
    assert sent(one.loop("Opener", None, None)) == [("/repeat", 1.0)]
    assert sent(one.loop("Opener", 1.0, 2.0)) == [*points, ("/repeat", 1.0)]


def test_the_fader_of_reaper() -> None:
    assert sent(Reaper().loud("x", 0.0)) == [("/track/0/volume/db", -150.0)]
    assert sent(Reaper().loud("x", 1.0)) == [("/track/0/volume/db", 0.0)]
    assert sent(Reaper().loud("x", 100.0))[0][1] == pytest.approx(12.0, abs=0.1)


# --- QLab ------------------------------------------------------------------------------------------------------------------


def reply(one: QLab, address: str, /, **body: object) -> None:
    told(one, (f"/reply{address}", json.dumps(body)))


def qlab(**data: object) -> QLab:
    one = QLab("secret", 53_011)
    reply(one, "/workspace/ABC/cue/12/valuesForKeys", status="ok", address="/cue/12/valuesForKeys", data=data)
    return one


def test_a_cue_is_a_song() -> None:
    one = qlab(isRunning=True, isPaused=False, actionElapsed=3.25, currentDuration=200.0)
    assert one.said("12") == Said(Standing.PLAYING, 3.25, 1)
    assert (one.length("12"), one.names()) == (200.0, ["12"])
    assert qlab(isRunning=1, isPaused=1, actionElapsed=3.25).said("12") == Said(Standing.PAUSED, 3.25, 1)
    assert qlab(isRunning=0, isPaused=0, actionElapsed=0).said("12") == Said(Standing.STOPPED, 0.0, 1)
    reply(one, "/cue/12/valuesForKeys", status="error", data="")
    assert one.said("12") is None


def test_of_two_workspaces_the_one_that_has_the_cue_counts() -> None:
    one = QLab()
    for _ in range(2):
        reply(one, "/cue/12/valuesForKeys", status="error", workspace_id="A")
        reply(one, "/cue/12/valuesForKeys", status="ok", workspace_id="B", data={"isRunning": True, "actionElapsed": 1.0})
        assert one.said("12") is not None
    reply(one, "/cue/12/valuesForKeys", status="error", workspace_id="A")
    assert one.said("12") is not None
    reply(one, "/cue/12/valuesForKeys", status="error", workspace_id="B")
    assert one.said("12") is None


def test_qlab_is_told_where_to_reply_and_the_passcode() -> None:
    said = sent(QLab("secret", 53_011).greet())
    assert said == [("/udpReplyPort", 53_011), ("/connect", "secret"), ("/alwaysReply", 1), ("/thump",)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"status": "ok", "data": "badpass"}, "check `passcode_file`"),
        ({"status": "denied"}, "check `passcode_file`"),
        ({"status": "ok", "data": "ok:view"}, "give this passcode control"),
        ({"status": "ok", "data": "ok:view|control"}, ""),
        ({"status": "ok", "data": "ok"}, ""),
    ],
)
def test_a_passcode_that_is_not_enough(body: dict[str, object], said: str) -> None:
    one = QLab()
    reply(one, "/workspace/ABC/connect", **body)
    assert said in one.trouble
    assert bool(said) == bool(one.trouble)


def test_a_cue_is_loaded_to_its_place_and_started() -> None:
    said = sent(qlab(isRunning=True).play("12", 2.5))
    assert [one[0] for one in said if "valuesForKeys" not in str(one[0])] == [
        "/cue/12/hardStop",
        "/cue/12/loadActionAt",
        "/cue/12/start",
    ]
    assert ("/cue/12/loadActionAt", 2.5) in said


def test_cues_that_are_not_known_are_asked_for_in_turn() -> None:
    one, names = QLab(), [f"c{n}" for n in range(50)]
    asked = {address for _ in range(3) for address, *_ in sent(one.ask(names))}
    assert len(asked) == 51


@pytest.mark.parametrize(
    ("name", "fit"), [("12.5", True), ("a-1", True), ("1 2", False), ("a/b", False), ("é", False), ("", False), ("*", False)]
)
def test_a_cue_number_stands_in_an_address(name: str, fit: bool) -> None:
    assert fits(name) is fit
    assert QLab().look(name) == [] or fit


# --- Ableton Live ----------------------------------------------------------------------------------------------------------


def live(playing: bool = True) -> Ableton:
    one, get = Ableton(), "/live/song/get/"
    told(one, (f"{get}cue_points", "Opener", 64.0, "Closer", 256.0), (f"{get}tempo", 120.0))
    told(one, (f"{get}is_playing", playing), (f"{get}current_song_time", 80.0))
    return one


def test_a_locator_is_a_song_and_beats_are_seconds_at_its_tempo() -> None:
    one = live()
    assert one.names() == ["Closer", "Opener"]
    assert one.said("Opener") == Said(Standing.PLAYING, 8.0, 1)
    assert live(playing=False).said("Opener") == Said(Standing.STOPPED, 8.0, 1)
    assert one.length("Opener") == 0.0
    told(one, ("/live/song/get/cue_points",))
    assert one.said("Opener") is None


def test_live_jumps_and_begins() -> None:
    jump = ("/live/song/set/current_song_time", 72.0)
    assert sent(live().play("Opener", 4.0))[0] == jump
    assert sent(live(playing=False).play("Opener", 4.0))[:2] == [jump, ("/live/song/continue_playing",)]
    assert ("/live/song/continue_playing",) not in sent(live().play("Opener", 4.0))
    assert live().play("Nobody", 0.0) == []


def test_the_loop_brace_of_live_is_in_beats() -> None:
    said = sent(live().loop("Opener", 2.0, 6.0))
    assert said == [("/live/song/set/loop_start", 68.0), ("/live/song/set/loop_length", 8.0), ("/live/song/set/loop", 1)]
    assert sent(live().loop("Opener", None, None)) == [("/live/song/set/loop", 0)]


def test_the_track_of_that_name_has_the_volume() -> None:
    one = live()
    assert (one.lacks, one.loud("Opener", 1.0)) == ("", [])
    told(one, ("/live/song/get/track_names", "Drums", "showctl"))
    assert sent(one.loud("Opener", 1.0)) == [("/live/track/set/volume", 1, pytest.approx(0.85))]
    told(one, ("/live/song/get/track_names", "Drums"))
    assert "no track called 'showctl'" in one.lacks


def test_the_fader_of_live_rises_all_the_way() -> None:
    assert [fader(gain) for gain in (0.0, 1.0, 2.0)] == [0.0, pytest.approx(0.85), 1.0]
    assert fader(0.5) == pytest.approx(0.7, abs=0.001)
    ways = [fader(n / 200) for n in range(201)]
    assert all(a < b for a, b in zip(ways, ways[1:]))
