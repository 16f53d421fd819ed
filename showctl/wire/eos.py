"""The OSC dialect of Eos consoles, so that layouts and buttons made for one (TouchOSC, Companion) work here: what they ask for,
and what a console tells them. PURE: messages in, controls and messages out.

Source: ETC's Eos Family Show Control guide (OSC) as its users quote it; which of its messages matter was taken from what
Bitfocus Companion's module for Eos sends and reads. Eos calls things by number, we by name: lists, submasters and groups count
from 1 in the order of the files (a list that is called by a number keeps it), channel N is the Nth fixture of the patch.

    /eos/key/go_0  stop  blackout           buttons: without an argument or with one above 0; 0 lets go. They mean list 1.
             go_main_cuelist  stop_back_main_cuelist   the same by their newer names, in capitals or not
    /eos/cue/LIST/CUE/fire  cue/CUE/fire    GO where that cue is the next one, GOTO in its own times where it is not
    /eos/sub/N 0..1   sub/N/full  out       submaster;  sub/N/fire 1|0 its flash button, without an argument down and up
    /eos/fader/BANK/N 0..1                  fader N of every bank is submaster N;  fader/BANK/config COUNT tells names and levels
    /eos/chan/N 0..100   chan/N/full  out   held by hand, and group/N the same
    /eos/ping  reset  subscribe  user  get/version  get/TYPE/count  get/TYPE/index I

Stop is Stop/Back as on the desk: it pauses what fades, and goes back where nothing does. What is not in this list is refused
and counted, the command line (`/eos/cmd`) too: it would need the syntax of a whole console.

Told: active, pending and previous cue as `/eos/out/active/cue/LIST/CUE` (0..1, how far its fades are), `.../cue/text`
("1/2.5 Verse 5.0 75%"), the show's name, cues and flash buttons as events. Of lists, "the" active one is that which moved last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from showctl.model import (
    Back,
    Blackout,
    ControlEvent,
    Flash,
    Go,
    Goto,
    Hold,
    ListState,
    Pause,
    PlaybackState,
    SetMaster,
)
from showctl.plan import Category, CueList, Plan
from showctl.wire.osc import Message, Value, encode
from showctl.wire.osc_arguments import Refusal

Controls = tuple[ControlEvent, ...]
Told = list[bytes]
VERSION = "showctl"  # a name, not a number: whoever asks for the version of an Eos should not take us for one
# What a console counts; of most of them we have none.
OURS = ("cuelist", "sub", "group", "patch", "cue")
TYPES = (*OURS, "preset", "ip", "fp", "cp", "bp", "macro", "fx", "snap", "pixmap", "ms", "curve")
UNHEARD = frozenset({"user", "subscribe"})  # asked of every console at the start, and nothing to do


@dataclass(frozen=True, slots=True)
class Desk:
    """What the numbers of the dialect mean in one show."""

    show: str
    lists: tuple[tuple[str, CueList], ...]  # number as text, list
    submasters: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]  # name, keys of its intensities
    channels: tuple[tuple[str, tuple[str, ...]], ...]  # fixture, keys of its intensities

    @staticmethod
    def of(plan: Plan) -> Desk:
        """The desk of a plan."""

        def keys(parameters: tuple[int, ...]) -> tuple[str, ...]:
            return tuple(p.key for p in (plan.parameters[i] for i in parameters) if p.category is Category.INTENSITY)

        own = {one.name for one in plan.lists if one.name.isdecimal()}
        free = (str(n) for n in range(1, 10_000) if str(n) not in own)
        return Desk(
            plan.show,
            tuple((one.name if one.name in own else next(free), one) for one in plan.lists),
            tuple(one.name for one in plan.submasters),
            tuple((g.name, tuple(key for element in g.elements for key in keys(element))) for g in plan.groups),
            tuple((one.name, keys(one.parameters)) for one in plan.fixtures),
        )

    def list(self, number: str) -> CueList | None:
        """The list of this number."""
        return dict(self.lists).get(number)


# --- what is asked for -----------------------------------------------------------------------------------------------


def asked(message: Message, desk: Desk, playback: PlaybackState | None, time: float, source: str) -> Controls | Refusal:
    """What a message of the dialect asks of the show at `time` (s); () for a button that was let go, or nothing to do."""
    try:
        return _asked(message, desk, playback, time, source)
    except _RefusedError as refused:
        return refused.refusal


class _RefusedError(Exception):
    """Carries a Refusal out of the rules below; never leaves this module."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def _asked(message: Message, desk: Desk, playback: PlaybackState | None, time: float, source: str) -> Controls:
    match message.address.split("/")[2:]:
        case ["key", key]:
            return _key(key.lower(), desk, playback, time, source) if _pressed(message) else ()
        case ["cue", number, "fire"]:
            return _fire("1", number, desk, playback, time, source) if _pressed(message) else ()
        case ["cue", of, number, "fire"]:
            return _fire(of, number, desk, playback, time, source) if _pressed(message) else ()
        case ["sub", number, "fire"]:
            return _flash(_submaster(desk, number), message, time, source)
        case ["sub", number, word] if word in WORDS:
            return (SetMaster(time=time, source=source, level=WORDS[word], submaster=_submaster(desk, number)),)
        case ["sub", number] | ["fader", _, number]:
            return (SetMaster(time=time, source=source, level=_level(message, 1.0), submaster=_submaster(desk, number)),)
        case ["chan" | "group" as what, number, word] if word in WORDS:
            return _hold(what, number, WORDS[word], desk, time, source)
        case ["chan" | "group" as what, number]:
            return _hold(what, number, _level(message, 100.0), desk, time, source)
        case [word] if word in UNHEARD:
            return ()
    raise _RefusedError(Refusal.ADDRESS)


WORDS = {"full": 1.0, "max": 1.0, "out": 0.0, "min": 0.0}


def _key(key: str, desk: Desk, playback: PlaybackState | None, time: float, source: str) -> Controls:
    if key == "blackout":
        return (Blackout(time=time, source=source, on=playback is None or not playback.blackout),)
    if not desk.lists:
        raise _RefusedError(Refusal.LIST)
    name = desk.lists[0][1].name
    if key in ("go_0", "go", "go_main_cuelist"):
        return (Go(time=time, source=source, list=name),)
    if key in ("stop", "stop_back_main_cuelist"):
        fading = (standing := _standing(playback, name)) is not None and standing.state == "fading"
        return (Pause(time=time, source=source, list=name) if fading else Back(time=time, source=source, list=name),)
    raise _RefusedError(Refusal.ADDRESS)


def _fire(of: str, number: str, desk: Desk, playback: PlaybackState | None, time: float, source: str) -> Controls:
    found = desk.list(of)
    if found is None:
        raise _RefusedError(Refusal.LIST)
    standing = _standing(playback, found.name)
    if standing is not None and standing.pending == number and standing.state != "paused":
        return (Go(time=time, source=source, list=found.name),)
    return (Goto(time=time, source=source, cue=number, list=found.name, own_times=True),)


def _flash(name: str, message: Message, time: float, source: str) -> Controls:
    down = Flash(time=time, source=source, submaster=name, on=True)
    up = Flash(time=time, source=source, submaster=name, on=False)
    if not message.arguments:
        return (down, up)
    return (down,) if _pressed(message) else (up,)


def _hold(what: str, number: str, level: float, desk: Desk, time: float, source: str) -> Controls:
    known = desk.channels if what == "chan" else desk.groups
    at = _index(number, len(known))
    if at is None or not known[at][1]:
        raise _RefusedError(Refusal.RANGE)
    return (Hold(time=time, source=source, values=tuple((key, level) for key in known[at][1])),)


def _submaster(desk: Desk, number: str) -> str:
    if (at := _index(number, len(desk.submasters))) is None:
        raise _RefusedError(Refusal.SUBMASTER)
    return desk.submasters[at]


def _index(number: str, count: int) -> int | None:
    """From "1" on to 0 on."""
    return int(number) - 1 if number.isdecimal() and len(number) < 6 and 1 <= int(number) <= count else None


def _pressed(message: Message) -> bool:
    if not message.arguments:
        return True
    return _number(message.arguments[0]) > 0.0


def _level(message: Message, full: float) -> float:
    if not message.arguments:
        raise _RefusedError(Refusal.MISSING)
    level = _number(message.arguments[0]) / full
    if not 0.0 <= level <= 1.0:
        raise _RefusedError(Refusal.RANGE)
    return level


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _RefusedError(Refusal.TYPE)
    if not math.isfinite(value):
        raise _RefusedError(Refusal.RANGE)
    return float(value)


def _standing(playback: PlaybackState | None, name: str) -> ListState | None:
    return None if playback is None else next((one for one in playback.lists if one.name == name), None)


# --- what is told ----------------------------------------------------------------------------------------------------


class Feedback:
    """What one listener was told, so that it is told only what is new. Bounded by the show."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._banks: dict[str, int] = {}  # bank -> faders it shows
        self._last: dict[str, tuple[Value, ...]] = {}
        self._fired: dict[str, tuple[str, float]] = {}
        self._flashed: frozenset[str] | None = None

    def reset(self, desk: Desk) -> None:
        """Tell everything anew: somebody asked for it, or the show is another."""
        self._desk, self._last = desk, {}

    def tell(self, playback: PlaybackState | None, now: float) -> Told:
        """What is new at show time `now` (s)."""
        if playback is None:
            return []
        state = dict(self._state(playback, now))
        news = [encode(address, *values) for address, values in state.items() if self._last.get(address) != values]
        news += self._events(playback)
        self._last = state
        return news

    def _state(self, playback: PlaybackState, now: float) -> Iterator[tuple[str, tuple[Value, ...]]]:
        yield "/eos/out/show/name", (self._desk.show,)
        standing = max(playback.lists, key=lambda one: one.started, default=None)
        number, found = next(((n, one) for n, one in self._desk.lists if standing and one.name == standing.name), ("", None))
        if standing is None or found is None:
            return
        done = _done(standing, now)
        at = next((i for i, cue in enumerate(found.cues) if _text(cue.number) == standing.current), None)
        yield from self._cue("active", number, found, at, done, standing)
        pending = next((i for i, cue in enumerate(found.cues) if _text(cue.number) == standing.pending), None)
        yield from self._cue("pending", number, found, pending, None, standing)
        yield from self._cue("previous", number, found, at - 1 if at else None, None, standing)
        for bank, count in self._banks.items():
            for i, name in enumerate(self._desk.submasters[:count], 1):
                yield f"/eos/out/fader/{bank}/{i}/name", (name,)
                yield f"/eos/fader/{bank}/{i}", (float(dict(playback.submasters).get(name, 0.0)),)

    def _cue(
        self, which: str, number: str, found: CueList, at: int | None, done: float | None, standing: ListState
    ) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """The three messages that say which cue is active, pending or previous."""
        base = f"/eos/out/{which}/cue"
        if at is None:
            yield base, ()
            yield f"{base}/text", ("",)
            return
        cue = found.cues[at]
        length = standing.ends - standing.started if done is not None else _seconds(found, at)
        words = [f"{number}/{_text(cue.number)}", *cue.name.split(), f"{length:.1f}"]
        if done is None:
            yield f"{base}/{number}/{_text(cue.number)}", ()
        else:
            yield base, (done,)
            yield f"{base}/{number}/{_text(cue.number)}", (done,)
            words.append(f"{done:.0%}")
        yield f"{base}/text", (" ".join(words),)

    def _events(self, playback: PlaybackState) -> Told:
        """Cues that fired and flash buttons that moved since the last look."""
        numbers = {one.name: number for number, one in self._desk.lists}
        fired = {one.name: (one.current, one.started) for one in playback.lists if one.name in numbers}
        told = [
            encode(f"/eos/out/event/cue/{numbers[name]}/{cue}/fire")
            for name, (cue, started) in fired.items()
            if self._fired and self._fired.get(name) != (cue, started)
        ]
        self._fired = fired
        flashed = frozenset(playback.flashed)
        for i, name in enumerate(self._desk.submasters, 1):
            if self._flashed is not None and (name in flashed) != (name in self._flashed):
                told.append(encode(f"/eos/out/event/sub/{i}", int(name in flashed)))
        self._flashed = flashed
        return told

    def answer(self, message: Message) -> Told | None:
        """The answer to a question; None where the message is none."""
        match message.address.split("/")[2:]:
            case ["ping"]:
                return [encode("/eos/out/ping", *message.arguments, tags=message.tags)]
            case ["reset"]:
                self._last = {}
                return []
            case ["get", "version"]:
                return [encode("/eos/out/get/version", VERSION, "", 0)]
            case ["get", kind, "count"] if kind in TYPES:
                return [encode(f"/eos/out/get/{kind}/count", len(self._labels(kind)))]
            case ["get", "cue", number, "count"]:
                found = self._desk.list(number)
                return [encode(f"/eos/out/get/cue/{number}/count", len(found.cues) if found else 0)]
            case ["get", "cue", number, "index"]:
                return self._cue_at(number, message)
            case ["get", kind, "index"] if kind in TYPES:
                return self._item(kind, _whole(message))
            case ["get", kind, number] if kind in TYPES and number.isdecimal() and len(number) < 6:
                return self._item(kind, int(number) - 1)
            case ["fader", bank, "config", count] if bank.isdecimal() and count.isdecimal() and len(bank + count) < 6:
                return self._bank(bank, int(count))
            case ["fader", bank, "config"] if bank.isdecimal() and len(bank) < 4:
                return self._bank(bank, _whole(message) or 0)
        return None

    def _bank(self, bank: str, count: int) -> Told:
        if len(self._banks) < 16:
            self._banks[bank] = min(count, 100)
        return []

    def _labels(self, kind: str) -> tuple[str, ...]:
        if kind == "cuelist":
            return tuple(one.name for _, one in self._desk.lists)
        if kind == "patch":
            return tuple(name for name, _ in self._desk.channels)
        known = {"sub": self._desk.submasters, "group": tuple(name for name, _ in self._desk.groups)}
        return known.get(kind, ())

    def _item(self, kind: str, at: int | None) -> Told:
        """A thing by its index: index, uid and label, as consoles begin their answers."""
        labels = self._labels(kind)
        if at is None or not 0 <= at < len(labels):
            return []
        number = self._desk.lists[at][0] if kind == "cuelist" else str(at + 1)
        return [encode(f"/eos/out/get/{kind}/{number}/list/0/3", at, f"{kind}-{number}", labels[at])]

    def _cue_at(self, number: str, message: Message) -> Told:
        found, at = self._desk.list(number), _whole(message)
        if found is None or at is None or not 0 <= at < len(found.cues):
            return []
        cue = found.cues[at]
        base = f"/eos/out/get/cue/{number}/{_text(cue.number)}/0"
        return [encode(f"{base}/list/0/4", at, f"cue-{number}-{_text(cue.number)}", cue.name, int(1000 * _seconds(found, at)))]


def _whole(message: Message) -> int | None:
    value = message.arguments[0] if message.arguments else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value)


def _done(standing: ListState, now: float) -> float:
    """0..1, how far the fades of the active cue are, in hundredths: told once for each."""
    if standing.ends <= standing.started or now >= standing.ends:
        return 1.0
    return math.floor(100 * max(0.0, (now - standing.started) / (standing.ends - standing.started))) / 100


def _seconds(found: CueList, at: int) -> float:
    """How long a cue takes by its file, beats at 120 a minute."""
    units = {"s": 1.0, "beat": 0.5, "bar": 2.0}
    spans = ((max(m.up, m.down, key=lambda s: s.amount * units[s.unit]), m.delay) for m in found.cues[at].moves)
    return max((fade.amount * units[fade.unit] + delay.amount * units[delay.unit] for fade, delay in spans), default=0.0)


def _text(number: object) -> str:
    """A cue number as the page and the state write it."""
    return f"{number:f}"
