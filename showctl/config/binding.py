"""What each binding of a show is read against: the tree, where mistakes are placed; who wears what; all else of the show."""

from __future__ import annotations

from showctl.config.deeds import lacks
from showctl.config.tree import Mark, Node, Report
from showctl.config.values import did_you_mean
from showctl.config.wearables import Wearing
from showctl.config.words import Words
from showctl.model import ControlEvent
from showctl.plan import Plan, Wearable, Window
from showctl.wire.midi_map import Deed, Way
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import control

NO_CLUTCH = "{} has no clutch, and this is armed by it: give a device of theirs `clutch: button`, or write `armed: cue 5-9`"


class Ground:
    """`wearing` is None without a venue, `plan` too: then little can be said."""

    def __init__(self, root: Node, wearing: Wearing | None, plan: Plan | None, report: Report) -> None:
        self.wearing, self.plan = wearing, plan
        self.words = None if plan is None else Words(plan)
        self._root, self._report = root, report

    def wrong(self, i: int, key: str, text: str, code: str = "E-bind") -> None:
        """A mistake in row `i` of `bind`."""
        self._report.error(self.at(i, key), code, text)

    def at(self, i: int, key: str) -> Mark:
        """Where a key of that row stands."""
        return self._root.at("bind", i, key)

    def said(self, i: int, key: str) -> str:
        """Its words as they are written, in one line."""
        node, _ = self._root.find(("bind", i, key))
        return " ".join(str(node.value).split())

    def meant(self, i: int, key: str, asked: Deed) -> ControlEvent | None:
        """What the words ask for; None where the show has not what they name, or nobody knows what it has."""
        if self.words is None or self.plan is None:
            return None
        if said := lacks(asked, self.words, self.plan):
            self.wrong(i, key, said)
            return None
        event = control(asked.message(*(() if asked.way is Way.FIRES else (1,))), 0.0, "", self.words)
        return None if isinstance(event, Refusal) else event

    def window(self, i: int, window: Window) -> None:
        """The cues of a window are there."""
        if window.kind != "cue" or self.plan is None:
            return
        lists = {one.name: one for one in self.plan.lists}
        if window.list not in lists:
            text = f"no list is called `{window.list}`{did_you_mean(window.list, lists)}"
            self.wrong(i, "armed", text, "E-armed")
        elif not any(window.first <= cue.number <= window.last for cue in lists[window.list].cues):
            text = f"list {window.list} has no cue from {window.first:f} to {window.last:f}: this would never be armed"
            self.wrong(i, "armed", text, "E-armed")

    def worn(self, performer: str) -> list[Wearable]:
        """What a performer wears."""
        return [] if self.wearing is None else self.wearing.worn_by(performer)
