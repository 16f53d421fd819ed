"""The equalisers in a filter-chain of PipeWire: what `pw-dump` tells of its node -> bands, bands -> what `pw-cli` is told. PURE.

A filter-chain shows the controls of its filters as the node's parameter `Props`, in pairs of a name and a number:

    main_peaking1:Freq 120.0 main_peaking1:Q 1.4 main_peaking1:Gain -3.0 ...

What kind of filter a name belongs to it does not show, and a high-pass has the same three controls. So the name must say it: the
equaliser `main` is the filters main_peaking1, main_peaking2, ..., each of the label bq_peaking, and nothing else is read or
written. These are the peaking filters of the Audio EQ Cookbook. The shelves of filter-chains have a slope of their own, which
differs from version to version: they are left to whoever wrote them there, and are heard as part of the room.

Numbers are Hz, dB and Q. Source: libpipewire-module-filter-chain and what pw-dump 0.3.65 prints.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from showctl.model import EqBand, WireError
from showctl.wire.checked import a_dict, a_list, a_number, a_text

LIMIT = 4_000_000  # bytes of what pw-dump may print
MOST_BANDS = 16  # more cost the loop tens of ms a second, which is what frames have
MOST = 20_000  # entries in one list
FREQ, GAIN, Q = (10.0, 22_000.0), 60.0, (0.05, 100.0)  # Hz, dB to either side: what is beyond is no peaking band
_JSON = json.JSONDecoder()
_CONTROL = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,63})_peaking([1-9][0-9]{0,2}):(Freq|Q|Gain)", re.ASCII)
_EQUALISER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_NODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}", re.ASCII)


def equaliser(name: str) -> str:
    """What a venue file calls one: what its filters' names begin with. ValueError, in words."""
    if not _EQUALISER.fullmatch(name) or "_peaking" in name:
        raise ValueError(f"`{name[:40]}` is no name of filters: `main` is the filters `main_peaking1`, `main_peaking2` and so on")
    return name


def node(name: str) -> str:
    """The name of a node, as `node.name` has it. ValueError, in words."""
    if not _NODE.fullmatch(name):
        raise ValueError(f"`{name[:40]}` is no name of a node: write what `node.name` of the filter-chain is")
    return name


@dataclass(frozen=True, slots=True)
class Node:
    """A filter-chain as it is now: its number, and of every equaliser that was asked for its bands, or in words why not."""

    id: int
    serial: int  # unlike the number, never that of another one
    equalisers: Mapping[str, tuple[EqBand, ...] | str]


def seen(text: str | bytes, node: str, names: Sequence[str]) -> Node:
    """What `pw-dump` says of a node and its equalisers. WireError in words where there is no such node, or it is nonsense."""
    found = [one for one in objects(text) if _is(one, node)]
    if len(found) != 1:
        raise WireError(f"there are {len(found)} nodes called `{node}`" if found else f"there is no node called `{node}`")
    serial = found[0]["info"]["props"].get("object.serial")
    if type(serial) is not int:
        raise WireError(f"the node `{node}` has no number")
    controls = _controls(found[0])
    return Node(found[0]["id"], serial, {name: _equaliser(name, controls) for name in names})


def objects(text: str | bytes) -> list[dict[str, Any]]:
    """What `pw-dump` tells of, each as it said last: where something comes or goes meanwhile it says more than one list, and of
    what has gone that its info is null. WireError for what it cannot have said."""
    if len(text) > LIMIT:
        raise WireError(f"pw-dump says more than {LIMIT} bytes")
    found: dict[int, dict[str, Any]] = {}
    try:
        rest = (text if isinstance(text, str) else text.decode()).lstrip()
        while rest:
            told, end = _JSON.raw_decode(rest)
            for one in map(a_dict, a_list(told, MOST)):
                if type(number := one.get("id")) is not int or not 0 <= number < 2**32:
                    raise WireError(f"something that pw-dump tells of has no number: {str(number)[:20]}")
                found[number] = one
            rest = rest[end:].lstrip()
    except (ValueError, RecursionError) as error:
        raise WireError(f"what pw-dump says is not JSON: {error}") from None
    return list(found.values())


def _is(one: dict[str, Any], node: str) -> bool:
    if one.get("type") != "PipeWire:Interface:Node" or not isinstance(info := one.get("info"), dict):
        return False
    return isinstance(props := info.get("props"), dict) and props.get("node.name") == node


def _controls(one: dict[str, Any]) -> dict[str, dict[int, dict[str, float]]]:
    """Of every equaliser the filters by number, and their controls."""
    params = one["info"].get("params")
    sets = params.get("Props", []) if isinstance(params, dict) else []
    found: dict[str, dict[int, dict[str, float]]] = {}
    for held in map(a_dict, a_list(sets, MOST)):
        pairs = a_list(held.get("params", []), MOST)
        for key, value in zip(pairs[::2], pairs[1::2], strict=False):
            if match := _CONTROL.fullmatch(a_text(key)):
                name, number, control = match.groups()
                found.setdefault(name, {}).setdefault(int(number), {})[control] = a_number(value)
    return found


def _equaliser(name: str, controls: dict[str, dict[int, dict[str, float]]]) -> tuple[EqBand, ...] | str:
    filters = controls.get(name, {})
    if not filters:
        return f"the node has no filter `{name}_peaking1`, so no equaliser `{name}`"
    if len(filters) > MOST_BANDS:
        return f"`{name}` has {len(filters)} filters: {MOST_BANDS} at most"
    bands = []
    for number in range(1, len(filters) + 1):
        word, held = f"{name}_peaking{number}", filters.get(number)
        if held is None:
            return f"the filter `{word}` is missing: they are counted from 1, without a gap"
        if len(held) < 3:
            return (
                f"`{word}` has no {', '.join(key for key in ('Freq', 'Q', 'Gain') if key not in held)}: is its label bq_peaking?"
            )
        band = EqBand("peaking", held["Freq"], held["Gain"], held["Q"])
        if not (FREQ[0] <= band.freq <= FREQ[1] and abs(band.gain) <= GAIN and Q[0] <= band.q <= Q[1]):
            text = f"`{word}` stands at {band.freq:g} Hz, {band.gain:g} dB, Q {band.q:g}, which is no band of an equaliser"
            return f'{text}: write `control = {{ "Freq" = 1000 "Q" = 1 "Gain" = 0 }}` to it'
        bands.append(band)
    return tuple(bands)


def props(name: str, bands: Mapping[int, EqBand]) -> str:
    """What `pw-cli set-param NODE Props` is told for bands (from 0) of an equaliser. ValueError for what is no peaking band."""
    words = []
    for index, band in sorted(bands.items()):
        if band.kind != "peaking":
            raise ValueError(f"the filters of `{name}` are peaking, and no {band.kind}")
        values = (("Freq", band.freq), ("Q", band.q), ("Gain", band.gain))
        words += [f'"{name}_peaking{index + 1}:{key}" {value:.6f}' for key, value in values]
    return f"{{ params = [ {' '.join(words)} ] }}"
