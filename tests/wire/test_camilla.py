"""What CamillaDSP says and what its configuration holds of an equaliser: every mistake in words, and nothing guessed."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import EqBand, WireError
from showctl.wire.camilla import LIMIT, Answer, Chain, answer, chain, command, configuration, equaliser, patch, version
from tests.fakes.camilla import FakeCamilla, Invalid, Unread, checked, merged
from tests.wire.camilla_stand import config


def test_commands_and_answers_are_as_its_document_has_them() -> None:
    assert command("GetVersion") == '"GetVersion"'
    assert json.loads(patch({"main1": EqBand("low_shelf", 100.0, -3.5, 0.7)})) == {
        "PatchConfig": {"filters": {"main1": {"parameters": {"type": "Lowshelf", "freq": 100.0, "gain": -3.5, "q": 0.7}}}}
    }
    assert answer('{"GetVersion": {"result": "Ok", "value": "4.1.3"}}') == Answer("GetVersion", "", "4.1.3")
    assert answer('{"PatchConfig": {"result": "Ok"}}') == Answer("PatchConfig", "")
    assert answer('{"PatchConfig": {"result": "RateLimitExceededError"}}').error == "RateLimitExceededError"
    said = answer('{"PatchConfig": {"result": {"ConfigValidationError": "Q must be > 0"}}}')
    assert said.error == "ConfigValidationError: Q must be > 0"
    assert answer('{"Invalid": {"error": "unknown variant"}}') == Answer("Invalid", "unknown variant")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1", '{"a": 1}', '{"a": {}}', '{"a": {"result": 1}}', '{"a": {"result": {}}}', '{"a": {"result": {"b": 1}}}',
     '{"a": {"result": "Ok"}, "b": {"result": "Ok"}}', '{"Invalid": {}}', "[" * 100_000, '{"a": "' + "x" * LIMIT + '"}'],
)  # fmt: skip
def test_nonsense_is_no_answer(text: str) -> None:
    with pytest.raises(WireError):
        answer(text)


def test_versions() -> None:
    assert version("4.1.3") == ("4.1.3", (4, 1))
    assert version("5.0.0-beta.1")[1] == (5, 0)
    assert version("10.2")[1] == (10, 2)
    for wrong in ("", "four", "4", 4, None, "4.1.3" + "x" * 99):
        with pytest.raises(WireError):
            version(wrong)


def test_names() -> None:
    assert [equaliser(name) for name in ("main", "PA left", "m", "sub_low")] == ["main", "PA left", "m", "sub_low"]
    for wrong in ("", "main1", "main_", "1main", "häll", "a" * 80, "main\n"):
        with pytest.raises(ValueError, match="is no name of filters"):
            equaliser(wrong)


def test_no_configuration_is_none() -> None:
    assert configuration("null") is None
    assert configuration('{"a": 1}') == {"a": 1}
    for wrong in (None, "[]", "", "{"):
        with pytest.raises(WireError):
            configuration(wrong)


def renamed(held: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    text = json.dumps(held)
    for old, new in names.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    return json.loads(text)  # type: ignore[no-any-return]


@pytest.mark.parametrize("between", ["", "_", "-", " "])
def test_an_equaliser_is_its_filters_in_their_order(between: str) -> None:
    freqs = tuple(100.0 * n for n in range(1, 13))
    held = renamed(config(("main",), freqs), {f"main{n}": f"main{between}{n}" for n in range(1, 13)})
    held["filters"] = dict(sorted(held["filters"].items()))  # main1, main10, main11, ...
    held["filters"] |= {"mainly1": held["filters"]["hp"], "main": held["filters"]["hp"], "main01": held["filters"]["hp"]}
    found = chain(held, "main")
    assert isinstance(found, Chain)
    assert found.filters == tuple(f"main{between}{n}" for n in range(1, 13))
    assert [band.freq for band in found.bands] == list(freqs)


def test_kinds() -> None:
    held = config()
    held["filters"]["main1"]["parameters"]["type"] = "Lowshelf"
    held["filters"]["main6"]["parameters"]["type"] = "Highshelf"
    found = chain(checked(held), "main")
    assert isinstance(found, Chain)
    assert [band.kind for band in found.bands] == ["low_shelf", *["peaking"] * 4, "high_shelf"]


def wrong(change: Any) -> str:
    held = deepcopy(config(("main", "fill")))
    change(held)
    found = chain(held, "main")
    assert isinstance(found, str)
    assert isinstance(chain(held, "fill"), Chain) or "samplerate" in found
    return found


def of(held: dict[str, Any], number: int) -> dict[str, Any]:
    parameters: dict[str, Any] = held["filters"][f"main{number}"]["parameters"]
    return parameters


def test_what_is_wrong_with_an_equaliser_is_said() -> None:
    assert (
        wrong(lambda held: held["filters"].pop("main1"))
        == "the filter `main1` is missing: they are counted from 1, without a gap"
    )
    assert "`main4` is missing" in wrong(lambda held: held["filters"].pop("main4"))
    assert "no filter `main1`" in wrong(lambda held: [held["filters"].pop(f"main{n}") for n in range(1, 7)])
    assert "`main2` is a Notch: a band is a Biquad" in wrong(lambda held: of(held, 2).update(type="Notch"))
    assert "`main2` is a Gain:" in wrong(lambda held: held["filters"].update(main2={"type": "Gain", "parameters": {"gain": 0.0}}))
    assert "`main2` has no `q`" in wrong(lambda held: of(held, 2).update(q=None, bandwidth=1.0))
    assert "which is no band of an equaliser" in wrong(lambda held: of(held, 2).update(gain=900.0))
    assert "have the same number" in wrong(lambda held: held["filters"].update(main_2=held["filters"]["main2"]))
    assert "is in no step" in wrong(lambda held: held["pipeline"].pop(1))
    assert "`main3` is in no step" in wrong(lambda held: held["pipeline"][1]["names"].remove("main3"))
    assert "is in no step" in wrong(lambda held: held["pipeline"][1].update(bypassed=True))
    assert "is in no step" in wrong(lambda held: held["pipeline"][1].update(channels=[]))
    assert "in the pipeline twice" in wrong(lambda held: held["pipeline"][1]["names"].append("main3"))
    assert "in the pipeline twice" in wrong(
        lambda held: held["pipeline"].append({"type": "Filter", "channels": [2], "names": ["main3"]})
    )

    def elsewhere(held: dict[str, Any]) -> None:
        held["pipeline"][1]["names"].remove("main3")
        held["pipeline"].append({"type": "Filter", "channels": None, "names": ["main3"]})

    assert "`main3` is for other channels than `main1`" in wrong(elsewhere)
    assert "its samplerate is 32000" in wrong(lambda held: held["devices"].update(samplerate=32_000))
    assert "17 filters: 16 at most" in str(chain(config(freqs=tuple(100.0 + n for n in range(17))), "main"))


def paths(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(path for key, one in keys for path in paths(one, (*way, key)))]


odd = st.sampled_from(
    [None, True, 0, -1, 1e400, float("nan"), 10**400, "", "Peaking", [], [[]], [None], {}, {"type": "Filter"}, {"names": [1]}]
)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.data())
def test_a_configuration_that_is_not_as_its_document_says_is_words_or_refused(data: st.DataObject) -> None:
    held = config()
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from([path for path in paths(held) if path]))
        at = held
        for key in way:
            at = at[key]
        at[last] = deepcopy(data.draw(odd))
    try:
        found = chain(held, "main")
    except WireError:
        return
    if isinstance(found, Chain):
        assert len(found.filters) == len(found.bands)
        assert all(0 < band.freq < 30_000 and abs(band.gain) <= 60 and band.q > 0 for band in found.bands)


# --- the fake, by what its document says -------------------------------------------------------------------------------


def test_the_fake_answers_as_the_examples_of_the_document() -> None:
    fake = FakeCamilla(config(), "1.2.3", path="/path/to/someconfig.yml")
    for question, expected in (
        ('"GetVersion"', {"GetVersion": {"result": "Ok", "value": "1.2.3"}}),
        ('"GetConfigFilePath"', {"GetConfigFilePath": {"result": "Ok", "value": "/path/to/someconfig.yml"}}),
        ('"GetState"', {"GetState": {"result": "Ok", "value": "Running"}}),
    ):
        assert json.loads(fake.command(question)) == expected
    told = json.loads(fake.command('"GetConfigJson"'))["GetConfigJson"]
    assert told["result"] == "Ok"
    assert json.loads(told["value"]) == fake.active, "a text in a text"
    assert json.loads(FakeCamilla(None, path=None).command('"GetConfigFilePath"'))["GetConfigFilePath"]["value"] is None
    assert json.loads(FakeCamilla(None).command('"GetConfigJson"'))["GetConfigJson"]["value"] == "null"


def test_the_fake_merges_and_refuses_as_the_document_says() -> None:
    assert merged({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": None, "e": 4}, "f": {"g": None}}) == {
        "a": 1,
        "b": {"d": 3, "e": 4},
        "f": {},
    }
    fake = FakeCamilla(config())

    def sent(patch: Any) -> Any:
        result = json.loads(fake.command(json.dumps({"PatchConfig": patch})))["PatchConfig"]["result"]
        fake.settle()
        return result

    before = deepcopy(fake.active)
    peak = {"type": "Peaking", "freq": 100, "gain": 1, "q": 1}
    assert "ConfigReadError" in sent({"filters": {"main1": {"parameters": {"type": "Bell"}}}})
    assert "ConfigReadError" in sent({"filters": {"main1": {"parameters": {"gain": "loud"}}}})
    assert "ConfigReadError" in sent({"filters": {"main1": {"parametres": peak}}})
    assert "ConfigReadError" in sent({"filters": {"new": {"parameters": peak}}})
    assert "ConfigReadError" in sent({"filter": {}})
    assert "ConfigValidationError" in sent({"filters": {"main1": {"parameters": {"q": 0}}}})
    assert "ConfigValidationError" in sent({"filters": {"main1": {"parameters": {"freq": 24_000}}}})
    assert "ConfigValidationError" in sent({"filters": {"main1": None}})
    assert fake.active == before
    assert sent({"filters": {"main1": {"parameters": {"q": None, "bandwidth": 0.5}}}}) == "Ok"
    assert fake.band("main1") == {"type": "Peaking", "freq": 80.0, "gain": 0.0, "bandwidth": 0.5}
    assert "Invalid" in json.loads(fake.command('{"PatchConfiguration": {}}'))
    assert "Invalid" in json.loads(fake.command("nonsense"))
    assert "Invalid" in json.loads(FakeCamilla(config(), "3.0.1").command('{"PatchConfig": {}}'))
    assert "InvalidRequestError" in json.loads(FakeCamilla(None).command('{"PatchConfig": {}}'))["PatchConfig"]["result"]
    with pytest.raises(Unread):
        checked({"devices": {"samplerate": 48_000}, "pipelines": []})
    with pytest.raises(Invalid):
        checked({"devices": {"samplerate": 48_000}, "pipeline": [{"type": "Filter", "names": ["gone"]}]})
