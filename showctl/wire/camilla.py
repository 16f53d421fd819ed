"""The equalisers in a configuration of CamillaDSP: what its websocket says -> bands, bands -> what it is told. PURE.

A command is a word, or a word and its argument; the answer names the command, says whether it was done, and has what was asked
for. They are texts of JSON, one answer to each command and in their order:

    -> "GetVersion"
    <- {"GetVersion": {"result": "Ok", "value": "4.1.3"}}
    -> {"PatchConfig": {"filters": {"main1": {"parameters": {"type": "Peaking", "freq": 120, "gain": -3, "q": 1.4}}}}}
    <- {"PatchConfig": {"result": {"ConfigValidationError": "Q must be > 0"}}}

The equaliser `main` is the filters main1, main2, ... of its configuration (or main_1, main-1, `main 1`), from 1 and without a
gap, each a Biquad of the type Peaking, Lowshelf or Highshelf whose width is a `q`, and each in one step of the pipeline. Nothing
else is read, and nothing else is ever in a patch. CamillaDSP takes patches from version 4.0 on; it swaps the filters at once, so
what it is told goes in small steps (`polled`). Its biquads are those of the Audio EQ Cookbook.

Freq in Hz, gain in dB. Sources: websocket.md and README.md of CamillaDSP 4.1, its change log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from showctl.model import EqBand, WireError
from showctl.wire.checked import a_dict, a_list, a_number, a_text, an_object

LIMIT = 1 << 18  # characters of an answer: coefficients of long filters belong into files
PORT = 1234  # that its documents have in every example; there is no usual one
MOST_BANDS = 16  # more cost the loop tens of ms a second, which is what frames have
MOST = 1000  # entries in a list
LEAST_VERSION = (4, 0)  # the first that takes a patch
LEAST_RATE = 44_100  # Hz: below it no band can be at 20 kHz
KINDS: dict[str, Literal["peaking", "low_shelf", "high_shelf"]] = {
    "Peaking": "peaking",
    "Lowshelf": "low_shelf",
    "Highshelf": "high_shelf",
}
TYPES = {kind: word for word, kind in KINDS.items()}
FREQ, GAIN, Q = (1.0, 22_050.0), 60.0, (0.01, 100.0)  # Hz, dB to either side: what is beyond is no band of an equaliser
_EQUALISER = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _-]{0,62}[A-Za-z])?", re.ASCII)
_FILTER = re.compile(r"(.{1,64}?)[ _-]?([1-9][0-9]{0,2})", re.ASCII | re.DOTALL)
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?![0-9])[0-9A-Za-z.+-]{0,40}", re.ASCII)


def equaliser(name: str) -> str:
    """What a venue file calls one: what its filters' names begin with. ValueError, in words."""
    if not _EQUALISER.fullmatch(name):
        text = f"`{name[:40]}` is no name of filters: `main` is the filters `main1`, `main2` and so on of the configuration"
        raise ValueError(f"{text}; it begins and ends with a letter")
    return name


# --- commands and answers --------------------------------------------------------------------------------------------


def command(word: str, argument: object = None) -> str:
    """What is sent."""
    return json.dumps(word if argument is None else {word: argument}, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command."""

    command: str  # "Invalid" where it is not known to that version
    error: str  # empty where it was done: the error's name, and what it says
    value: Any = None


def answer(text: str) -> Answer:
    """What was said. Raises WireError."""
    said = an_object(text, LIMIT)
    if len(said) != 1:
        raise WireError("an answer is of one command")
    ((word, body),) = said.items()
    body = a_dict(body)
    if word == "Invalid":
        return Answer(word, a_text(body.get("error")))
    result = body.get("result")
    if isinstance(result, dict):
        if len(result) != 1:
            raise WireError("an error has one name")
        ((error, why),) = result.items()
        return Answer(word, f"{error}: {a_text(why)}")
    return Answer(word, "" if a_text(result) == "Ok" else a_text(result), body.get("value"))


def version(value: object) -> tuple[str, tuple[int, int]]:
    """`4.1.3` -> the same, and what counts of it."""
    text = a_text(value)
    if (match := _VERSION.fullmatch(text)) is None:
        raise WireError(f"`{text[:40]}` is no version")
    return text, (int(match[1]), int(match[2]))


def patch(bands: Mapping[str, EqBand]) -> str:
    """The command that makes filters these bands, and changes nothing else."""
    filters = {
        name: {"parameters": {"type": TYPES[band.kind], "freq": band.freq, "gain": band.gain, "q": band.q}}
        for name, band in bands.items()
    }
    return command("PatchConfig", {"filters": filters})


# --- its configuration -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chain:
    """An equaliser of a configuration: its filters in their order."""

    filters: tuple[str, ...]
    bands: tuple[EqBand, ...]


def configuration(value: object) -> dict[str, Any] | None:
    """What `GetConfigJson` says: text in a text. None where nothing is configured. Raises WireError."""
    text = a_text(value)
    return None if text == "null" else an_object(text, LIMIT)


def chain(config: dict[str, Any], name: str) -> Chain | str:
    """An equaliser of a configuration, or in words what is to be done that it has one. WireError for what is none."""
    rate = a_number(a_dict(config.get("devices")).get("samplerate"))
    if rate < LEAST_RATE:
        return f"its samplerate is {rate:g}: an equaliser up to 20 kHz needs {LEAST_RATE} or more"
    filters = _filters(config, name)
    if isinstance(filters, str):
        return filters
    bands = []
    for word, held in filters.items():
        if isinstance(band := _band(word, held), str):
            return band
        bands.append(band)
    return _unheard(config, tuple(filters)) or Chain(tuple(filters), tuple(bands))


def _filters(config: dict[str, Any], name: str) -> dict[str, Any] | str:
    """The filters of an equaliser, from the first to the last."""
    held = a_dict(config.get("filters") or {})
    numbered: dict[int, str] = {}
    for word in held:
        if (match := _FILTER.fullmatch(word)) is None or match[1] != name:
            continue
        if (other := numbered.setdefault(int(match[2]), word)) != word:
            return f"the filters `{other}` and `{word}` have the same number: each band has one of its own"
    if not numbered:
        return f"it has no filter `{name}1`: an equaliser `{name}` is the filters `{name}1`, `{name}2` and so on"
    if len(numbered) > MOST_BANDS:
        return f"`{name}` has {len(numbered)} filters: {MOST_BANDS} at most"
    if gap := next((number for number in range(1, len(numbered) + 1) if number not in numbered), None):
        return f"the filter `{name}{gap}` is missing: they are counted from 1, without a gap"
    return {word: held[word] for _, word in sorted(numbered.items())}


def _band(word: str, held: Any) -> EqBand | str:
    held = a_dict(held)
    given = a_dict(held.get("parameters") or {})
    kind = KINDS.get(str(given.get("type"))) if held.get("type") == "Biquad" else None
    if kind is None:
        what = given.get("type") if held.get("type") == "Biquad" else held.get("type")
        return f"`{word}` is a {str(what)[:40]}: a band is a Biquad of the type Peaking, Lowshelf or Highshelf"
    if given.get("q") is None:
        return f"`{word}` has no `q`: write its width as `q`, not as bandwidth or slope"
    freq, gain, q = (a_number(given.get(key)) for key in ("freq", "gain", "q"))
    if not (FREQ[0] <= freq <= FREQ[1] and abs(gain) <= GAIN and Q[0] <= q <= Q[1]):
        return f"`{word}` stands at {freq:g} Hz, {gain:g} dB, Q {q:g}, which is no band of an equaliser"
    return EqBand(kind, freq, gain, q)


def _unheard(config: dict[str, Any], filters: tuple[str, ...]) -> str:
    """Why filters are no equaliser although they are there: not heard, heard twice, or not by the same channels."""
    steps: dict[str, list[tuple[int, ...] | None]] = {word: [] for word in filters}
    for step in map(a_dict, a_list(config.get("pipeline") or [], MOST)):
        if step.get("type") != "Filter" or step.get("bypassed"):
            continue
        channels = step.get("channels")
        at = None if channels is None else tuple(sorted(int(a_number(one)) for one in a_list(channels, MOST)))
        for word in map(a_text, a_list(step.get("names") or [], MOST)):
            if word in steps and at != ():
                steps[word].append(at)
    for word, found in steps.items():
        if not found:
            return f"`{word}` is in no step of the pipeline that is heard: add it to `names` of a Filter step"
        if len(found) > 1:
            return f"`{word}` is in the pipeline twice, where it may count twice: one step with all of its channels is enough"
        if found != steps[filters[0]]:
            return f"`{word}` is for other channels than `{filters[0]}`: the bands of an equaliser are for the same"
    return ""
