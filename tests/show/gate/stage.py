"""A gate with two performers, and hands to move time, devices and the show by. Devices: anna.left, anna.right, ben.ring."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from showctl.model import (
    BeatState,
    Blackout,
    Candidate,
    ControlEvent,
    Flash,
    Go,
    Goto,
    ListState,
    PlaybackState,
    PlayTrack,
    Reading,
    SetMaster,
    StopAll,
    Tap,
)
from showctl.plan import (
    ControlBinding,
    Cue,
    CueList,
    Gesture,
    GestureBinding,
    GesturesPlan,
    Plan,
    Posture,
    Sign,
    Span,
    Wearable,
    Window,
)
from showctl.show.gate import Gate, GateInputs, GateStep

BUTTON, TOUCH = Sign("button", "1"), Sign("touch")
LEFT = Wearable("left", "plain", "left", "anna", "left", BUTTON)
RIGHT = Wearable("right", "zigsim", "AB12", "anna", "right")
RING = Wearable("ring", "zigsim", "CD34", "ben", "", TOUCH)
BOTH = ("anna", "ben")
ALWAYS, CLUTCH, OPERATOR = Window("always"), Window("clutch"), Window("operator")


def cues(first: int, last: int, **more: Any) -> Window:
    return Window("cue", more.pop("list", "main"), Decimal(first), Decimal(last), **more)


def bind(gesture: str, do: ControlEvent, window: Window = CLUTCH, **more: Any) -> GestureBinding:
    """A binding for both performers."""
    return GestureBinding(gesture, more.pop("performers", BOTH), do, more.pop("words", type(do).__name__), window=window, **more)


GO, TAP, STOP, DARK = Go(time=0.0), Tap(time=0.0), StopAll(time=0.0), Blackout(time=0.0, on=True)
FLASH, PLAY = Flash(time=0.0, submaster="swell", on=True), PlayTrack(time=0.0)
GESTURES = (
    *(Gesture(name, Sign()) for name in ("swipe", "circle", "wave")),
    Gesture("fist", Sign("button", "2")),
    Gesture("long", Sign("button", "3"), hold=0.5),
    Gesture("clap", Sign("event", "clap")),
    Gesture("up", Sign("posture", "height above 0.8", Posture("height", 0.8, 1.0)), hold=0.3),
    Gesture("righty", Sign(), worn="right"),
)
SWELL = ControlBinding("tilt 1", "left", "tilt", SetMaster(time=0.0, level=1.0, submaster="swell"), "sub swell", rest=0.3)


def show(*bindings: GestureBinding, controls: tuple[ControlBinding, ...] = (), **more: Any) -> Plan:
    """A plan with these bindings, cues 1 to 9 (8 dangerous, 7 follows into it, 9 pyro), and a list film of two cues."""
    danger = {8: "danger", 9: "alone"}
    main = tuple(
        Cue(Decimal(n), danger=danger.get(n, ""), follow=Span(1.0) if n == 7 else None)  # type: ignore[arg-type]
        for n in range(1, 10)
    )
    lists = (CueList("main", main), CueList("film", (Cue(Decimal(1)), Cue(Decimal(2)))))
    wearables, gestures = more.pop("wearables", (LEFT, RIGHT, RING)), more.pop("gestures", GESTURES)
    return Plan((), lists=lists, gestures=GesturesPlan(wearables, gestures, bindings, controls))


@dataclass
class Stage:
    """Steps a gate, 20 ms at a time, with all devices heard unless they are told to be silent."""

    gate: Gate
    now: float = 100.0
    silent: set[str] = field(default_factory=set)
    playback: PlaybackState = field(
        default_factory=lambda: PlaybackState(
            (ListState("main", "1", "2", started=10.0), ListState("film", "0", "1")), submasters=(("swell", 0.5),)
        )
    )
    heard: dict[str, float] = field(default_factory=dict)
    steps: list[GateStep] = field(default_factory=list)
    down: set[tuple[str, str]] = field(default_factory=set)  # buttons that are held: device and name
    touched: set[str] = field(default_factory=set)
    shares: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def of(cls, *bindings: GestureBinding, **more: Any) -> Stage:
        """A stage where everything has been heard for a while: what is pressed now was not held all the time."""
        stage = cls(Gate(show(*bindings, **more)))
        stage.wait(2.2)
        stage.steps.clear()
        return stage

    def step(self, *candidates: Candidate, readings: tuple[Reading, ...] = (), **more: Any) -> GateStep:
        """One step, 20 ms after the last; what the show is asked for is done to the playback."""
        self.now = round(self.now + 0.02, 6)
        heard = {one: self.now for one in ("left", "right", "ring") if one not in self.silent}
        self.heard.update(heard)
        touches = tuple(Reading(one, "touch", (1.0,), self.now, name="touch01") for one in sorted(self.touched - self.silent))
        inputs = GateInputs(candidates, (*readings, *touches), dict(self.shares), dict(self.heard), **more)
        made = self.gate.step(self.now, inputs, self.playback)
        for one in made.controls:
            self._does(one)
        for waits in made.pick_up:
            self.shares[waits.device, waits.name] = waits.share
        self.steps.append(made)
        return made

    def _does(self, one: ControlEvent) -> None:
        if isinstance(one, SetMaster):
            self.playback = replace(self.playback, submasters=((one.submaster or "", one.level),))
        elif isinstance(one, Go | Goto):
            self.stand(one.list, one.cue if isinstance(one, Goto) else None)
        elif isinstance(one, Blackout):
            self.playback = replace(self.playback, blackout=one.on)

    def stand(self, name: str, cue: str | None = None, **more: Any) -> None:
        """A list goes to a cue, or to its next one."""
        lists = []
        for one in self.playback.lists:
            if one.name == name:
                current = cue if cue is not None else one.pending or one.current
                one = replace(one, current=current, pending=str(int(current) + 1), started=self.now, **more)
            lists.append(one)
        self.playback = replace(self.playback, lists=tuple(lists))

    def wait(self, seconds: float) -> list[ControlEvent]:
        """Let time go; what was asked for meanwhile."""
        found: list[ControlEvent] = []
        for _ in range(round(seconds / 0.02)):
            found += self.step().controls
        return found

    def candidate(self, gesture: str = "swipe", device: str = "left", **more: Any) -> Candidate:
        accepted, series = more.pop("accepted", True), more.pop("series", False)
        time, reason = more.pop("time", self.now + 0.02), more.pop("reason", "sure")
        return Candidate(time, device, gesture, 3.0, accepted, reason, series, more.pop("middle", None))

    def gesture(self, gesture: str = "swipe", device: str = "left", **more: Any) -> list[ControlEvent]:
        """A movement is recognised; what is asked for in that step."""
        return list(self.step(self.candidate(gesture, device, **more)).controls)

    def button(self, name: str, on: bool = True, device: str = "left") -> list[ControlEvent]:
        """A button goes down or up."""
        return list(self.step(readings=(Reading(device, "button", (float(on),), self.now + 0.02, name=name),)).controls)

    def clutch(self, on: bool = True) -> list[ControlEvent]:
        """Anna holds her clutch, or lets it go."""
        return self.button("1", on)

    def ask(self, *controls: ControlEvent) -> GateStep:
        """Somebody else asks for something."""
        return self.step(asked=controls)

    def reasons(self) -> list[str]:
        """Why things were refused, in order."""
        told = [dict(one.data) for step in self.steps for one in step.told]
        return [str(one["reason"]) for one in told if one.get("outcome") == "refused" or "control" in one]

    def felt(self) -> list[tuple[str, str]]:
        """What performers were told: device and kind."""
        return [(one.device, one.kind) for step in self.steps for one in step.feedback]

    def beats(self, bpm: float, at: float, **more: Any) -> None:
        """The beat stands at `at` now."""
        self.playback = replace(self.playback, beat=at, bpm=bpm, beats=BeatState(**more))
