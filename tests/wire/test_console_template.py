"""Lines of a console that is described: what they write they read back, and whatever it says is an answer, nothing or words."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import EqBand, WireError
from showctl.plan import PaTemplate
from showctl.wire.console_template import LONGEST, Said, Script, a_band, check, line, steps

TEXT = PaTemplate(
    "udp",
    12,
    ("EQ {equaliser} {band:02} {freq:.0f} {gain:.1f} {q:.2f}",),
    ("EQ {equaliser} {band:02} ?",),
    ("EQ {equaliser} {band} {freq} {gain} {q}", "OK {band} F={freq};"),
)
JSON = PaTemplate(
    "tcp",
    6,
    ('{"id":{id},"set":{"{equaliser}.{band}":[{freq:.1f},{gain},{q}]}}',),
    ('{"id":{id},"get":"{equaliser}.{band}"}',),
    pointers=(
        ("id", "/id"),
        ("freq", "/result/Name={equaliser}.freq.{band}/Value"),
        ("gain", "/result/gain"),
        ("q", "/result/2"),
    ),
)
bands = st.builds(EqBand, st.just("peaking"), st.floats(20, 20_000), st.floats(-15, 15), st.floats(0.3, 10))
names = st.from_regex(r"[A-Za-z0-9_.:/-]{1,12}", fullmatch=True)


@given(names, st.integers(0, 11), bands)
def test_what_a_template_writes_it_reads_back(name: str, index: int, band: EqBand) -> None:
    script = Script(TEXT)
    held = script.rounded(band)
    [written] = script.sets(name, index, held, 1)
    said = script.heard(written, {}, [name])
    assert said is not None
    assert (said.equaliser, said.band) == (name, index)
    assert a_band(said.values) == held
    assert script.same(held, band)


def test_numbers_of_questions_say_what_an_answer_is_about() -> None:
    script = Script(JSON)
    assert script.asks("main", 2, 7) == ['{"id":7,"get":"main.3"}']
    assert script.sets("main", 0, EqBand("peaking", 100.0, -1.0, 2.0), 9) == ['{"id":9,"set":{"main.1":[100.0,-1.00,2.000]}}']
    asked = {7: ("main", 2)}
    answer = {"id": 7, "result": [{"Name": "main.freq.1", "Value": 1}, {"Name": "main.freq.3", "Value": "125.5"}, 0.7]}
    assert script.heard(json.dumps(answer), asked, ["main"]) == Said("main", 2, {"freq": 125.5, "q": 0.7})
    assert script.heard(json.dumps({"id": 7, "result": {"gain": -3}}), asked, ["main"]) == Said("main", 2, {"gain": -3.0})
    for nothing in ({"id": 8, "result": {"gain": 1}}, {"id": True}, {"id": 7, "error": {"code": 8}}, [], 7, None):
        assert script.heard(json.dumps(nothing), asked, ["main"]) is None
    with pytest.raises(WireError, match="not a number"):
        script.heard('{"id": 7, "result": {"gain": "loud"}}', asked, ["main"])


def test_text_is_read_with_any_spaces_and_nothing_else() -> None:
    script = Script(TEXT)
    assert script.heard(" EQ  main 3\t1000  -3.5 +2.0 \r", {}, ["main"]) == Said("main", 2, {"freq": 1000, "gain": -3.5, "q": 2})
    assert script.heard("OK 3 F=99;", {}, ["main"]) == Said("main", 2, {"freq": 99.0})
    for nothing in ("EQ main 3 1000 -3.5", "EQ other 3 1 1 1", "EQ main 13 1 1 1", "EQ main 0 1 1 1", "ERR 3", "", "EQ main 3 ?"):
        assert script.heard(nothing, {}, ["main"]) is None


@given(st.text(max_size=200) | st.from_regex(r"(EQ|OK) [a-z]{1,5} [0-9.+-]{1,30} [0-9.+ -]{1,40}", fullmatch=True))
def test_whatever_it_says_in_text(text: str) -> None:
    said = Script(TEXT).heard(text, {}, ["main"])
    assert said is None or all(map(math.isfinite, said.values.values()))


trees = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.just("main.freq.1"),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "result", "Name", "Value", "gain", "2"]), inner)
    ),
)


@given(trees)
def test_whatever_it_says_in_json(tree: Any) -> None:
    for answer in (tree, {"id": 1, "result": tree}):
        try:
            said = Script(JSON).heard(json.dumps(answer), {1: ("main", 0)}, ["main"])
        except WireError:
            continue
        assert said is None or all(map(math.isfinite, said.values.values()))


def test_long_lines_are_no_work() -> None:
    with pytest.raises(WireError, match="more than"):
        Script(TEXT).heard("x" * (LONGEST + 1), {}, ["main"])
    assert Script(TEXT).heard("EQ " + "1" * (LONGEST - 10), {}, ["main"]) is None
    assert Script(JSON).heard("[" * LONGEST, {1: ("main", 0)}, ["main"]) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{gian}", "`{gian}` is nothing that is filled in"),
        ("{freq:2}", "digits are written like `{freq:.1f}`"),
        ("{band:.1f}", "digits are written like `{band:02}`"),
        ("{id:03}", "digits"),
        ("{q:.1f}", "would not be what was fitted"),
        ("x" * (LONGEST + 1), "characters at most"),
    ],
)
def test_a_line_that_is_none_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("{", r"\{").replace("(", r"\(")):
        line(text)


def test_answers_and_pointers_that_are_none_are_said() -> None:
    with pytest.raises(ValueError, match="touch"):
        line("{band}{freq}").reader()
    with pytest.raises(ValueError, match="stands once"):
        line("{band} {band}").reader()
    with pytest.raises(ValueError, match="begins with `/`"):
        steps("result/0")
    assert [step.parts for step in steps("/a~1b/0")] == [("a/b",), ("0",)]


@pytest.mark.parametrize(
    ("change", "equalisers", "wrong"),
    [
        ({}, 2, None),
        ({"set": ("{freq} {gain} {q}",)}, 1, "set"),
        ({"set": ("{freq} {gain} {q}",), "bands": 1}, 1, None),
        ({"ask": ()}, 1, "ask"),
        ({"ask": ("{freq}?",)}, 1, "ask"),
        ({"answer": ("{band} {freq} {gain}",)}, 1, "answer"),
        ({"answer": ("{freq} {gain} {q}",)}, 1, "answer"),
        ({"answer": ("{band} {freq} {gain} {q}",)}, 1, None),
        ({"answer": ("{band} {freq} {gain} {q}",)}, 2, "answer"),
        ({"answer": ("{id} {freq} {gain} {q}",)}, 2, "ask"),
        ({"answer": ("{id} {freq} {gain} {q}",), "ask": ("{id} {band}?",)}, 2, None),
        ({"pointers": JSON.pointers}, 1, "answer"),
    ],
)
def test_what_does_not_belong_together_is_found(change: dict[str, Any], equalisers: int, wrong: str | None) -> None:
    fields = {"transport": "udp", "bands": 12, "set": TEXT.set, "ask": TEXT.ask, "answer": TEXT.answer[:1]} | change
    found = check(PaTemplate(**fields), equalisers)
    assert (found and found[0]) == wrong


def test_what_is_no_band_is_refused() -> None:
    for freq, gain, q in ((1.0, 0.0, 1.0), (100.0, 90.0, 1.0), (100.0, 0.0, 0.0)):
        with pytest.raises(WireError, match="is no band"):
            a_band({"freq": freq, "gain": gain, "q": q})
