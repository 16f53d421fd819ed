"""The nouns that every stage of the signal path shares, with their units. Read this first.

Time is show time everywhere: float seconds, monotonic, from the daemon's start (offline: from the start of the render).
Only `clock` reads a clock; whatever is pure is handed the time. Levels of light are 0..1, levels of sound dBFS or LUFS.
All values are frozen: a stage is fed values and returns values, and what was handed over never changes under the reader.

"Frame" is used for two things in this field, so the name is always said in full: an audio frame is one sample of every
channel, a DmxFrame is 512 slots of one universe, a ShowFrame is all that one tick of the engine produced.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

# --- sound -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """A piece of sound as a device or a file delivered it."""

    start: int  # audio frames since the stream opened
    samples: NDArray[np.float32]  # (frames, channels), full scale +-1
    rate: int  # Hz
    lost: int = 0  # audio frames dropped just before `start`


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """Where the beats are, as believed now: beat `index` falls (or will fall) at `anchor`, the next one `period` later.

    A tracker announces each beat ahead of its time by returning a grid whose anchor is that beat; `index` then goes up
    by one for every beat announced, and never goes back.
    """

    anchor: float  # s, time of beat `index`
    index: int  # beats since the tracker began to follow, never falls
    period: float  # s from this beat to the next
    bar_position: int = 0  # 1..beats_per_bar, 0 where it is not known
    beats_per_bar: int = 4
    confidence: float = 0.0  # 0..1

    @property
    def bpm(self) -> float:
        """Tempo in beats a minute."""
        return 60.0 / self.period

    def position(self, t: float) -> float:
        """Beats since beat 0 at time t, in a straight line through the anchor."""
        return self.index + (t - self.anchor) / self.period

    def phase(self, t: float) -> float:
        """0..1 without 1, how far t lies between two beats."""
        return self.position(t) % 1.0 % 1.0  # twice: a hair before a beat, -1e-20 % 1.0 is rounded up to 1.0

    def next_after(self, t: float) -> float:
        """The time (s) of the first beat later than t."""
        return self.anchor + (math.floor((t - self.anchor) / self.period) + 1) * self.period


class Section(StrEnum):
    """What part of a song is heard, as far as light is concerned."""

    SILENCE = "silence"
    STEADY = "steady"
    BUILD = "build"
    DROP = "drop"
    BREAK = "break"


Strikes: TypeAlias = tuple[float, float, float]  # strengths >= 0 of the kick, snare and hat that are struck in a hop, else 0
NO_STRIKES: Strikes = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Coming:
    """A section that is foretold: what begins on which beat, and how likely that is; it may be moved or taken back until then."""

    section: Section
    time: float  # s, when it begins
    confidence: float  # 0..1


@dataclass(frozen=True, slots=True)
class Features:
    """What the ear heard in one hop. Times are rounded to 0.1 ms and levels to 0.1 dB where they enter the engine."""

    time: float  # s, the end of the hop: nothing later was listened to
    level: float  # LUFS, momentary (400 ms)
    bands: tuple[float, ...] = ()  # dBFS of low, middle and high
    energy: float = 0.0  # 0..1, loudness against the song so far
    onset: float = 0.0  # strength >= 0 of the onset that begins in this hop, else 0
    grid: BeatGrid | None = None  # None where no beat is trusted
    section: Section = Section.SILENCE
    strikes: Strikes = NO_STRIKES
    sure: float = 1.0  # 0..1, how sure it is that this section is heard
    coming: Coming | None = None  # what is foretold to begin next; None for nothing


# --- what people and cues ask for ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something that somebody asked for. `source` says who: "osc:10.0.0.7", "web", "mqtt", "gesture:left", "cue:12"."""

    time: float  # s, when it arrived: it acts at this time, not at the tick that sees it
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Go(Control):
    list: str = "main"


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
    | Reload
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that reached the engine since its last step, each with its own time, in order of arrival."""

    features: tuple[Features, ...] = ()
    controls: tuple[ControlEvent, ...] = ()


# --- what comes out ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListState:
    """Where one cue list stands. Numbers are cue numbers as text; "0" is the blank state before the first cue."""

    name: str
    current: str  # cue that was fired last, "0" before any
    pending: str | None  # cue that GO would fire
    state: Literal["idle", "fading", "paused", "released"] = "idle"
    started: float = 0.0  # s, when the current cue was fired
    ends: float = 0.0  # s, when its last fade ends, as far as known now
    waiting: str = ""  # what the pending cue waits for, in words: "section drop"
    rate: float = 1.0  # how fast the list runs


@dataclass(frozen=True, slots=True)
class BeatState:
    """Where the beat comes from, and what people have said of it."""

    source: Literal["none", "ear", "tap", "lock"] = "none"
    flashes: bool = False  # whether anything flashes to it now
    nudge: float = 0.0  # s that it is later than heard
    octaves: int = 0  # by which its tempo is above the heard one, by hand
    folded: int = 0  # and by the range of a cue
    tempo: tuple[float, float] | None = None  # bpm, the range that a cue says
    downbeat: bool = False  # a hand has said where the bar begins
    counts: bool = False  # whether it is known where bars begin
    bar: int = 0  # position on which one does
    beats_per_bar: int = 4
    early: float = 0.0  # s by which it is earlier than heard, for sound and lamps


@dataclass(frozen=True, slots=True)
class PlaybackState:
    """All that an operator wants to know about the show, and all that a restart needs."""

    lists: tuple[ListState, ...]
    grand_master: float = 1.0  # 0..1
    blackout: bool = False
    submasters: tuple[tuple[str, float], ...] = ()
    effects: tuple[str, ...] = ()  # names of what runs now
    beat: float = 0.0  # beats since the show began, as the effects see them
    bpm: float = 120.0
    confidence: float = 0.0  # 0..1 of the beat
    house: float | None = None  # 0..1, None where the venue has no house lights
    held: tuple[tuple[str, float], ...] = ()  # keys held by hand, 0..1
    parked: tuple[tuple[str, float], ...] = ()  # keys that are parked, 0..1
    flashed: tuple[str, ...] = ()  # submasters whose flash button is down
    identified: tuple[str, ...] = ()  # fixtures that show which they are
    checked: str = ""  # fixture that the channel check stands at
    beats: BeatState = BeatState()


@dataclass(frozen=True, slots=True)
class Happened:
    """Something worth telling: a cue fired, a section changed, a beat was lost. A pure stage reports by returning these."""

    time: float  # s
    type: str  # "cue", "section", "beat_lost", "refused", ...
    data: tuple[tuple[str, str | float | int | bool | None], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ShowFrame:
    """All that one step of the engine produced: the look OF `time`."""

    time: float  # s
    slots: NDArray[np.uint8]  # (universes, 512), in the order of the plan's universes; valid until the next step
    playback: PlaybackState
    events: tuple[Happened, ...] = ()


# --- the room ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EqBand:
    """One band of an equaliser, as the Audio EQ Cookbook (R. Bristow-Johnson) has it."""

    kind: Literal["peaking", "low_shelf", "high_shelf"]
    freq: float  # Hz
    gain: float  # dB
    q: float


@dataclass(frozen=True, slots=True, eq=False)
class RoomResponse:
    """What one microphone hears of the programme, band by band, as known at `time`: the system, the room and the place."""

    time: float  # s
    freq: NDArray[np.float64]  # (bands,) Hz, the 1/6-octave grid of analysis.room.grid
    magnitude: NDArray[np.float64]  # (bands,) dB against the programme, the programme's level taken out
    coherence: NDArray[np.float64]  # (bands,) 0..1
    trusted: NDArray[np.bool_]  # (bands,) whether the magnitude may be acted upon
    delay: float  # s from the programme to the microphone, at the beginning
    drift: float  # ppm, positive where the microphone's clock is fast
    delay_trusted: bool


@dataclass(frozen=True, slots=True)
class EqWanted:
    """What a fit would have, and the moment that it knows of: nothing heard later went into it."""

    time: float  # s, the end of the measurement that was fitted
    bands: tuple[EqBand, ...]  # at most as many as showctl owns, in any order


EqMode: TypeAlias = Literal["off", "advise", "auto"]
EqDo: TypeAlias = Literal[
    "off",
    "advise",
    "auto",
    "apply",
    "apply_at_once",
    "switch_on",
    "bypass",
    "unbypass",
    "undo",
    "restore",
    "mine",
    "yours",
    "relearn",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EqCommand:
    """What is asked of the equaliser. `apply` takes the proposal over once, `apply_at_once` does while nobody listens; `mine`
    and `yours` say whose a band is; `switch_on` makes an equaliser that is off flat, and then switches it on.

    It is for the room's policy, not for the engine of the light, so it is no Control.
    """

    time: float  # s, when it arrived
    source: str = ""
    do: EqDo
    band: int | None = None  # from 0, in the order of the venue file; None: every band


@dataclass(frozen=True, slots=True)
class ConsoleState:
    """The equaliser as the console last told it: the bands that the venue file names, in its order, and nothing else."""

    answered: float | None = None  # s, when the console last answered; None: never
    bands: tuple[EqBand, ...] = ()  # none until all of them have been read
    on: bool = True  # the equaliser's own switch
    touched: tuple[int, ...] = ()  # bands that somebody else has changed since the last step


@dataclass(frozen=True, slots=True, eq=False)
class EqInputs:
    """All that the policy of the equaliser goes by, as known at one moment."""

    console: ConsoleState
    responses: tuple[RoomResponse | None, ...] = ()  # one a microphone, the equaliser in them; None where nothing is known
    wanted: EqWanted | None = None
    programme: float = -120.0  # dBFS, level of the programme in the last seconds
    troubles: tuple[str, ...] = ()  # of microphones and inputs (dead, noisy, clipped, moved), in words that say what to do
    commands: tuple[EqCommand, ...] = ()  # since the last step, in order


EqOwner: TypeAlias = Literal["showctl", "engineer"]


@dataclass(frozen=True, slots=True)
class EqState:
    """What the policy decided in one step, and all that a page wants to know of it."""

    time: float  # s
    mode: EqMode
    bands: tuple[EqBand, ...]  # what the console holds once `writes` are there; none until it has been read
    owners: tuple[EqOwner, ...]
    writes: tuple[tuple[int, EqBand], ...] = ()  # band and what it becomes: to be sent now
    proposal: tuple[EqBand | None, ...] = ()  # what each band would become; None where it stays
    frozen: str = ""  # why nothing moves by itself, in words that say what to do; empty where it may
    doing: Literal["", "update", "settle", "roll_back", "undo", "restore", "bypass", "unbypass"] = ""
    bypassed: bool = False
    paused: float = 0.0  # s, until when no update begins after a roll-back or an undo
    error: float | None = None  # dB RMS of what is heard from what is aimed at, over trusted bands
    snapshot: tuple[EqBand, ...] = ()  # the bands as they were found at the start
    stuck: tuple[int, ...] = ()  # bands that do not become what is written, and are left alone
    switch: Literal["", "on", "found"] = ""  # of the equaliser, now: on, every band flat before; or back as it was found
    events: tuple[Happened, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelLimit:
    """How loud a venue may be: LAeq over 1, 15 or 60 minutes, or the highest C-weighted peak."""

    of: Literal["laeq_1", "laeq_15", "laeq_60", "lcpeak"]
    level: float  # dB


@dataclass(frozen=True, slots=True)
class LevelWarning:
    """A limit that is near or passed."""

    limit: LevelLimit
    over: bool  # it is passed already
    within: float | None  # s until it is passed if it stays as loud as now; None where it is not going to be, or is
    hold: float | None  # dB(A) that can be held from now on without passing it; None for peaks, and where it is too late
    text: str


@dataclass(frozen=True, slots=True)
class LevelPast:
    """The last hour's loudness second by second, newest last: what a meter that is made anew is told, so that it goes on."""

    la: tuple[float | None, ...] = ()  # dB(A); None where nothing was measured
    peak: tuple[float, ...] = ()  # dB(C)


@dataclass(frozen=True, slots=True)
class Levels:
    """Sound pressure at one microphone, once a second. Averages are over what was measured of their time."""

    time: float  # s, the end of the second
    la: float  # dB(A) of this second
    laeq_1: float  # dB(A) over the last minute
    laeq_15: float
    laeq_60: float
    lcpeak: float  # dB(C), the highest peak of this second
    lcpeak_60: float  # dB(C), the highest peak of the last hour
    measured: float  # s of sound in the last 60 minutes
    clipped: bool  # the input was overdriven in this second: it was louder than these figures say
    warnings: tuple[LevelWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Howl:
    """Feedback that is building up, and what to do about it."""

    time: float  # s, when it was known
    freq: float  # Hz
    level: float  # dBFS
    growth: float  # dB/s
    fader: float  # Hz, the third-octave band that a graphic equaliser has for it
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class RoomCurves:
    """What the microphones hear of the programme, their mean, as it is shown: (bands,) each, in dB, the level taken out.

    NaN where no microphone can be trusted.
    """

    freq: NDArray[np.float64]  # (bands,) Hz
    target: NDArray[np.float64]  # what is aimed at
    before: NDArray[np.float64]  # the room without equaliser
    now: NDArray[np.float64]  # with the equaliser that stands
    proposed: NDArray[np.float64] | None  # with what is proposed; None where nothing is
    trust: NDArray[np.float64]  # 0..1, the share of the microphones that trust the band


@dataclass(frozen=True, slots=True, eq=False)
class RoomView:
    """All that remotes show of the room's sound, about once a second."""

    time: float  # s
    zone: str = ""  # whose equaliser is followed; empty where there is none
    state: EqState | None = None  # of it; None before the first second, or where there is none
    on: bool = True  # the equaliser's own switch
    words: str = ""  # how the loop stands, as its health has it
    curves: RoomCurves | None = None
    microphones: tuple[str, ...] = ()
    levels: tuple[Levels | None, ...] = ()  # one a microphone; None where it is not known
    limits: tuple[LevelLimit, ...] = ()
    howl: Howl | None = None  # told last


# --- health and errors ---------------------------------------------------------------------------------------------


class State(StrEnum):
    """How a part of the daemon is."""

    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Health:
    """How one part is, in words that say what to do next."""

    part: str
    state: State
    detail: str = ""
    since: float = 0.0  # s
    counters: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: what, where, and what to do. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    text: str
    code: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.severity}: {self.text} [{self.code}]"


@dataclass
class ConfigError(Exception):
    """The files cannot be run: every problem found, at once. Exit code 78."""

    problems: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(str(p) for p in self.problems)


class WireError(Exception):
    """What somebody sent is not what the protocol allows: the sender's fault. Counted, never raised out of a receiver."""


class DeviceError(Exception):
    """The world's fault: a card, a library or a network is missing. The text says what to do; everything else goes on."""
