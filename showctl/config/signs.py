"""The words of `gestures` and `bind`: how a gesture is known, what of a device moves a fader, when a binding is armed.

sign      movement   button   button 2   press   touch   event swipe_left   height above 0.8   roll below -90deg
motion    tilt of anna    roll of anna.left    value swell of ben         -> (kind, of, performer, where it is worn)
armed     clutch   operator   always   cue 5   cue 5-9   cue 5-9 of film   cue 5-9 for 30s      -> Window
extent    20deg   0.8   -90deg/s                                          -> number, in the unit of its kind
"""

from __future__ import annotations

import re
from typing import NamedTuple, get_args

from showctl.config.values import Bad, cue_number, did_you_mean, host_port, level, rate, seconds
from showctl.plan import ControlKind, Posture, Sign, SignKind, Window
from showctl.wire.places import canonical

KINDS: tuple[ControlKind, ...] = get_args(ControlKind)
SIGNS: tuple[SignKind, ...] = get_args(SignKind)
HELD_SO: dict[ControlKind, tuple[str, float]] = {"tilt": ("deg", 90.0), "roll": ("deg", 180.0), "height": ("", 1.0)}  # postures
UNITS: dict[ControlKind, tuple[str, float]] = {**HELD_SO, "energy": ("", 16.0), "yaw_rate": ("deg/s", 2000.0), "value": ("", 1e6)}
SHORTEST, LONGEST = 1.0, 3600.0  # s that a window is open
_NUMBER = r"-?[0-9]{1,7}(?:\.[0-9]{1,6})?"
_POSTURE = re.compile(r"([a-z_]+) +(above|below|between) +(\S+)(?: +and +(\S+))?")
_CUES = re.compile(r"cue +([0-9.]{1,8})(?: *- *([0-9.]{1,8}))?(?: +of +([\w-]{1,64}))?")
_NAMED = r"[^\s/]{1,64}"


class Motion(NamedTuple):
    """What of whose device moves a fader."""

    kind: ControlKind
    of: str  # of a value, its name
    performer: str
    worn: str = ""


def sign(text: str) -> Sign:
    """`movement`, `button 2`, `touch`, `event swipe`, `height above 0.8`; Bad with what to write instead."""
    word, _, rest = text.partition(" ")
    rest = rest.strip()
    if word in ("button", "press", "touch", "event") and (not rest or re.fullmatch(_NAMED, rest)):
        if word == "event" and not rest:
            raise Bad("E-sign", "which event? write `event` and what the device calls it: `event swipe_left`")
        return Sign(SIGNS[SIGNS.index(word)], rest)
    if text == "movement":
        return Sign()
    if match := _POSTURE.fullmatch(text):
        return _posture(text, match)
    near = "" if word in (*SIGNS, *HELD_SO) else did_you_mean(word, (*SIGNS[:-1], *HELD_SO))
    raise Bad("E-sign", f"`{text[:80]}`: write `movement`, `button 2`, `touch`, `event NAME` or `height above 0.8`{near}")


def _posture(text: str, match: re.Match[str]) -> Sign:
    kind = next((one for one in HELD_SO if one == match[1]), None)
    if kind is None:
        raise Bad("E-sign", f"`{text[:80]}`: a posture is a tilt, a roll or a height{did_you_mean(match[1], HELD_SO)}")
    if (match[2] == "between") != (match[4] is not None):
        raise Bad("E-sign", f"`{text[:80]}`: write `{kind} above X`, `{kind} below X` or `{kind} between X and Y`")
    most = HELD_SO[kind][1]
    first, second = extent(match[3], kind), extent(match[4], kind) if match[4] else 0.0
    low, high = {"above": (first, most), "below": (-most, first), "between": (first, second)}[match[2]]
    if not -most <= low < high <= most:
        raise Bad("E-range", f"`{text[:80]}`: a {kind} goes from {-most:g} to {most:g}, the lower one first")
    return Sign("posture", text, Posture(kind, low, high))


def extent(text: str, kind: ControlKind) -> float:
    """How far a kind of motion is, in its unit."""
    unit, most = UNITS[kind]
    match = re.fullmatch(rf"({_NUMBER}) ?(deg/s|deg)?", text)
    if not match or (match[2] or "") != unit:
        raise Bad("E-unit", f"`{text[:40]}`: a {kind} is written like `{'0.8' if not unit else f'30{unit}'}`")
    if abs(value := float(match[1])) > most:
        raise Bad("E-range", f"`{text[:40]}`: a {kind} goes from {-most:g}{unit} to {most:g}{unit}")
    return value


def motion(text: str) -> Motion:
    """`tilt of anna.left`, `value swell of ben`."""
    match = re.fullmatch(rf"([a-z_]+)(?: +({_NAMED}))? +of +([\w-]{{1,64}})(?:\.([\w-]{{1,64}}))?", text)
    kind = next((one for one in KINDS if match and one == match[1]), None)
    if not match or kind is None:
        near = did_you_mean(text.partition(" ")[0], KINDS)
        raise Bad("E-sign", f"`{text[:80]}`: write `tilt of anna` or `tilt of anna.left`; there are {', '.join(KINDS)}{near}")
    if (kind == "value") != bool(match[2]):
        raise Bad("E-sign", f"`{text[:80]}`: only a value has a name, `value swell of anna`, and it needs one")
    return Motion(kind, match[2] or "", match[3], match[4] or "")


def window(text: str) -> Window:
    """`clutch`, `operator for 30s`, `cue 5-9 of film`."""
    words, _, after = text.partition(" for ")
    words, limit = words.strip(), None
    if after:
        limit = seconds(after.strip())
        if not SHORTEST <= limit <= LONGEST:
            raise Bad("E-range", f"`{text[:80]}`: a window is open from {SHORTEST:g}s to an hour")
    if words == "operator":
        return Window("operator", seconds=limit)
    if words in ("clutch", "always"):
        if limit is not None:
            raise Bad("E-armed", f"`{text[:80]}`: `{words}` has no end of its own: write it without `for`")
        return Window("clutch" if words == "clutch" else "always")
    if match := _CUES.fullmatch(words):
        first = cue_number(match[1])
        last = cue_number(match[2]) if match[2] else first
        if last < first:
            raise Bad("E-armed", f"`{text[:80]}`: the lower cue comes first")
        return Window("cue", match[3] or "main", first, last, limit)
    near = did_you_mean(words.partition(" ")[0], ("clutch", "operator", "always", "cue"))
    raise Bad("E-armed", f"`{text[:80]}`: write `clutch`, `cue 5-9`, `cue 5-9 of LIST`, `operator` or `always`{near}")


def share(text: str) -> float:
    """`70%`, `full`, `out`; of a speed also `150%`."""
    return level(text) if text in ("full", "out") else rate(text)


def danger(text: str) -> str:
    """`true`, `false`, `pyro`, `flying` -> "", "danger" or "alone"."""
    if text not in ("true", "false", "pyro", "flying"):
        near = did_you_mean(text, ("true", "pyro", "flying"))
        raise Bad("E-choice", f"`{text[:40]}`: write `true`, or `pyro` or `flying` for what no gesture fires alone{near}")
    return {"true": "danger", "false": ""}.get(text, "alone")


def osc_address(text: str) -> str:
    """An address of OSC that is no pattern, and none of ours."""
    if not re.fullmatch(r"(/[^\s/#*,?\[\]{}]{1,64}){1,16}", text):
        raise Bad("E-osc", f"`{text[:80]}` is no address of OSC: write `/pad/1`, without `*`, `?` or brackets")
    if text.startswith("/showctl/"):
        raise Bad("E-osc", f"`{text[:80]}` has its meaning already, which is that of the dictionary: send it as it is")
    return text


def feedback_place(text: str) -> tuple[str, int]:
    """`9001` or `10.0.0.30:9001` -> (ip, port), the ip empty where it is the device's own."""
    if ":" in text:
        return host_port(text)
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        cure = "write the port that it listens on (`9001`), or `10.0.0.30:9001` where another does"
        raise Bad("E-address", f"`{text[:80]}`: {cure}")
    return "", int(text)


def device_address(text: str) -> str:
    """`10.0.0.21`, `10.0.0.21:9000`, `fd00::21`, `[fd00::21]:9000`, `mqtt:stick`, or what tells a device from its like in its
    own addresses."""
    if not re.fullmatch(r"[^\s/]{1,64}", text):
        raise Bad(
            "E-address", f"`{text[:80]}`: write where it sends from (`10.0.0.21`), or its own name as `gesture learn` shows it"
        )
    return canonical(text)
