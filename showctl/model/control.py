"""What people, consoles, time code and cues ask for. Each has its time and who it came from; levels of light are 0..1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something that somebody asked for. `source` says who: "osc:10.0.0.7", "web", "mqtt", "gesture:left", "cue:12"."""

    time: float  # s, when it arrived: it acts at this time, not at the tick that sees it
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Go(Control):
    """With `cue`, its number as text, only where that one is pending when it acts: a gesture is for the cue it was made for."""

    list: str = "main"
    cue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Back(Control):
    list: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goto(Control):
    cue: str  # cue number as text, "12.5"
    list: str = "main"
    own_times: bool = False  # what the cue moves takes the times of the cue, not the go-to time: as a link does


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Control):
    list: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Control):
    list: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Control):
    list: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAll(Control):
    """Every list is released, every effect ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout(Control):
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMaster(Control):
    """The grand master (`submaster` is None) or a submaster, 0..1."""

    level: float
    submaster: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap(Control):
    """The operator taps the beat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge(Control):
    """The beat comes later by so many seconds (earlier below 0) than it is heard."""

    by: float  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class Octave(Control):
    """The beat is twice as fast as it was, or half as fast."""

    step: int  # +1 twice, -1 half


@dataclass(frozen=True, slots=True, kw_only=True)
class Downbeat(Control):
    """A bar begins with the beat that is nearest to this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockBeat(Control):
    """The beat runs on by itself, as it is now; off: it follows what is heard again."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBeat(Control):
    """The beat follows what is heard and nothing else: taps, nudges, octaves and the lock are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitLoop(Control):
    """The link of a list (`goto`) is not followed any more: after this round the list goes on behind it."""

    list: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRate(Control):
    """How fast a list runs: 0.5 makes every time of it twice as long, 0 stands still. 0..20."""

    rate: float
    list: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHouse(Control):
    """The house lights, 0..1: nothing else moves them."""

    level: float
    fade: float = 0.0  # s


# What is held by hand names parameters by key, so that a journal can be read beside another plan: "par.1/intensity",
# "bar.2:3/red" (cell 3), "1/101" (a raw slot, universe/slot). `plan.Parameter.key` says the key of a parameter.


MOST_HELD = 4096  # values in one Hold or Park: a line of a journal has room for them


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Control):
    """Values held by hand above playback, at once."""

    values: tuple[tuple[str, float], ...]  # key, 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo(Control):
    """Held values go back to playback in the release time. No keys: all that is held."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Park(Control):
    """Values that nothing changes until they are unparked: no playback, no hand, no master, no blackout."""

    values: tuple[tuple[str, float], ...]  # key, 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpark(Control):
    """Parked values are free again. No keys: all that is parked."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash(Control):
    """A submaster's flash button: at full while it is down, back where its fader stands when it is let go."""

    submaster: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify(Control):
    """A fixture shows which it is: full, open and white, a second on and a second off."""

    fixture: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Control):
    """Channel check: one fixture after the other at full, in the order of the patch. 0 ends it."""

    step: int  # +1 the next, -1 the one before, 0 the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Timecode(Control):
    """Where a time code stood at `time`, and how fast it ran: lists that follow its clock reckon on from there."""

    at: float  # s of time code
    clock: Literal["mtc", "ltc"]
    speed: float = 1.0  # seconds of time code a second; below 0 it runs backwards, at 0 it was put there and stands


# --- tracks: what we play ourselves. Times are seconds of the track.


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayTrack(Control):
    """A track from its beginning. None: what is paused goes on, else what stands by begins."""

    track: str | None = None
    quantise: Literal["none", "beat", "bar"] = "none"  # of what plays until then


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseTrack(Control):
    """The track stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeTrack(Control):
    """The track goes on where it was paused or stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTrack(Control):
    """The track goes out; `ResumeTrack` goes on from there."""

    fade: float | None = None  # s; None: as the show says


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTrack(Control):
    """The next one of the set list: it begins where a track plays, else it stands by."""

    quantise: Literal["none", "beat", "bar"] = "none"  # of what plays until then


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousTrack(Control):
    """This track again from its beginning; within its first seconds, or where none plays, the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeekTrack(Control):
    """The track goes on elsewhere."""

    to: float  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopTrack(Control):
    """What lies between two places is played over and over: those that are named, or so many bars from the one that plays."""

    first: float | None = None  # s
    last: float | None = None  # s
    bars: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitTrackLoop(Control):
    """After this round the track goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JumpTrack(Control):
    """The track goes on at a marker: at once, on its next beat or with its next bar."""

    marker: str
    quantise: Literal["none", "beat", "bar"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class StayTrack(Control):
    """What waits for a beat or bar of the track does not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackVolume(Control):
    """The fader of all tracks, 0..1."""

    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRate(Control):
    """How fast tracks run, 0.5..2; faster is higher."""

    rate: float


TrackControl: TypeAlias = (
    PlayTrack
    | PauseTrack
    | ResumeTrack
    | StopTrack
    | NextTrack
    | PreviousTrack
    | SeekTrack
    | LoopTrack
    | ExitTrackLoop
    | JumpTrack
    | StayTrack
    | TrackVolume
    | TrackRate
)


# --- performers: what an operator says of them. Whoever judges gestures does these, never the engine. No performer: all of them.


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm(Control):
    """Gestures that wait for the operator are armed, and windows that were closed are open again; a disarmed one may again."""

    performer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarm(Control):
    """Nothing comes of their gestures until they are armed again, whatever they hold."""

    performer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(Control):
    """The operator's yes to what they have just asked for."""

    performer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Zero(Control):
    """How their devices are held now is the middle of each fader's range. A performer may ask for it, too."""

    performer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload(Control):
    """The files are read again. The daemon does this one, never the engine."""

    do: Literal["now", "force", "undo"] = "now"  # force: although lit fixtures move; undo: back to what ran before the last one


ControlEvent: TypeAlias = (
    Go
    | Back
    | Goto
    | Pause
    | Resume
    | Release
    | StopAll
    | Blackout
    | SetMaster
    | Tap
    | Nudge
    | Octave
    | Downbeat
    | LockBeat
    | FreeBeat
    | ExitLoop
    | SetRate
    | SetHouse
    | Hold
    | LetGo
    | Park
    | Unpark
    | Flash
    | Identify
    | Check
    | Timecode
    | TrackControl
    | Arm
    | Disarm
    | Confirm
    | Zero
    | Reload
)
