"""What the web server takes, over real connections on loopback, and what it does not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.words import Words
from showctl.model import (
    Arm,
    Back,
    Blackout,
    Check,
    Confirm,
    ControlEvent,
    Disarm,
    Downbeat,
    EqCommand,
    ExitLoop,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Hold,
    Identify,
    LetGo,
    LockBeat,
    Nudge,
    Octave,
    Park,
    Pause,
    Release,
    Resume,
    SetHouse,
    SetMaster,
    SetRate,
    StopAll,
    Tap,
    Unpark,
    WireError,
)
from showctl.plan import GesturesPlan, PaMicrophone, PaPlan, PaZone, Wearable
from showctl.remote.web.control import parse_control
from tests.remote import fake_show
from tests.remote.site import PLAN, TOKENS, WORDS, serve, topics

WHO: dict[str, Any] = {"time": 10.0, "source": "web:127.0.0.1"}


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"type": "go"}, Go(list="main", **WHO)),
        ({"type": "go", "list": "probe"}, Go(list="probe", **WHO)),
        ({"type": "back", "list": "main"}, Back(**WHO)),
        ({"type": "pause"}, Pause(**WHO)),
        ({"type": "resume"}, Resume(**WHO)),
        ({"type": "release"}, Release(**WHO)),
        ({"type": "stop"}, StopAll(**WHO)),
        ({"type": "goto", "cue": "5.5"}, Goto(cue="5.5", **WHO)),
        ({"type": "goto", "cue": 5.50}, Goto(cue="5.5", **WHO)),
        ({"type": "goto", "cue": 10}, Goto(cue="10", **WHO)),
        ({"type": "blackout", "on": True}, Blackout(on=True, **WHO)),
        ({"type": "master", "level": 0.5}, SetMaster(level=0.5, **WHO)),
        ({"type": "master", "level": 1, "submaster": "probe"}, SetMaster(level=1.0, submaster="probe", **WHO)),
        ({"type": "tap"}, Tap(**WHO)),
        ({"type": "beat", "do": "nudge", "ms": -25}, Nudge(by=-0.025, **WHO)),
        ({"type": "beat", "do": "earlier"}, Nudge(by=-0.01, **WHO)),
        ({"type": "beat", "do": "half"}, Octave(step=-1, **WHO)),
        ({"type": "beat", "do": "downbeat"}, Downbeat(**WHO)),
        ({"type": "beat", "do": "lock"}, LockBeat(on=True, **WHO)),
        ({"type": "beat", "do": "unlock"}, LockBeat(on=False, **WHO)),
        ({"type": "beat", "do": "free"}, FreeBeat(**WHO)),
        ({"type": "exit"}, ExitLoop(**WHO)),
        ({"type": "rate", "rate": 1.5, "list": "probe"}, SetRate(rate=1.5, list="probe", **WHO)),
        ({"type": "house", "level": 0.3, "fade": 3}, SetHouse(level=0.3, fade=3.0, **WHO)),
        ({"type": "flash", "submaster": "front", "on": False}, Flash(submaster="front", on=False, **WHO)),
        ({"type": "hold", "what": "front.1 intensity 70%"}, Hold(values=(("front.1/intensity", 0.7),), **WHO)),
        ({"type": "hold", "what": "house 30% 2s"}, SetHouse(level=0.3, fade=2.0, **WHO)),
        ({"type": "park", "what": "1/300 255"}, Park(values=(("1/300", 1.0),), **WHO)),
        ({"type": "let_go"}, LetGo(**WHO)),
        ({"type": "let_go", "what": "front.2"}, LetGo(keys=("front.2/intensity",), **WHO)),
        ({"type": "unpark", "what": "wash.3 red"}, Unpark(keys=("wash.3/red",), **WHO)),
        ({"type": "identify", "fixture": "spot.2", "on": True}, Identify(fixture="spot.2", on=True, **WHO)),
        ({"type": "check", "step": -1}, Check(step=-1, **WHO)),
        ({"type": "eq", "do": "apply"}, EqCommand(do="apply", **WHO)),
        ({"type": "eq", "do": "yours", "band": 3}, EqCommand(do="yours", band=2, **WHO)),
    ],
)
async def test_a_control_reaches_the_engine_by_post_and_by_socket(body: dict[str, Any], event: ControlEvent) -> None:
    async with serve() as site:
        assert (await site.post(body))[0] == 200
        async with site.socket() as page:
            await page.send_json(body)
            assert (await topics(page, "reply"))["reply"] == {"ok": True}
        assert site.events == [event, event]


WRONG = [
    ("[]", "send a JSON object"),
    ("", "not JSON"),
    ("\xff", "not JSON"),
    ("[" * 900, "not JSON"),
    ('{"type": "explode"}', "one of back beat blackout"),
    ('{"type": ["go"]}', "one of back"),
    ('{"type": "go", "cue": "1"}', "go has no field 'cue'; it takes list"),
    ('{"type": "go", "list": "nowhere"}', "no list 'nowhere'; there is main, probe"),
    ('{"type": "go", "list": ["main"]}', "no list"),
    ('{"type": "go", "type": "stop"}', "there twice"),
    ('{"type": "goto"}', "goto needs"),
    ('{"type": "goto", "cue": true}', "goto needs"),
    ('{"type": "goto", "cue": "soon"}', "not the number of a cue"),
    ('{"type": "goto", "cue": "NaN"}', "has no cue"),
    ('{"type": "goto", "cue": 99}', "has no cue 99"),
    ('{"type": "blackout"}', "true or false"),
    ('{"type": "blackout", "on": 1}', "true or false"),
    ('{"type": "master", "level": NaN}', "NaN is not a number"),
    ('{"type": "master", "level": 1e999}', "0..1"),
    ('{"type": "master", "level": 1.01}', "0..1"),
    ('{"type": "master", "level": -0.01}', "0..1"),
    ('{"type": "master", "level": true}', "0..1"),
    ('{"type": "master", "level": "1"}', "0..1"),
    ('{"type": "master", "level": 1, "submaster": "nobody"}', "no submaster 'nobody'; there is probe, front"),
    ('{"type": "master", "level": ' + "9" * 900 + "}", "0..1"),
    ('{"type": "tap", "on": true}', "no other field"),
    ('{"type": "rate"}', "0..20"),
    ('{"type": "rate", "rate": 21}', "0..20"),
    ('{"type": "house", "level": 2}', "0..1"),
    ('{"type": "house", "level": 1, "fade": -1}', "fade"),
    ('{"type": "flash", "on": true}', "submaster"),
    ('{"type": "flash", "submaster": "nobody", "on": true}', "no submaster"),
    ('{"type": "flash", "submaster": "front", "on": 1}', "true or false"),
    ('{"type": "hold"}', "wash intensity 70%"),
    ('{"type": "hold", "what": ["front"]}', "wash intensity 70%"),
    ('{"type": "hold", "what": "frnt intensity 5%"}', "did you mean `front`"),
    ('{"type": "hold", "what": "front intensity 500%"}', "above 100%"),
    ('{"type": "park"}', "park needs"),
    ('{"type": "let_go", "what": ""}', "nothing was said"),
    ('{"type": "unpark", "what": "nobody"}', "nobody"),
    ('{"type": "identify", "fixture": "front", "on": true}', "no fixture 'front'"),
    ('{"type": "eq"}', "eq needs"),
    ('{"type": "eq", "do": ["apply"]}', "eq needs"),
    ('{"type": "eq", "do": "apply", "band": 1}', "belongs to"),
    ('{"type": "eq", "do": "mine", "band": 0}', "belongs to"),
    ('{"type": "eq", "do": "mine", "band": true}', "belongs to"),
    ('{"type": "beat"}', "beat needs"),
    ('{"type": "beat", "do": "stop"}', "beat needs"),
    ('{"type": "beat", "do": ["half"]}', "beat needs"),
    ('{"type": "beat", "do": "half", "ms": 3}', "belongs to"),
    ('{"type": "beat", "do": "nudge"}', "nudge needs"),
    ('{"type": "beat", "do": "nudge", "ms": 1001}', "nudge needs"),
    ('{"type": "check"}', "check needs"),
    ('{"type": "check", "step": 2}', "check needs"),
    ('{"type": "check", "step": true}', "check needs"),
    ('{"type": "write"}', "write needs"),
    ('{"type": "write", "palette": " "}', "write needs"),
    ('{"type": "write", "palette": ["blood"]}', "write needs"),
    ('{"type": "write", "palette": "blood", "path": "/etc/passwd"}', "write has no field 'path'"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
async def test_what_is_wrong_is_answered_in_one_line_and_moves_nothing(text: str, why: str) -> None:
    body = text.encode("latin-1")
    async with serve() as site:
        headers = {"Content-Type": "application/json"}
        async with site.session.post(f"{site.url}/api/control", data=body, headers=headers) as answer:
            said = await answer.text()
            assert answer.status == 400
            assert why in said
            assert said.count("\n") == 1
        assert not site.events
        assert site.server.refused == 1


@pytest.mark.parametrize(
    ("pa", "why"),
    [
        (None, "names no equaliser"),
        (PaPlan(zones=(PaZone("main", (1,)),)), "names no equaliser"),
        (PaPlan(zones=(PaZone("main", (1,)),), console="x32", host="10.0.0.5"), "no zone has an equaliser"),
        (PaPlan(console="internal"), "no zone has an equaliser"),
    ],
)
def test_an_equaliser_that_is_not_there_is_said_to_be_missing_rather_than_busy(pa: PaPlan | None, why: str) -> None:
    plan = replace(PLAN, pa=pa)
    with pytest.raises(WireError, match=why):
        parse_control('{"type": "eq", "do": "apply"}', plan, Words(plan), 1.0, "test")


def test_microphones_are_relearned_without_an_equaliser() -> None:
    plan = replace(PLAN, pa=PaPlan(microphones=(PaMicrophone("left", 2),)))
    found = parse_control('{"type": "eq", "do": "relearn"}', plan, Words(plan), 1.0, "test")
    assert found == EqCommand(time=1.0, source="test", do="relearn")


def test_what_the_operator_says_of_performers() -> None:
    worn = GesturesPlan(wearables=(Wearable("left", "ngimu", "10.0.0.5", "anna"),))
    plan = replace(PLAN, gestures=worn)
    asked = [{"do": "arm"}, {"do": "disarm", "performer": "anna"}, {"do": "confirm", "performer": "anna"}]
    found = [parse_control(json.dumps({"type": "gesture", **one}), plan, Words(plan), 1.0, "test") for one in asked]
    who: dict[str, Any] = {"time": 1.0, "source": "test"}
    assert found == [Arm(**who), Disarm(performer="anna", **who), Confirm(performer="anna", **who)]
    for body, said in [({"do": "wave"}, "one of arm"), ({"do": "arm", "performer": "ben"}, "no performer 'ben'; there is anna")]:
        with pytest.raises(WireError, match=said):
            parse_control(json.dumps({"type": "gesture", **body}), plan, Words(plan), 1.0, "test")
    with pytest.raises(WireError, match="nobody wears anything"):
        parse_control('{"type": "gesture", "do": "arm"}', PLAN, WORDS, 1.0, "test")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
HANDS = ("hold", "let_go", "park", "unpark", "flash", "identify", "check", "house", "rate", "exit", "eq")
bodies = st.fixed_dictionaries(
    {"type": st.sampled_from(["go", "goto", "blackout", "master", "tap", "stop", "other", *HANDS]) | json_values},
    optional={
        "list": st.sampled_from(["main", "probe"]) | json_values,
        "cue": st.sampled_from(["1", "5.5", "10"]) | json_values,
        "on": json_values,
        "level": st.floats(-1, 2) | json_values,
        "submaster": st.sampled_from(["probe", "front"]) | json_values,
        "what": st.sampled_from(["front", "wash red 5%"]) | json_values,
        "fixture": st.sampled_from(["spot.1"]) | json_values,
        "step": st.integers(-2, 2) | json_values,
        "rate": st.floats(-1, 30) | json_values,
    },
)


@given(bodies.map(json.dumps) | json_values.map(json.dumps) | st.text(max_size=100) | st.binary(max_size=100))
def test_no_body_whatever_raises_anything_but_the_senders_fault(body: str | bytes) -> None:
    event, said = None, ""
    try:
        event = parse_control(body, PLAN, WORDS, 1.0, "web")
    except WireError as error:
        said = str(error)
    assert (event is None) == (0 < len(said) < 200)
    assert "\n" not in said
    if isinstance(event, SetMaster):
        assert 0.0 <= event.level <= 1.0


async def test_a_flash_button_comes_up_when_its_page_is_gone() -> None:
    async with serve() as site:
        async with site.socket() as page, site.socket() as other:
            for one, name in ((page, "front"), (page, "probe"), (other, "probe")):
                await one.send_json({"type": "flash", "submaster": name, "on": True})
                assert (await topics(one, "reply"))["reply"] == {"ok": True}
            await page.close()
            async with asyncio.timeout(5):
                while len(site.events) < 4:
                    await asyncio.sleep(0.01)
            assert site.events[3:] == [Flash(submaster="front", on=False, **WHO)]  # the other page still holds probe
        async with asyncio.timeout(5):
            while len(site.events) < 5:
                await asyncio.sleep(0.01)
        assert site.events[4:] == [Flash(submaster="probe", on=False, **WHO)]


async def test_what_is_held_is_written_back_and_the_answer_says_where() -> None:
    asked: list[str] = []

    async def write(palette: str) -> str:
        asked.append(palette)
        if palette != "colour blood":
            raise WireError(f"no palette is called {palette}")
        return "show.yaml: colour `blood` is written"

    async with serve(write=write, tokens=TOKENS) as site:
        may = {"Authorization": "Bearer run-this-whole-show"}
        code, text = await site.post({"type": "write", "palette": "colour blood"}, **may)
        assert (code, json.loads(text)) == (200, {"ok": True, "text": "show.yaml: colour `blood` is written"})
        assert await site.post({"type": "write", "palette": "blod"}, **may) == (400, "no palette is called blod\n")
        assert (await site.post({"type": "write", "palette": "x"}, Authorization="Bearer look-at-this-show"))[0] == 403
        async with site.socket(**may) as page:
            for palette, ok in (("colour blood", True), ("blod", False)):
                await page.send_json({"type": "write", "palette": palette})
                assert (await topics(page, "reply"))["reply"]["ok"] is ok
        assert asked == ["colour blood", "blod"] * 2
        assert not site.events


def test_house_lights_that_are_not_there_are_not_moved() -> None:
    plan = fake_show.plan()
    for body in ({"type": "house", "level": 0.5}, {"type": "hold", "what": "house 50%"}):
        with pytest.raises(WireError, match="no house lights"):
            parse_control(json.dumps(body), plan, Words(plan), 1.0, "web")


async def test_a_show_whose_files_are_not_watched_is_not_written() -> None:
    async with serve() as site:
        code, text = await site.post({"type": "write", "palette": "colour blood"})
        assert (code, "no files that are watched" in text) == (400, True)


async def test_one_command_too_many_is_refused_aloud() -> None:
    async with serve() as site:
        site.full = True
        assert await site.post({"type": "go"}) == (503, "too many commands at once; send it again\n")
        async with site.socket() as page:
            await page.send_json({"type": "go"})
            reply = (await topics(page, "reply"))["reply"]
            assert reply == {"ok": False, "text": "too many commands at once; send it again"}


async def test_what_the_equaliser_refuses_is_answered_with_why() -> None:
    async with serve() as site:
        site.full = True
        assert await site.post({"type": "eq", "do": "apply"}) == (400, "it is in no mood\n")
        async with site.socket() as page:
            await page.send_json({"type": "eq", "do": "apply"})
            assert (await topics(page, "reply"))["reply"] == {"ok": False, "text": "it is in no mood"}
        assert (site.server.controls, site.server.refused) == (0, 2)


async def test_a_body_has_to_be_json_and_small() -> None:
    async with serve() as site:
        url = f"{site.url}/api/control"
        async with site.session.post(url, data='{"type": "go"}', headers={"Content-Type": "text/plain"}) as answer:
            assert answer.status == 415
        async with site.session.post(url, json={"type": "go", "list": "x" * 5000}) as answer:
            assert answer.status == 413
        async with site.socket() as page:
            await page.send_str("x" * 5000)
            async with asyncio.timeout(5):
                while (await page.receive()).type not in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
                    pass
        assert not site.events
