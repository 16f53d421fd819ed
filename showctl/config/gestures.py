"""The `gestures` and the `bind` of a show -> GesturesPlan: what comes of what performers do, and when.

Nothing is armed unless it says so: a binding that does not say when wants the clutch, and where nobody has one that is a
mistake. What a wearable may never do (park lamps, move the house lights, reload the files) is refused here, not on the night.
What a binding names has to be there: unlike the map of a desk, which a venue has for every show, it is written for this one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

from showctl.config import lint
from showctl.config.binding import NO_CLUTCH, Ground
from showctl.config.levels import Levels
from showctl.config.tree import Report
from showctl.config.values import did_you_mean
from showctl.config.wearables import Wearing
from showctl.model import (
    Arm,
    Blackout,
    Check,
    Confirm,
    ControlEvent,
    Disarm,
    Hold,
    Identify,
    LetGo,
    Park,
    Reload,
    SetHouse,
    StopAll,
    Tap,
    TrackControl,
    Unpark,
)
from showctl.plan import (
    Danger,
    Gesture,
    GestureBinding,
    GesturesPlan,
    PlaceBinding,
    Plan,
    Posture,
    Quantise,
    Sign,
    Window,
)
from showctl.wire.midi_map import FITS, Deed, Way
from showctl.wire.osc_dictionary import on_own_beat

if TYPE_CHECKING:
    from showctl.config import schema
    from showctl.config.compile import Source

HOLD_POSTURE = 0.3  # s that a posture lasts before it counts, where the show says no other time
OPERATORS = (Park, Unpark, Reload, Identify, Check, SetHouse, LetGo, Arm, Disarm, Confirm)  # theirs alone
FIRES: dict[Way, str] = {Way.FIRES: "fires", Way.TURNS: "turns", Way.HOLDS: "holds"}


def compile_gestures(
    show: schema.Show, source: Source, wearing: Wearing | None, plan: Plan | None, report: Report
) -> GesturesPlan | None:
    """What a show binds, None where nobody wears anything and nothing is bound; mistakes go to the report.

    `wearing` is of the venue, `plan` all else of the show; both are None where the show is checked by itself: then only what it
    says of itself is looked at.
    """
    root, broken = source.root, source.broken(("gestures",), show.gestures)
    unsure = id(root.find(("bind",))[0]) in source.cut
    gestures = {name: _gesture(name, one) for name, one in show.gestures.items()}
    compiler = _Compiler(Ground(root, wearing, plan, report), gestures, broken)
    for i, one in enumerate(show.bind):
        compiler.bind(i, one)
    lint.gestures(root, gestures, compiler.bindings, report)
    if not unsure:
        lint.unused_gestures(root, gestures, report)
    if wearing is None or not (wearing.wearables or show.gestures or show.bind):
        return None
    bindings = tuple(one for one, _ in compiler.bindings)
    return GesturesPlan(
        wearing.wearables, tuple(gestures.values()), bindings, tuple(compiler.levels.controls), tuple(compiler.places)
    )


def _gesture(name: str, one: schema.GestureModel) -> Gesture:
    usual = HOLD_POSTURE if one.sign.kind == "posture" else 0.0
    return Gesture(name, one.sign, one.worn or "", usual if one.hold is None else one.hold)


class _Compiler:
    """Goes through `bind`, once."""

    def __init__(self, on: Ground, gestures: Mapping[str, Gesture], broken: frozenset[str]) -> None:
        self.bindings: list[tuple[GestureBinding, int]] = []  # and their places in `bind`
        self.places: list[PlaceBinding] = []
        self.levels = Levels(on)
        self._on, self._gestures, self._broken = on, gestures, broken

    def bind(self, i: int, one: schema.BindModel) -> None:
        """One binding: what is without a mistake is kept."""
        if one.gesture is not None and one.do is not None:
            self._bind_gesture(i, one, one.gesture, one.do)
        elif one.control is not None and one.to is not None:
            self.levels.bind(i, one, one.control, one.to)
        elif one.do is not None:
            self._bind_place(i, one, one.do)

    # --- a gesture ---------------------------------------------------------------------------------------------------

    def _bind_gesture(self, i: int, one: schema.BindModel, name: str, asked: Deed) -> None:
        gesture = self._gestures.get(name)
        if gesture is None and name not in self._broken:
            text = f"no gesture is called `{name}`{did_you_mean(name, self._gestures)}: gestures are under `gestures`"
            self._on.wrong(i, "gesture", text, "E-unknown-gesture")
        event = self._on.meant(i, "do", asked)
        if asked.way is Way.FOLLOWS:
            self._on.wrong(i, "do", "that is a level, and a gesture is a moment: bind it with `control` and `to`")
        if gesture is None or event is None or not self._may(i, one, gesture, asked, event):
            return
        window = one.armed or Window("always" if isinstance(event, StopAll) else "clutch")
        performers = self._performers(i, one, gesture, window)
        on: Quantise = one.on or "now"
        if (own := on_own_beat(event, on)) is not None:
            event, on = own, "now"
        danger: Danger = _danger(event, one.danger)
        self._factors(i, one, window, danger)
        self._on.window(i, window)
        mark = self._on.at(i, "gesture")
        self.bindings.append(
            (
                GestureBinding(
                    name, performers, event, self._on.said(i, "do"), FIRES.get(asked.way, "fires"),  # type: ignore[arg-type]
                    window, one.second or "", danger, on, mark.line, mark.path,
                ),
                i,
            )
        )  # fmt: skip

    def _may(self, i: int, one: schema.BindModel, gesture: Gesture, asked: Deed, event: ControlEvent) -> bool:
        """Whether a gesture may ask for this at all."""
        if isinstance(event, OPERATORS):
            self._on.wrong(i, "do", f"`{self._on.said(i, 'do')}` is the operator's, on the page or a desk: no gesture does it")
            return False
        if asked.way is Way.HOLDS and not gesture.sign.held:
            text = f"`{self._on.said(i, 'do')}` lasts as long as something is held, and a {gesture.sign.kind} is over at once: "
            self._on.wrong(i, "do", text + "give the gesture a `button`, a `touch` or a posture")
            return False
        if one.on not in (None, "now") and (isinstance(event, StopAll | Tap) or asked.way is Way.HOLDS):
            self._on.wrong(i, "on", f"`{self._on.said(i, 'do')}` never waits: leave `on` out")
            return False
        if one.armed is not None and one.armed.kind == "always" and not isinstance(event, StopAll):
            text = "only `stop` is armed always: write `clutch`, `cue 5-9` or `operator`"
            self._on.wrong(i, "armed", text, "E-armed")
            return False
        return True

    def _performers(self, i: int, one: schema.BindModel, gesture: Gesture, window: Window) -> tuple[str, ...]:
        """Who may; whoever is named has to be able to."""
        if self._on.wearing is None:
            return tuple(one.by or ())
        everybody = self._on.wearing.performers
        key = "gesture" if one.by is None else "by"
        for name in one.by or ():
            if name not in everybody and not self._on.wearing.unsure:
                text = f"nobody called `{name}` wears anything in this venue{did_you_mean(name, everybody)}: see its `wearables`"
                self._on.wrong(i, "by", text, "E-unknown-performer")
        named = tuple(name for name in one.by or everybody if name in everybody)
        if not named and one.by is None and not self._on.wearing.unsure:
            self._on.wrong(i, key, "nobody wears anything in this venue: name a device under `wearables`", "E-unknown-performer")
        able = tuple(name for name in named if not self._unable(name, gesture))
        for name in named if one.by is not None or not able else ():
            if why := self._unable(name, gesture):
                self._on.wrong(i, key, why, "E-sign")
        if window.kind == "clutch" or one.second == "clutch":
            able = self._with_clutch(i, one, key, able)
        return able

    def _unable(self, performer: str, gesture: Gesture) -> str:
        """Why a performer cannot make a gesture; empty if they can."""
        assert self._on.wearing is not None
        worn = self._on.wearing.worn_by(performer, gesture.worn)
        if not worn:
            return f"{performer} wears nothing {gesture.worn}" if gesture.worn else f"{performer} wears nothing"
        why = [self._on.wearing.cannot(one, gesture.sign) for one in worn]
        if all(why):
            return f"{performer} cannot: {why[0]}"
        if any(one.clutch is not None and _overlap(one.clutch, gesture.sign) for one in worn):
            return f"that is the clutch of {performer}: whoever holds it would do this"
        return ""

    def _with_clutch(self, i: int, one: schema.BindModel, key: str, able: tuple[str, ...]) -> tuple[str, ...]:
        assert self._on.wearing is not None
        have = tuple(name for name in able if any(w.clutch is not None for w in self._on.wearing.worn_by(name)))
        missing = [name for name in able if name not in have]
        if missing and (one.by is not None or not have):
            self._on.wrong(i, key, NO_CLUTCH.format(missing[0]), "E-armed")
        return have

    def _factors(self, i: int, one: schema.BindModel, window: Window, danger: Danger) -> None:
        """What is dangerous has a second factor, and one that there is."""
        if danger == "alone" and one.danger is False:
            self._on.wrong(i, "danger", "a blackout is always dangerous: leave `danger` out", "E-danger")
        if danger == "alone" and one.second == "again":
            text = "never by gestures alone, and twice the same is one: write `with: clutch` or `with: operator`"
            self._on.wrong(i, "with", text, "E-danger")
        if one.second == "clutch" and window.kind == "clutch":
            self._on.wrong(i, "with", "the clutch arms it already: that is a factor, leave `with` out", "E-danger")

    # --- a place -----------------------------------------------------------------------------------------------------

    def _bind_place(self, i: int, one: schema.BindModel, asked: Deed) -> None:
        kind = "osc" if one.osc is not None else "midi"
        place = one.osc if one.osc is not None else str(one.midi)
        event = self._on.meant(i, "do", asked)
        if one.midi is not None and asked.way not in FITS[one.midi.kind]:
            self._on.wrong(i, "midi", f"`{place}` cannot be that: a fader is a `cc` or `pitch`, what is held a `note` or `cc`")
            return
        if one.on not in (None, "now") and (asked.way in (Way.FOLLOWS, Way.HOLDS) or isinstance(event, StopAll | Tap)):
            self._on.wrong(i, "on", f"`{self._on.said(i, 'do')}` never waits: leave `on` out")
            return
        if any((known.kind, known.place) == (kind, place) for known in self.places):
            self._on.wrong(i, kind, f"`{place}` is bound already: keep one", "E-bind-twice")
            return
        mark = self._on.at(i, kind)
        words = self._on.said(i, "do")
        self.places.append(
            PlaceBinding("osc" if kind == "osc" else "midi", str(place), words, one.on or "now", mark.line, mark.path)
        )


def _overlap(one: Sign, other: Sign) -> bool:
    """Whether two signs may be the same finger, or postures that one arm can have at the same time."""
    if one.posture is not None and other.posture is not None:
        (kind, low, high), (its, least, most) = _held(one.posture), _held(other.posture)
        return kind == its and low <= most and least <= high
    return one.kind == other.kind and (one.name == other.name or not one.name or not other.name)


def _held(one: Posture) -> tuple[str, float, float]:
    """A posture as others can be compared with it: the height of an arm is how far it is tilted, too."""
    if one.kind != "height":
        return one.kind, one.low, one.high
    return "tilt", math.degrees(math.asin(one.low)), math.degrees(math.asin(one.high))


def _danger(event: ControlEvent, said: bool | None) -> Danger:
    """How dangerous this is by itself: what cues it would fire is seen when it is done."""
    if isinstance(event, Blackout):
        return "alone"
    if said is not None:
        return "danger" if said else ""
    return "danger" if isinstance(event, (Hold, *get_args(TrackControl))) else ""  # outside lighting, or above all of it
