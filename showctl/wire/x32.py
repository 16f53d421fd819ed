"""The equalisers of X32/M32 and X-Air/MR consoles: where their parameters are, in which scales and steps. PURE.

A console is asked and told by OSC over UDP. An equaliser has a switch and four parameters a band:

    /main/st/eq/on        0 or 1
    /main/st/eq/3/type    0 LCut 1 LShv 2 PEQ 3 VEQ 4 HShv 5 HCut, and crossovers above that on X32 main and matrix
    /main/st/eq/3/f       0..1 for 20 Hz..20 kHz, log(f / 20) / log(1000) in 201 steps
    /main/st/eq/3/g       0..1 for -15..+15 dB in steps of 0.25 dB
    /main/st/eq/3/q       0..1 for Q 10..0.3, log(10 / Q) / log(10 / 0.3) in 72 steps

On X-Air consoles main and buses have a `mode` besides, and their parametric bands are only in use while it is 0.
Sources: P. Maillot's unofficial X32/M32 OSC protocol (4.06), Behringer's list of X-Air OSC commands, and what the free X32
emulator answers. Consoles are known to round to their steps and the emulator does not, and neither can be trusted to refuse
what is out of range: what leaves here is on a step and within the limits.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from showctl.model import EqBand

Console: TypeAlias = Literal["x32", "xr18"]
Key: TypeAlias = Literal["type", "f", "g", "q"]
KEYS: tuple[Key, ...] = ("type", "f", "g", "q")
PORT: dict[Console, int] = {"x32": 10023, "xr18": 10024}

LOW_SHELF, PEAKING, HIGH_SHELF = 1, 2, 4
KIND: dict[int, Literal["peaking", "low_shelf", "high_shelf"]] = {
    LOW_SHELF: "low_shelf",
    PEAKING: "peaking",
    HIGH_SHELF: "high_shelf",
}
TYPE = {kind: number for number, kind in KIND.items()}
TYPE_NAMES = ("LCut", "LShv", "PEQ", "VEQ", "HShv", "HCut")
LAST_TYPE = 13  # LR24, the last crossover

LOW, HIGH = 20.0, 20_000.0  # Hz
GAIN = 15.0  # dB to either side
WIDEST, NARROWEST = 0.3, 10.0  # Q
STEPS: dict[Key, int] = {"f": 200, "g": 120, "q": 71}  # from 0 to 1
_DECADES, _FOLDS = math.log(HIGH / LOW), math.log(NARROWEST / WIDEST)

Raw: TypeAlias = tuple[int, float, float, float]  # type, f, g, q as the console has them


@dataclass(frozen=True, slots=True)
class Limits:
    """What is never gone beyond, whatever is asked for: lowest and highest."""

    gain: tuple[float, float] = (-12.0, 3.0)  # dB
    q: tuple[float, float] = (0.5, 8.0)
    freq: tuple[float, float] = (LOW, HIGH)  # Hz


@dataclass(frozen=True, slots=True)
class Equaliser:
    """One equaliser of a console, and the only addresses that are ever written to for it."""

    name: str  # as the venue file has it: "main", "mtx/1", "bus/3"
    prefix: str  # "/main/st/eq"
    bands: int
    has_mode: bool  # graphic instead of parametric where the console says so

    @property
    def switch(self) -> str:
        """The address of its switch."""
        return f"{self.prefix}/on"

    @property
    def mode(self) -> str:
        """The address of its mode; only where it has one."""
        return f"{self.prefix}/mode"

    def address(self, band: int, key: Key) -> str:
        """The address of a parameter; bands from 0."""
        if not 0 <= band < self.bands:
            raise ValueError(f"{self.name} has {self.bands} bands, and no band {band + 1}")
        return f"{self.prefix}/{band + 1}/{key}"


# What a venue file calls them: word -> (how many, address, bands, has a mode)
_PLACES: dict[Console, dict[str, tuple[int, str, int, bool]]] = {
    "x32": {
        "main": (0, "/main/st/eq", 6, False),
        "mono": (0, "/main/m/eq", 6, False),
        "mtx": (6, "/mtx/{:02d}/eq", 6, False),
        "bus": (16, "/bus/{:02d}/eq", 6, False),
        "ch": (32, "/ch/{:02d}/eq", 4, False),
    },
    "xr18": {
        "main": (0, "/lr/eq", 6, True),
        "bus": (6, "/bus/{:d}/eq", 6, True),
        "ch": (16, "/ch/{:02d}/eq", 4, False),
    },
}


def equaliser(console: Console, name: str) -> Equaliser:
    """What a venue file calls `main`, `mtx/1`, `bus/3`, `ch/12`. ValueError, in words, for what this console has not."""
    word, slash, number = name.partition("/")
    places = _PLACES[console]
    if word not in places:
        raise ValueError(f"`{name[:40]}` is no equaliser of this console: there are {words(console)}")
    count, prefix, bands, mode = places[word]
    if not count and not slash:
        return Equaliser(name, prefix, bands, mode)
    if not count or not re.fullmatch(r"[0-9]{1,2}", number) or not 1 <= int(number) <= count:
        span = f"`{word}/1` to `{word}/{count}`" if count else f"one `{word}`, without a number"
        raise ValueError(f"`{name[:40]}`: this console has {span}")
    return Equaliser(f"{word}/{int(number)}", prefix.format(int(number)), bands, mode)


def words(console: Console) -> str:
    """Every equaliser of a console as a venue file writes them, for messages."""
    return ", ".join(f"{word}/1 to {count}" if count else word for word, (count, *_) in _PLACES[console].items())


# --- bands <-> parameters --------------------------------------------------------------------------------------------


def parameters(band: EqBand, limits: Limits) -> Raw:
    """A band within the limits, on the console's steps; a step is taken towards the inside. ValueError for what is no number."""
    if not all(map(math.isfinite, (band.freq, band.gain, band.q))) or band.freq <= 0 or band.q <= 0:
        raise ValueError(f"{band} is no band: frequency and Q are above zero, and all of it is finite")
    return (
        TYPE[band.kind],
        _step("f", _f(band.freq), *sorted(map(_f, limits.freq))),
        _step("g", _g(band.gain), *sorted(map(_g, limits.gain))),
        _step("q", _q(band.q), *sorted(map(_q, limits.q))),
    )


def _f(freq: float) -> float:
    return math.log(min(max(freq, LOW), HIGH) / LOW) / _DECADES


def _g(gain: float) -> float:
    return (min(max(gain, -GAIN), GAIN) + GAIN) / (2 * GAIN)


def _q(q: float) -> float:
    return math.log(NARROWEST / min(max(q, WIDEST), NARROWEST)) / _FOLDS


def _step(key: Key, value: float, least: float, most: float) -> float:
    """The step nearest to a value of 0..1 that is not outside least..most. Where no step lies between, the nearest to them."""
    steps = STEPS[key]
    first, last = math.ceil(least * steps - 1e-9), math.floor(most * steps + 1e-9)
    return min(max(round(value * steps), first), max(first, last), steps) / steps


def band(raw: Raw) -> EqBand | None:
    """What these parameters sound like; None where the type is not one of ours (cuts, vintage, crossovers) or none at all."""
    kind = KIND.get(raw[0])
    if kind is None or not all(within(key, value) for key, value in zip(KEYS[1:], raw[1:], strict=True)):
        return None
    return EqBand(kind, *heard(raw))


def heard(raw: Raw) -> tuple[float, float, float]:
    """Hz, dB and Q of the parameters f, g and q, whatever the type; what is outside of the scale is at its end."""
    f, g, q = (min(max(value, 0.0), 1.0) if value == value else 0.5 for value in raw[1:])
    return LOW * math.exp(f * _DECADES), 2 * GAIN * g - GAIN, NARROWEST * math.exp(-q * _FOLDS)


def quantised(wanted: EqBand, limits: Limits) -> EqBand:
    """The band that the console will hold when it is sent this one."""
    held = band(parameters(wanted, limits))
    assert held is not None
    return held


def within(key: Key, value: float) -> bool:
    """Whether a console's value is one that the scale has."""
    return 0 <= value <= LAST_TYPE if key == "type" else 0.0 <= value <= 1.0


def stepped(key: str, value: float) -> float:
    """A value as it came, of 32 bits -> the step itself, where it is one."""
    steps = STEPS.get(key)  # type: ignore[call-overload]
    if steps is None or not -1.0 < value < 2.0:
        return value
    step: float = round(value * steps) / steps
    return step if abs(step - value) < 1e-6 else value


def alike(key: str, one: float, other: float) -> bool:
    """Whether two values of a parameter are the same step, or the same word."""
    return abs(one - other) <= 0.55 / STEPS[key] if key in STEPS else one == other
