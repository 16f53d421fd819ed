"""How dangerous what is asked for is at this moment, and the second factor that it needs.

A GO is as dangerous as the cue that it would fire, and as those which follow that one by themselves. What goes back, or goes on
from a pause, may fire any cue of its list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from showctl.model import Back, Blackout, ControlEvent, Go, Goto, LockBeat, PlaybackState, Resume, Zero
from showctl.plan import CueList, Danger, Factor, GestureBinding, Plan

ORDER: tuple[Danger, ...] = ("", "danger", "alone")
Factors: TypeAlias = frozenset[Factor]
Stand: TypeAlias = tuple[str, str | None, bool]
NEEDS: dict[Danger, Factors] = {
    "": frozenset(),
    "danger": frozenset(("clutch", "again", "operator")),
    "alone": frozenset(("clutch", "operator")),
}


def standing(control: ControlEvent, playback: PlaybackState) -> Stand | None:
    """Where the list of a control stands: its cue, what it would fire next, and whether it is paused (then a GO only goes on);
    None for what is of no list."""
    if not isinstance(control, Go | Back | Goto | Resume):
        return None
    return next(((one.current, one.pending, one.state == "paused") for one in playback.lists if one.name == control.list), None)


def aimed(control: ControlEvent, playback: PlaybackState) -> ControlEvent:
    """A GO for the cue by which its danger was judged: what fires another one meanwhile leaves it without effect."""
    if not isinstance(control, Go):
        return control
    state = next((one for one in playback.lists if one.name == control.list), None)
    return replace(control, cue=None if state is None or state.state == "paused" else state.pending)


def meant(binding: GestureBinding, performer: str, playback: PlaybackState) -> ControlEvent:
    """What a performer asks for: of what turns over, the other than it is; of faders, their own."""
    match binding.do:
        case Blackout() as one:
            return replace(one, on=not playback.blackout)
        case LockBeat() as other:
            return replace(other, on=playback.beats.source != "lock")
        case Zero() as zero:
            return replace(zero, performer=performer)
    return binding.do


def worst(found: Iterable[Danger]) -> Danger:
    """The greatest of some dangers."""
    return max(found, key=ORDER.index, default="")


class Dangers:
    """What the cues of a plan are."""

    def __init__(self, plan: Plan) -> None:
        self._cues = {one.name: _of_list(one) for one in plan.lists}

    def of(self, control: ControlEvent, playback: PlaybackState) -> Danger:
        """How dangerous a control is now, by the cues that it may fire."""
        if not isinstance(control, Go | Back | Goto | Resume):
            return ""
        cues = self._cues.get(control.list, {})
        if isinstance(control, Goto):
            return cues.get(control.cue, "")
        if isinstance(control, Go):
            state = next((one for one in playback.lists if one.name == control.list), None)
            if state is not None and state.state != "paused":
                return cues.get(state.pending or "", "")
        return worst(cues.values())

    def needs(self, binding: GestureBinding, control: ControlEvent, playback: PlaybackState) -> Factors:
        """The second factors of which one is needed now; none where nothing is."""
        danger = worst((binding.danger, self.of(control, playback)))
        if not binding.factor:
            return NEEDS[danger]
        own: Factors = frozenset((binding.factor,))
        return own if danger != "alone" or own & NEEDS["alone"] else NEEDS["alone"]


def _of_list(one: CueList) -> dict[str, Danger]:
    """Cue -> its danger, or that of what follows it by itself."""
    found: dict[str, Danger] = {}
    after: Danger = worst(cue.danger for cue in one.cues) if one.loop else ""
    for cue in reversed(one.cues):
        goes_on = cue.follow is not None or cue.hang is not None
        after = worst((cue.danger, after)) if goes_on else cue.danger
        if goes_on and cue.goto is not None:
            after = worst(other.danger for other in one.cues)
        found[f"{cue.number:f}"] = after
    return found
