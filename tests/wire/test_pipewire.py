"""What pw-dump tells of a filter-chain, and what pw-cli is told. The sample is of a real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import EqBand, WireError
from showctl.wire.pipewire import LIMIT, Node, equaliser, node, props, seen

SAMPLE = (Path(__file__).parent.parent / "fakes" / "pipewire_dump.json").read_text()


def sample(**controls: Any) -> str:
    """The sample with other controls; None takes one out."""
    objects = json.loads(SAMPLE)
    (held,) = [one for one in objects[0]["info"]["params"]["Props"] if "main_peaking1:Freq" in one["params"]]
    words = held["params"]
    pairs = dict(zip(words[::2], words[1::2], strict=True)) | {key.replace("__", ":"): one for key, one in controls.items()}
    held["params"] = [word for key, value in pairs.items() if value is not None for word in (key, value)]
    return json.dumps(objects)


def test_a_real_chain_is_read() -> None:
    found = seen(SAMPLE, "venue_eq", ["main", "delay"])
    freqs = [125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0]
    bands = tuple(EqBand("peaking", freq, -2.5 if freq == 500.0 else 0.0, 1.0) for freq in freqs)
    assert found == Node(
        found.id, found.serial, {"main": bands, "delay": "the node has no filter `delay_peaking1`, so no equaliser `delay`"}
    )
    (one,) = json.loads(SAMPLE)
    assert (found.id, found.serial) == (one["id"], one["info"]["props"]["object.serial"])


def test_where_something_comes_or_goes_meanwhile_what_is_said_last_holds() -> None:
    gone = '[\n  {\n    "id": 53,\n    "info": null\n  }\n]\n'
    louder = sample(main_peaking3__Gain=-1.0)
    bands = seen(gone + SAMPLE + gone + louder, "venue_eq", ["main"]).equalisers["main"]
    assert bands == seen(louder, "venue_eq", ["main"]).equalisers["main"]
    assert isinstance(bands[2], EqBand)
    assert bands[2].gain == -1.0


@pytest.mark.parametrize(
    ("controls", "words"),
    [
        ({"main_peaking3__Freq": None, "main_peaking3__Q": None, "main_peaking3__Gain": None}, "`main_peaking3` is missing"),
        ({"main_peaking2__Gain": None}, "`main_peaking2` has no Gain: is its label bq_peaking"),
        ({"main_peaking1__Freq": 0.0}, "stands at 0 Hz, 0 dB, Q 1, which is no band"),
        ({"main_peaking1__Q": 0.0}, "Q 0, which is no band"),
        ({"main_peaking1__Gain": -200.0}, "-200 dB"),
        ({f"main_peaking{n}__Freq": 100.0 for n in range(7, 40)}, "39 filters: 16 at most"),
    ],
)
def test_what_is_wrong_with_an_equaliser_is_said(controls: dict[str, Any], words: str) -> None:
    bands = seen(sample(**controls), "venue_eq", ["main"]).equalisers["main"]
    assert isinstance(bands, str)
    assert words in bands


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "there is no node called `venue_eq`"),
        ("", "there is no node called `venue_eq`"),
        (SAMPLE.replace('"venue_eq"', '"other"'), "no node called"),
        (json.dumps([*json.loads(SAMPLE), {**json.loads(SAMPLE)[0], "id": 7}]), "there are 2 nodes called `venue_eq`"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("{}", "not a list"),
        ("[1]", "not an object"),
        ('"' + "x" * LIMIT + '"', "more than"),
        (sample(main_peaking1__Gain="loud"), "not a number"),
        (sample(main_peaking1__Gain=10**400), "not a number"),
        (SAMPLE.replace('"id": ', '"id": -', 1), "has no number"),
        (SAMPLE.replace('"object.serial": ', '"object.serial": 0.', 1), "has no number"),
        (SAMPLE + '[{"id": ' + str(json.loads(SAMPLE)[0]["id"]) + ', "info": null}]', "there is no node"),
        (SAMPLE + "[", "not JSON"),
        (b"\xff", "not JSON"),
    ],
)
def test_nonsense_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(WireError, match=words):
        seen(text, "venue_eq", ["main"])


trees = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["params", "main_peaking1:Q", "venue_eq"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["params", "Props", "props", "id"]), inner),
)


@given(trees, trees)
def test_whatever_stands_there_is_an_answer_or_words(params: Any, props: Any) -> None:
    one = {
        "id": 3,
        "type": "PipeWire:Interface:Node",
        "info": {"props": {"node.name": "venue_eq", "object.serial": 7}, "params": {"Props": [props]}},
    }
    other = {
        "id": 3,
        "type": "PipeWire:Interface:Node",
        "info": {"props": {"node.name": "venue_eq", "object.serial": 7}, "params": params},
    }
    for entry in (one, other):
        try:
            found = seen(json.dumps([entry, params]), "venue_eq", ["main"])
        except WireError:
            continue
        assert isinstance(found.equalisers["main"], str)


@given(
    st.dictionaries(
        st.integers(0, 15),
        st.builds(EqBand, st.just("peaking"), st.floats(20, 20_000), st.floats(-15, 15), st.floats(0.1, 20)),
        min_size=1,
    )
)
def test_what_is_written_reads_back(bands: dict[int, EqBand]) -> None:
    words = props("main", bands).removeprefix("{ params = [ ").removesuffix(" ] }").split()
    controls = {key.strip('"').replace(":", "__"): float(value) for key, value in zip(words[::2], words[1::2], strict=True)}
    filled = {f"main_peaking{n}__{key}": 1.0 for n in range(1, 17) for key in ("Gain", "Q")}
    filled |= {f"main_peaking{n}__Freq": 100.0 for n in range(1, 17)}
    found = seen(sample(**(filled | controls)), "venue_eq", ["main"]).equalisers["main"]
    for i, band in bands.items():
        held = found[i]
        assert isinstance(held, EqBand)
        assert (held.freq, held.gain, held.q) == pytest.approx((band.freq, band.gain, band.q), abs=1e-6)


def test_numbers_have_a_point_and_only_peaking_bands_are_written() -> None:
    expected = '{ params = [ "main_peaking2:Freq" 100.000000 "main_peaking2:Q" 1.500000 "main_peaking2:Gain" 0.000000 ] }'
    assert props("main", {1: EqBand("peaking", 100.0, 0.0, 1.5)}) == expected
    with pytest.raises(ValueError, match="no low_shelf"):
        props("main", {1: EqBand("low_shelf", 100.0, 0.0, 1.5)})


def test_names_are_such_that_they_cannot_be_anything_else() -> None:
    assert (equaliser("main"), node("effect_input.eq")) == ("main", "effect_input.eq")
    for wrong in ("", "main 1", "a_peaking1", "ä", '"', "x" * 65):
        with pytest.raises(ValueError, match="no name of filters"):
            equaliser(wrong)
    for wrong in ("", "-v", "a b", "x" * 129):
        with pytest.raises(ValueError, match="no name of a node"):
            node(wrong)
