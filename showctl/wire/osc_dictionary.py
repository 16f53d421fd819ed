"""What each OSC address of showctl means: a message in, what is asked for out. Tables first, then the few rules.

    /showctl/go  back  pause  resume  release  exit  of the list "main"; fire without an argument or with one above 0
    /showctl/goto N   /showctl/rate 0..20            N a string, int or float, rounded to 3 decimals: "12.5"; 1 is as written
    /showctl/list/NAME/go  back  goto N  rate ...    the same of list NAME
    /showctl/stop, /showctl/tap                      stop every list; tap the beat
    /showctl/beat/half  double  downbeat  free       the tempo; a bar begins now; the ear alone, all of this forgotten
    /showctl/beat/earlier  later   .../beat/nudge MS    by 10 ms, or by -1000..1000 ms
    /showctl/beat/lock 1|0                           the beat runs on by itself
    /showctl/reload, .../reload/force, .../reload/undo    read the files again; although lit fixtures move; undo the last one
    /showctl/blackout 0|1   /showctl/gm 0..1   /showctl/house 0..1   /showctl/sub/NAME 0..1   /showctl/flash/NAME 1|0

Of the tracks that we play ourselves; a NAME is an argument, or one more level of the address for a button:

    /showctl/track/play   .../play NAME              what stands by, or goes on from a pause; a track from its beginning
    /showctl/track/pause  resume  stop  next  previous  exit  stay    exit leaves the loop, stay calls a jump off
    /showctl/track/fade S                            stops in so many seconds
    /showctl/track/jump NAME   .../jump/beat NAME   .../jump/bar NAME    to a marker: at once, on the next beat, the next bar
    /showctl/track/next/beat   .../next/bar   .../play/NAME/beat   .../play/NAME/bar     with the next beat or bar of what plays
    /showctl/track/seek S   .../loop S S   .../loop/bars N   .../volume 0..1   .../rate 0.5..2

Of performers with wearables; NAME, one of them, is an argument or one more level of the address, and left out they are all meant:

    /showctl/gesture/arm   disarm   confirm          windows open; nothing comes of anything; yes to what was just asked for
    /showctl/gesture/zero                            as it is held now, it is in the middle of its faders

By hand, where WORDS are those of `config.words` ("wash colour blood") and a fader sends 0..1 of the range:

    /showctl/set WORDS   /showctl/set/TARGET/intensity 0..1 or "70%"      hold; the same with park
    /showctl/release/hands   /showctl/release/hands WORDS   .../hands/TARGET    let go of all, or of that; the same with unpark
    /showctl/identify/FIXTURE 1|0   /showctl/identify FIXTURE 1|0         shows which it is
    /showctl/check 1|-1|0                                                 the next fixture, the one before, no more

Addresses are compared as they are: a pattern such as /showctl/* from a stray phone must not fire everything at once. Only the
first argument counts (of identify FIXTURE and track/loop the first two); an integer behind it is a running number: what comes
again with the same one a moment later is a repeat (`wire.osc_repeats`). What an argument must be is
`wire.osc_arguments`. MQTT speaks the same dictionary through the same function.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Literal, Protocol

from showctl.model import (
    Arm,
    Back,
    Blackout,
    Check,
    Confirm,
    ControlEvent,
    Disarm,
    Downbeat,
    ExitLoop,
    ExitTrackLoop,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Hold,
    Identify,
    JumpTrack,
    LetGo,
    LockBeat,
    LoopTrack,
    NextTrack,
    Nudge,
    Octave,
    Park,
    Pause,
    PauseTrack,
    PlayTrack,
    PreviousTrack,
    Release,
    Reload,
    Resume,
    ResumeTrack,
    SeekTrack,
    SetHouse,
    SetMaster,
    SetRate,
    StayTrack,
    StopAll,
    StopTrack,
    Tap,
    TrackRate,
    TrackVolume,
    Unpark,
    Zero,
)
from showctl.wire.osc import Message, Value
from showctl.wire.osc_arguments import (
    Refusal,
    RefusedError,
    between,
    cue_number,
    fires,
    first,
    level,
    number,
    switch,
    text,
)

LIST_TRIGGERS: dict[str, type[Go | Back | Pause | Resume | Release | ExitLoop]] = {
    "go": Go,
    "back": Back,
    "pause": Pause,
    "resume": Resume,
    "release": Release,
    "exit": ExitLoop,
}
LIST_WORDS = frozenset((*LIST_TRIGGERS, "goto", "rate"))
TRIGGERS: dict[str, type[StopAll | Tap]] = {"stop": StopAll, "tap": Tap}
TRACK_TRIGGERS: dict[str, type[PauseTrack | ResumeTrack | StopTrack | NextTrack | PreviousTrack | ExitTrackLoop | StayTrack]] = {
    "pause": PauseTrack,
    "resume": ResumeTrack,
    "stop": StopTrack,
    "next": NextTrack,
    "previous": PreviousTrack,
    "exit": ExitTrackLoop,
    "stay": StayTrack,
}
QUANTISED: dict[str, Literal["none", "beat", "bar"]] = {"now": "none", "beat": "beat", "bar": "bar"}
TRACK_RATES = (0.5, 2.0)
LONGEST_TRACK, LONGEST_FADE, MOST_BARS = 86_400.0, 60.0, 256.0  # s, s, bars of a loop
GESTURE_TRIGGERS: dict[str, type[Arm | Disarm | Confirm | Zero]] = {
    "arm": Arm,
    "disarm": Disarm,
    "confirm": Confirm,
    "zero": Zero,
}
BEAT_TRIGGERS = ("half", "double", "downbeat", "earlier", "later", "free")
NUDGE_S, MOST_NUDGE_MS = 0.01, 1000.0  # of one press; of one message
FASTEST = 20.0  # times as fast as the cues say
TAKES = {"/showctl/identify": 2, "/showctl/track/loop": 2}  # arguments; all others have one at most
PRESSED = frozenset((*LIST_TRIGGERS, *TRIGGERS, *TRACK_TRIGGERS, *BEAT_TRIGGERS, "reload", "force", "undo", "play"))  # last words


class Vocabulary(Protocol):
    """What the names of a show mean. Every function raises ValueError for what it does not understand."""

    lists: frozenset[str]
    submasters: frozenset[str]
    tracks: frozenset[str]
    fixtures: frozenset[str]
    performers: frozenset[str]

    def asked(self, text: str, time: float, source: str) -> Hold | SetHouse:
        """`wash colour blood`, held."""

    def parked(self, text: str, time: float, source: str) -> Park:
        """`wash colour blood`, parked."""

    def level(self, target: str, what: str, level: float) -> tuple[tuple[str, float], ...]:
        """One parameter of a target at 0..1 of its range: keys and values."""

    def keys(self, text: str) -> tuple[str, ...]:
        """What `wash` or `wash colour` takes hold of."""


def control(message: Message, time: float, source: str, names: Vocabulary) -> ControlEvent | Refusal | None:
    """What a message asks for at `time` (s), or why it is refused, or None for a button that was let go."""
    try:
        return _control(message, time, source, names)
    except RefusedError as refused:
        return refused.refusal


def running_number(message: Message) -> int | None:
    """What a sender counts its messages with: an integer behind what the address takes; of a trigger also the only one above 1,
    which could be no button's."""
    if not message.arguments or message.tags[-1] not in "ih":
        return None
    last = message.arguments[-1]
    if not isinstance(last, int):
        return None
    if len(message.arguments) > TAKES.get(message.address, 1):
        return last
    words = message.address.split("/")
    pressed = words[-1] in PRESSED or words[2:4] in (["track", "play"], ["track", "next"]) or words[2:3] == ["gesture"]
    return last if pressed and last > 1 and len(message.arguments) == 1 else None


def _control(message: Message, time: float, source: str, names: Vocabulary) -> ControlEvent | None:
    match message.address.split("/"):
        case ["", "showctl", "list", name, word] if word in LIST_WORDS:
            return _of_list(name, word, message, time, source, names.lists)
        case ["", "showctl", word] if word in LIST_WORDS:
            return _of_list("main", word, message, time, source, names.lists)
        case ["", "showctl", word] if word in TRIGGERS:
            return TRIGGERS[word](time=time, source=source) if fires(message) else None
        case ["", "showctl", "beat", word] if word in BEAT_TRIGGERS:
            return beat(word, time, source) if fires(message) else None
        case ["", "showctl", "beat", "nudge"]:
            return Nudge(time=time, source=source, by=between(message, -MOST_NUDGE_MS, MOST_NUDGE_MS) / 1000.0)
        case ["", "showctl", "beat", "lock"]:
            return LockBeat(time=time, source=source, on=switch(first(message)))
        case ["", "showctl", "reload"]:
            return Reload(time=time, source=source) if fires(message) else None
        case ["", "showctl", "reload", "force" | "undo" as word]:
            return Reload(time=time, source=source, do="force" if word == "force" else "undo") if fires(message) else None
        case ["", "showctl", "blackout"]:
            return Blackout(time=time, source=source, on=switch(first(message)))
        case ["", "showctl", "gm"]:
            return SetMaster(time=time, source=source, level=level(message))
        case ["", "showctl", "house"]:
            return SetHouse(time=time, source=source, level=level(message))
        case ["", "showctl", "sub", name]:
            return SetMaster(time=time, source=source, level=level(message), submaster=_submaster(name, names))
        case ["", "showctl", "flash", name]:
            return Flash(time=time, source=source, on=switch(first(message)), submaster=_submaster(name, names))
        case ["", "showctl", "gesture", word, *performer] if word in GESTURE_TRIGGERS and len(performer) < 2:
            return _of_performer(GESTURE_TRIGGERS[word], performer, message, time, source, names)
        case ["", "showctl", "track", *words]:
            return _of_tracks(words, message, time, source, names)
        case ["", "showctl", *words]:
            try:
                return _by_hand(words, message, time, source, names)
            except ValueError:
                raise RefusedError(Refusal.WORDS) from None
    raise RefusedError(Refusal.ADDRESS)


def on_own_beat(event: ControlEvent, on: Literal["now", "beat", "bar"]) -> ControlEvent | None:
    """What a track does on the beats of what plays, which are known beforehand; None for what waits for those of the show."""
    return replace(event, quantise=on) if on != "now" and isinstance(event, PlayTrack | NextTrack | JumpTrack) else None


def beat(word: str, time: float, source: str) -> Octave | Nudge | Downbeat | FreeBeat:
    """What one of BEAT_TRIGGERS asks for."""
    match word:
        case "half" | "double":
            return Octave(time=time, source=source, step=1 if word == "double" else -1)
        case "earlier" | "later":
            return Nudge(time=time, source=source, by=NUDGE_S if word == "later" else -NUDGE_S)
        case "downbeat":
            return Downbeat(time=time, source=source)
        case _:
            return FreeBeat(time=time, source=source)


def _of_performer(
    asked: type[Arm | Disarm | Confirm | Zero],
    performer: list[str],
    message: Message,
    time: float,
    source: str,
    names: Vocabulary,
) -> ControlEvent | None:
    named = not performer and message.arguments and isinstance(message.arguments[0], str)
    whose = text(message.arguments[0]) if named else performer[0] if performer else None
    if whose is not None and whose not in names.performers:  # else who is meant to be taken out would stay in, unsaid
        raise RefusedError(Refusal.PERFORMER)
    return asked(time=time, source=source, performer=whose) if named or fires(message) else None


def _of_tracks(words: list[str], message: Message, time: float, source: str, names: Vocabulary) -> ControlEvent | None:
    match words:
        case [word] if word in TRACK_TRIGGERS:
            return TRACK_TRIGGERS[word](time=time, source=source) if fires(message) else None
        case ["play"] if message.arguments and isinstance(message.arguments[0], str):
            return PlayTrack(time=time, source=source, track=_track(message.arguments[0], names))
        case ["next", on] if on in QUANTISED:
            return NextTrack(time=time, source=source, quantise=QUANTISED[on]) if fires(message) else None
        case ["play", track, on] if on in QUANTISED:
            chosen = PlayTrack(time=time, source=source, track=_track(track, names), quantise=QUANTISED[on])
            return chosen if fires(message) else None
        case ["play", *name] if len(name) < 2:
            begun = PlayTrack(time=time, source=source, track=_track(name[0], names) if name else None)
            return begun if fires(message) else None
        case ["fade"]:
            return StopTrack(time=time, source=source, fade=between(message, 0.0, LONGEST_FADE))
        case ["seek"]:
            return SeekTrack(time=time, source=source, to=between(message, 0.0, LONGEST_TRACK))
        case ["loop"]:
            if len(message.arguments) < 2:
                raise RefusedError(Refusal.MISSING)
            begin, end = number(message.arguments[0]), number(message.arguments[1])
            if not 0.0 <= begin < end <= LONGEST_TRACK:
                raise RefusedError(Refusal.RANGE)
            return LoopTrack(time=time, source=source, first=begin, last=end)
        case ["loop", "bars"]:
            return LoopTrack(time=time, source=source, bars=int(between(message, 1.0, MOST_BARS)))
        case ["volume"]:
            return TrackVolume(time=time, source=source, level=level(message))
        case ["rate"]:
            return TrackRate(time=time, source=source, rate=between(message, *TRACK_RATES))
        case ["jump"]:
            return JumpTrack(time=time, source=source, marker=text(first(message)))
        case ["jump", on, *marker] if on in QUANTISED and len(marker) < 2:
            if marker and not fires(message):
                return None
            label = marker[0] if marker else text(first(message))
            return JumpTrack(time=time, source=source, marker=label, quantise=QUANTISED[on])
    raise RefusedError(Refusal.ADDRESS)


def _by_hand(words: list[str], message: Message, time: float, source: str, names: Vocabulary) -> ControlEvent | None:
    match words:
        case ["set"]:
            return names.asked(text(first(message)), time, source)
        case ["park"]:
            return names.parked(text(first(message)), time, source)
        case ["set" | "park" as word, target, what]:
            if isinstance(said := first(message), str):
                line = f"{target}{'/' if what.isdigit() else ' '}{what} {said}"
                return names.asked(line, time, source) if word == "set" else names.parked(line, time, source)
            return (Hold if word == "set" else Park)(time=time, source=source, values=names.level(target, what, level(message)))
        case ["release", "hands", *targets] | ["unpark", *targets] if len(targets) < 2:
            asked = LetGo if words[0] == "release" else Unpark
            if not targets and message.arguments and isinstance(message.arguments[0], str):
                targets = [message.arguments[0]]
            elif not fires(message):
                return None
            return asked(time=time, source=source, keys=names.keys(targets[0]) if targets else ())
        case ["identify", fixture]:
            return _identify(fixture, first(message), time, source, names)
        case ["identify"] if len(message.arguments) > 1:
            return _identify(text(first(message)), message.arguments[1], time, source, names)
        case ["identify"]:
            raise RefusedError(Refusal.MISSING)
        case ["check"]:
            if (step := number(first(message))) not in (-1.0, 0.0, 1.0):
                raise RefusedError(Refusal.RANGE)
            return Check(time=time, source=source, step=int(step))
    raise RefusedError(Refusal.ADDRESS)


def _of_list(name: str, word: str, message: Message, time: float, source: str, lists: Set[str]) -> ControlEvent | None:
    if name not in lists:
        raise RefusedError(Refusal.LIST)
    if word == "goto":
        return Goto(time=time, source=source, cue=cue_number(first(message)), list=name)
    if word == "rate":
        return SetRate(time=time, source=source, rate=between(message, 0.0, FASTEST), list=name)
    return LIST_TRIGGERS[word](time=time, source=source, list=name) if fires(message) else None


def _identify(fixture: str, value: Value, time: float, source: str, names: Vocabulary) -> Identify:
    if fixture not in names.fixtures:
        raise RefusedError(Refusal.FIXTURE)
    return Identify(time=time, source=source, fixture=fixture, on=switch(value))


def _submaster(name: str, names: Vocabulary) -> str:
    if name not in names.submasters:
        raise RefusedError(Refusal.SUBMASTER)
    return name


def _track(name: str, names: Vocabulary) -> str:
    if name not in names.tracks:
        raise RefusedError(Refusal.TRACK)
    return name
