"""What performers may do in a cue, for who reads a show: which bindings are armed there, by what, and what each needs."""

from __future__ import annotations

from dataclasses import dataclass

from showctl.model import ListState, PlaybackState
from showctl.plan import ControlBinding, CueList, GestureBinding, Plan, Window
from showctl.show.gate.arming import inside
from showctl.show.gate.factors import Dangers, Factors


@dataclass(frozen=True, slots=True)
class Live:
    """One binding that is armed in a cue, or can be."""

    what: str  # "swipe", "tilt of anna-left"
    by: tuple[str, ...]
    does: str
    armed: str  # "here", "by the clutch"
    second: tuple[str, ...]  # factors of which it needs one besides
    path: str
    line: int

    def in_words(self) -> str:
        """In a line."""
        ways = {"clutch": "the clutch", "again": "the gesture again", "operator": "the operator's yes"}
        needs = " or ".join(ways[one] for one in ways if one in self.second)
        second = f", and needs {needs}" if needs else ""
        who = " or ".join(self.by) or "nobody"
        return f"{self.what} by {who}: {self.does}, armed {self.armed}{second} ({self.path}:{self.line})"


ARMED = {"cue": "here", "clutch": "by the clutch", "operator": "by the operator", "always": "always"}


def live(plan: Plan, one: CueList, index: int) -> list[Live]:
    """What may be done while a list stands in its cue `index`; what other lists arm is left out."""
    if plan.gestures is None:
        return []
    after = one.cues[index].goto or (one.cues[index + 1].number if index + 1 < len(one.cues) else None)
    state = ListState(one.name, f"{one.cues[index].number:f}", None if after is None else f"{after:f}")
    playback, dangers = PlaybackState((state,)), Dangers(plan)
    worn = {wearable.name: wearable.performer for wearable in plan.gestures.wearables}
    found = []
    every: list[GestureBinding | ControlBinding] = [*plan.gestures.bindings, *plan.gestures.controls]
    for binding in every:
        if not _armed(binding.window, one.name, state):
            continue
        needs: Factors = frozenset()
        if isinstance(binding, GestureBinding):
            what, by = binding.gesture, binding.performers
            needs = dangers.needs(binding, binding.do, playback)
        else:
            what, by = f"{binding.kind} of {binding.device}", (worn[binding.device],)
        if binding.window.kind == "clutch" and "clutch" in needs:  # that is the second factor
            needs = frozenset()
        found.append(Live(what, by, binding.words, ARMED[binding.window.kind], tuple(sorted(needs)), binding.path, binding.line))
    return found


def _armed(window: Window, name: str, state: ListState) -> bool:
    return inside(window, state) and window.list == name if window.kind == "cue" else True
