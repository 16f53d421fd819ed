"""What the pads and faders of a MIDI desk mean: the map of a venue file, in the words of the OSC dictionary. PURE.

    note 36: go            cc 20: sub front       program 3: goto 3       pitch: house
    note 37: list probe back                      note 40: flash blinder  note 41: set wash colour blood

The right side is an address of `wire.osc_dictionary` in words, `go` for /showctl/go, and means exactly what that means: there
is one vocabulary. What is written behind it (`goto 3`, `rate 0.5`, `track volume 50%`) is its argument. There are four ways:

    fires       go, goto 3, tap ...      when it is pressed
    turns over  blackout, beat lock      pressed once it is on, pressed again it is off, as the key of a console
    holds       flash NAME, identify X   as long as it is down; also let go when the device is pulled out
    follows     gm, house, sub NAME, set TARGET WHAT, track volume   a fader, 0 to 1

A note is pressed with a velocity above 0. A controller can be all four: as a button it is down from 64 up (so MIDI has it) and
fires when it gets there, so that a button that sends 127 and 0 fires once. A program only fires or turns over, and the pitch
wheel only follows. The rate of a list has no fader: none of its 128 places would be exactly 1.

Soft takeover: a fader that stands elsewhere than the level does not make it jump. It takes over where it meets the level,
within REACH or by passing it, and loses it again when somebody else moves the level. What it asked for itself is seen a tick
later, so the levels of the last UNDER_WAY_S are taken for its own. A hold that nobody holds yet has no level to meet: it is
taken at once.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from showctl.model import ControlEvent, Hold, Park, PlaybackState, SetHouse, SetMaster, TrackVolume
from showctl.wire import midi
from showctl.wire.osc import Message, Value
from showctl.wire.osc_arguments import CUE_NUMBER, Refusal
from showctl.wire.osc_dictionary import (
    BEAT_TRIGGERS,
    FASTEST,
    GESTURE_TRIGGERS,
    LIST_TRIGGERS,
    LONGEST_FADE,
    LONGEST_TRACK,
    MOST_BARS,
    MOST_NUDGE_MS,
    TRACK_RATES,
    TRACK_TRIGGERS,
    TRIGGERS,
    Vocabulary,
    control,
)

REACH = 1.5 / midi.HIGHEST  # of the level: so near a fader has met it
UNDER_WAY_S, REMEMBERED = 0.2, 64  # so long, and so many, levels of its own may be on their way to the state of the show
BY_NAME = ("list", "goto", "rate", "sub", "flash", "identify", "check", "set", "park", "unpark")
VERBS = (
    *LIST_TRIGGERS,
    *TRIGGERS,
    *BY_NAME,
    "beat",
    "reload",
    "blackout",
    "gm",
    "house",
    "track",
    "gesture",
)  # what an entry begins with
_NUMBERED = re.compile(r"(note|cc|program) +([0-9]{1,3})")
_NUDGE = re.compile(r"-?[0-9]{1,4}(\.[0-9]{1,3})?")
_RATE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3})?")
_SECONDS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,3})?")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9])?)%")
_ADDRESS = re.compile(r"[0-9]+/[0-9]+")

Kind: TypeAlias = Literal["note", "cc", "program", "pitch"]


@dataclass(frozen=True, slots=True)
class Knob:
    """A place on the desk. The pitch wheel is number 0."""

    kind: Kind
    number: int = 0

    def __str__(self) -> str:
        return self.kind if self.kind == "pitch" else f"{self.kind} {self.number}"


class Way(StrEnum):
    """How a word is played."""

    FIRES = "fires"
    TURNS = "turns over"
    HOLDS = "holds"
    FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class Deed:
    """What an entry asks for: an OSC message, whose last argument is the switch or the level where it holds or follows."""

    way: Way
    address: str
    arguments: tuple[Value, ...] = ()

    def message(self, *more: Value) -> Message:
        """The message that says it."""
        return Message(self.address, (*self.arguments, *more))


FITS: dict[Kind, frozenset[Way]] = {
    "note": frozenset({Way.FIRES, Way.TURNS, Way.HOLDS}),
    "cc": frozenset(Way),
    "program": frozenset({Way.FIRES, Way.TURNS}),
    "pitch": frozenset({Way.FOLLOWS}),
}


# --- what is written -------------------------------------------------------------------------------------------------


def knob(text: str) -> Knob:
    """`note 36`, `cc 7`, `program 3`, `pitch`. Raises ValueError with what to write instead."""
    if text == "pitch":
        return Knob("pitch")
    found = _NUMBERED.fullmatch(text)
    if not found or int(found[2]) > midi.HIGHEST:
        raise ValueError(f"`{text[:80]}`: write `note 36`, `cc 7`, `program 3` (0 to 127, as MIDI counts) or `pitch`")
    kind: Kind = "note" if found[1] == "note" else "cc" if found[1] == "cc" else "program"
    return Knob(kind, int(found[2]))


def deed(text: str) -> Deed:
    """Words of the dictionary. Raises ValueError with what is missing; names are not looked at."""
    match text.split():
        case ["list" | "sub" | "flash" | "identify" as word, name, *_] if "/" in name:
            raise ValueError(f"`{text[:80]}`: `{name[:40]}` is no name: write one after `{word}`, without `/`")
        case ["list", name, *words]:
            return _of_list(text, words, f"/showctl/list/{name}")
        case [word] if word in TRIGGERS:
            return Deed(Way.FIRES, f"/showctl/{word}")
        case ["reload", *rest] if rest in ([], ["force"], ["undo"]):
            return Deed(Way.FIRES, "/".join(("/showctl/reload", *rest)))
        case ["beat", word] if word in BEAT_TRIGGERS:
            return Deed(Way.FIRES, f"/showctl/beat/{word}")
        case ["beat", "nudge", ms] if _NUDGE.fullmatch(ms) and abs(float(ms)) <= MOST_NUDGE_MS:
            return Deed(Way.FIRES, "/showctl/beat/nudge", (float(ms),))
        case ["beat", "nudge", *_]:
            raise ValueError(
                f"`{text[:80]}`: write by how many milliseconds the beat comes later: `beat nudge 10`, `beat nudge -10`"
            )
        case ["beat", "lock"]:
            return Deed(Way.TURNS, "/showctl/beat/lock")
        case ["gesture", word, *performer] if word in GESTURE_TRIGGERS and len(performer) < 2:
            return Deed(Way.FIRES, f"/showctl/gesture/{word}", tuple(performer))
        case ["gesture", *_]:
            raise ValueError(
                f"`{text[:80]}`: write `gesture arm`, `gesture disarm`, `gesture confirm` or `gesture zero`, whose if not all"
            )
        case ["track", *rest]:
            return _of_tracks(text, rest)
        case ["blackout"]:
            return Deed(Way.TURNS, "/showctl/blackout")
        case ["gm" | "house" as word]:
            return Deed(Way.FOLLOWS, f"/showctl/{word}")
        case ["sub", name]:
            return Deed(Way.FOLLOWS, f"/showctl/sub/{name}")
        case ["flash" | "identify" as word, name]:
            return Deed(Way.HOLDS, f"/showctl/{word}/{name}")
        case ["check", ("1" | "-1" | "0") as step]:
            return Deed(Way.FIRES, "/showctl/check", (int(step),))
        case ["release", "hands", *rest]:
            return Deed(Way.FIRES, "/showctl/release/hands", (" ".join(rest),) if rest else ())
        case ["unpark", *rest]:
            return Deed(Way.FIRES, "/showctl/unpark", (" ".join(rest),) if rest else ())
        case ["set" | "park" as word, *rest] if rest:
            return _by_hand(word, rest)
        case words:
            return _of_list(text, words, "/showctl")


def _of_tracks(text: str, words: list[str]) -> Deed:
    base = "/showctl/track"
    match words:
        case ["volume"]:
            return Deed(Way.FOLLOWS, f"{base}/volume")
        case ["volume", said] if (percent := _PERCENT.fullmatch(said)) and float(percent[1]) <= 100.0:
            return Deed(Way.FIRES, f"{base}/volume", (float(percent[1]) / 100.0,))
        case [word] if word in TRACK_TRIGGERS or word == "play":
            return Deed(Way.FIRES, f"{base}/{word}")
        case ["next", "beat" | "bar" as on]:
            return Deed(Way.FIRES, f"{base}/next/{on}")
        case ["play", name, "beat" | "bar" as on] if "/" not in name:
            return Deed(Way.FIRES, f"{base}/play/{name}/{on}")
        case ["play", name]:
            return Deed(Way.FIRES, f"{base}/play", (name,))
        case ["jump", marker]:
            return Deed(Way.FIRES, f"{base}/jump", (marker,))
        case ["jump", "beat" | "bar" as on, marker]:
            return Deed(Way.FIRES, f"{base}/jump/{on}", (marker,))
        case ["loop", "bars", number] if number.isdecimal() and 1 <= int(number) <= MOST_BARS:
            return Deed(Way.FIRES, f"{base}/loop/bars", (int(number),))
        case ["loop", first, last] if _SECONDS.fullmatch(first) and _SECONDS.fullmatch(last) and float(first) < float(last):
            return Deed(Way.FIRES, f"{base}/loop", (float(first), float(last)))
        case ["seek", number] if _SECONDS.fullmatch(number) and float(number) <= LONGEST_TRACK:
            return Deed(Way.FIRES, f"{base}/seek", (float(number),))
        case ["fade", number] if _RATE.fullmatch(number) and float(number) <= LONGEST_FADE:
            return Deed(Way.FIRES, f"{base}/fade", (float(number),))
        case ["rate", number] if _RATE.fullmatch(number) and TRACK_RATES[0] <= float(number) <= TRACK_RATES[1]:
            return Deed(Way.FIRES, f"{base}/rate", (float(number),))
    raise ValueError(
        f"`{text[:80]}`: write it as OSC has it: `track play`, `track jump bar NAME`, `track seek 90`, `track volume 50%`"
    )


def _of_list(text: str, words: list[str], base: str) -> Deed:
    match words:
        case [word] if word in LIST_TRIGGERS:
            return Deed(Way.FIRES, f"{base}/{word}")
        case ["goto", number]:
            if not CUE_NUMBER.fullmatch(number):
                raise ValueError(f"`{text[:80]}`: `{number[:40]}` is no cue number: write `goto 3` or `goto 12.5`")
            return Deed(Way.FIRES, f"{base}/goto", (number,))
        case ["rate", number] if _RATE.fullmatch(number) and float(number) <= FASTEST:
            return Deed(Way.FIRES, f"{base}/rate", (float(number),))
        case ["rate", *_]:
            raise ValueError(f"`{text[:80]}`: a rate is a button with its number, 1 is as written: `rate 0.5`")
    raise ValueError(f"`{text[:80]}` is not in the dictionary of OSC: write it as there, `go` for /showctl/go")


def _by_hand(word: str, rest: list[str]) -> Deed:
    """A line of the grammar of hands; without its value it is a fader."""
    end = 1
    while end + 1 < len(rest) and rest[end] in ("+", "-"):
        end += 2
    target, said = " ".join(rest[:end]), rest[end:]
    if not said and _ADDRESS.fullmatch(target):
        return Deed(Way.FOLLOWS, f"/showctl/{word}/{target}")
    if len(said) == 1 and target != "house" and "/" not in target + said[0]:
        return Deed(Way.FOLLOWS, f"/showctl/{word}/{target}/{said[0]}")
    return Deed(Way.FIRES, f"/showctl/{word}", (" ".join(rest),))


# --- what is played --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Fader:
    """Where a fader stands, and which levels it asked for."""

    at: float | None = None  # 0..1; None before it was moved
    sent: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))  # time, level; empty: has no hold

    def takes(self, to: float, standing: float | None, now: float) -> bool:
        """Move it; whether what it moves, which stands at `standing` now, follows. 0..1."""
        before, self.at = self.at, to
        if standing is not None and not self._is_mine(standing, now):
            self.sent.clear()
            passed = before is not None and (before - standing) * (to - standing) < 0.0
            if not passed and abs(to - standing) > REACH:
                return False
        self.sent.append((now, to))
        return True

    def _is_mine(self, standing: float, now: float) -> bool:
        while len(self.sent) > 1 and self.sent[1][0] < now - UNDER_WAY_S:  # the next one has long arrived
            self.sent.popleft()
        return any(level == standing for _, level in self.sent)


class Surface:
    """A desk with its map: which pads are down and where the faders stand, as far as it has said."""

    def __init__(self, entries: Mapping[Knob, Deed], channel: int | None = None) -> None:
        """`channel` is the only one that is listened to, 1 to 16; None for any."""
        self._entries, self._channel = dict(entries), channel
        self._down: set[Knob] = set()
        self._faders: dict[Knob, _Fader] = {}

    def take(
        self, message: midi.Message, playback: PlaybackState | None, time: float, source: str, names: Vocabulary
    ) -> ControlEvent | Refusal | None:
        """What a message asks for at `time` (s), why that is refused, or None where it asks for nothing."""
        place, value = moved(message)
        found = self._entries.get(place)
        if found is None or self._channel not in (None, message.channel):
            return None
        if found.way is Way.FOLLOWS:
            return self._follow(place, found, value, playback, time, source, names)
        pressed = self._pressed(place, value)
        if found.way is Way.HOLDS and pressed is not None:
            return control(found.message(int(pressed)), time, source, names)
        if not pressed:
            return None
        turn: tuple[Value, ...] = (int(not is_on(found, playback)),) if found.way is Way.TURNS else ()
        return control(found.message(*turn), time, source, names)

    def pulled(self, time: float, source: str, names: Vocabulary) -> list[ControlEvent]:
        """The device is gone: whatever was held is let go, and faders have to meet their levels anew."""
        held = [self._entries[place] for place in self._down if self._entries[place].way is Way.HOLDS]
        self._down.clear()
        self._faders.clear()
        events = (control(one.message(0), time, source, names) for one in held)
        return [one for one in events if one is not None and not isinstance(one, Refusal)]

    def _pressed(self, place: Knob, value: float) -> bool | None:
        """True for a press, False for letting go, None for neither (a controller that goes on moving)."""
        if place.kind == "program":
            return True
        on = value > 0.0 if place.kind == "note" else value >= midi.MIDDLE / midi.HIGHEST
        was = place in self._down
        (self._down.add if on else self._down.discard)(place)
        return None if on == was and place.kind == "cc" else on

    def _follow(
        self,
        place: Knob,
        found: Deed,
        level: float,
        playback: PlaybackState | None,
        time: float,
        source: str,
        names: Vocabulary,
    ) -> ControlEvent | Refusal | None:
        asked = control(found.message(level), time, source, names)
        if asked is None or isinstance(asked, Refusal) or playback is None:
            return asked if isinstance(asked, Refusal) else None
        fader = self._faders.setdefault(place, _Fader())
        return asked if fader.takes(level, _standing(asked, playback), time) else None


def moved(message: midi.Message) -> tuple[Knob, float]:
    """Which place of a desk a message is about, and how far it is, 0..1."""
    match message:
        case midi.Note():
            return Knob("note", message.number), message.velocity / midi.HIGHEST
        case midi.Controller():
            return Knob("cc", message.number), message.value / midi.HIGHEST
        case midi.Program():
            return Knob("program", message.number), 1.0
        case midi.Bend():
            return Knob("pitch"), message.value / midi.BEND_HIGHEST


def is_on(found: Deed, playback: PlaybackState | None) -> bool:
    """Whether what turns over is on."""
    if playback is None:
        return False
    return playback.beats.source == "lock" if found.address == "/showctl/beat/lock" else playback.blackout


def _standing(asked: ControlEvent, playback: PlaybackState) -> float | None:
    """Where that stands now which a fader would move, 0..1; None where it has no level."""
    match asked:
        case SetMaster(submaster=None):
            return playback.grand_master
        case SetMaster():
            return dict(playback.submasters).get(asked.submaster or "")
        case SetHouse():
            return playback.house
        case TrackVolume():
            return playback.track_volume
        case Hold() | Park():
            there = dict(playback.held if isinstance(asked, Hold) else playback.parked)
            return next((there[key] for key, _ in asked.values if key in there), None)
    return None
