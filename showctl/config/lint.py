"""What is allowed word by word and wrong as a whole: cues out of order, loops without an end, what nobody uses, what the room
lacks. Everything here looks at compiled values and reports; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from showctl.config import schema, values
from showctl.config.look import Looks
from showctl.config.patch import Patch
from showctl.config.tree import Key, Mark, Node, Report
from showctl.plan import Cue, Span

if TYPE_CHECKING:
    from showctl.config.compile import Source
    from showctl.config.effects import Effects

Way = tuple[Key, ...]


def numbers(cues: Sequence[Cue], way: Way, source: Source, report: Report) -> None:
    """Each number once, in the order of the file; every `goto` leads to a cue. `cues` are in the order of the file."""
    root = source.root
    seen: dict[Decimal, int] = {}
    highest: Cue | None = None
    for i, cue in enumerate(cues):
        mark = root.at(*way, i, "cue")
        if cue.number in seen:
            first = root.at(*way, seen[cue.number], "cue")
            report.error(mark, "E-cue-twice", f"cue {cue.number:f} is here twice, first in {first}: give one another number")
        elif highest is not None and cue.number < highest.number:
            text = f"cue {cue.number:f} stands after cue {highest.number:f}: cues are played by number, not as they stand here"
            report.warning(mark, "W-cue-order", text)
        seen.setdefault(cue.number, i)
        highest = cue if highest is None or cue.number > highest.number else highest
    written = source.names.get((*way, "cue"), frozenset())  # those with mistakes too
    for i, cue in enumerate(cues):
        if cue.goto is not None and cue.goto not in seen and f"{cue.goto:f}" not in written:
            near = values.did_you_mean(f"{cue.goto:f}", [f"{n:f}" for n in seen])
            report.error(root.at(*way, i, "goto"), "E-unknown-cue", f"there is no cue {cue.goto:f} in this list{near}")


def endless(cues: Sequence[Cue], loop: bool, marks: Mapping[Decimal, Mark], report: Report) -> None:
    """Cues that follow one another in no time, round and round, would never let a frame out. `cues` are sorted."""
    places = {cue.number: i for i, cue in enumerate(cues)}

    def after(i: int) -> int | None:
        """The cue that comes at the same moment."""
        cue = cues[i]
        span = cue.follow if cue.follow is not None else cue.hang
        if span is None or span.amount > 0 or (cue.hang is not None and _length(cue) > 0):
            return None
        if cue.goto is not None:
            return places.get(cue.goto)
        return i + 1 if i + 1 < len(cues) else 0 if loop else None

    done: set[int] = set()
    for start in range(len(cues)):
        path: dict[int, None] = {}
        at: int | None = start
        while at is not None and at not in done and at not in path:
            path[at] = None
            at = after(at)
        if at is not None and at in path:
            number = cues[at].number
            text = f"from cue {number:f} on, cues follow one another in no time, for ever: give one a longer `follow`"
            report.error(marks[number], "E-endless", text)
        done.update(path)


def _length(cue: Cue) -> float:
    """How long a cue takes at most, whatever the unit: enough to tell none from some."""
    spans: list[Span] = [span for move in cue.moves for span in (move.up, move.down, move.delay)]
    return max((span.amount for span in spans), default=0.0)


def changes_nothing(cues: Sequence[Cue], faulty: set[Decimal], marks: Mapping[Decimal, Mark], report: Report) -> None:
    """A cue that sets what is so already. `cues` are sorted; those with mistakes only seem to do nothing."""
    tracked: dict[int, float] = {}
    for cue in cues:
        own = {move.parameter: move.value for move in cue.moves}
        acts = cue.starts or cue.stops or cue.goto is not None or cue.follow is not None or cue.hang is not None or cue.block
        if not acts and cue.number not in faulty and all(tracked.get(p) == v for p, v in own.items()):
            what = "all it sets is so already" if own else "it sets, starts and stops nothing"
            report.warning(marks[cue.number], "W-no-change", f"cue {cue.number:f} changes nothing: {what}")
        if not cue.cue_only:
            tracked.update(own)


def needs(show: schema.Show, root: Node, venue: schema.Venue, patch: Patch, report: Report) -> None:
    """What the show says it needs, and the venue lacks."""
    for i, name in enumerate(show.needs.groups):
        if name not in patch.names.groups and name not in patch.names.broken:
            near = values.did_you_mean(name, patch.names.groups)
            report.error(root.at("needs", "groups", i), "E-needs", f"the venue has no group `{name}`{near}")
    for i, name in enumerate(show.needs.positions):
        if name not in venue.positions:
            near = values.did_you_mean(name, venue.positions)
            report.error(root.at("needs", "positions", i), "E-needs", f"the venue has no position `{name}`{near}")
    for i, name in enumerate(show.needs.points):
        text = f"`{name}`: points do nothing in this version; use a position"
        report.warning(root.at("needs", "points", i), "W-not-yet", text)


def unused(show: schema.Show, root: Node, looks: Looks, effects: Effects, report: Report) -> None:
    """Palettes and effects that no cue and no submaster uses."""
    for category in ("intensity", "colour", "position", "beam"):
        for name in getattr(show.palettes, category):
            if (category, name) not in looks.used:
                report.warning(root.key("palettes", category, name), "W-unused", f"no cue uses the {category} palette `{name}`")
    for name in show.effects:
        if name not in effects.used:
            report.warning(root.key("effects", name), "W-unused", f"no cue and no submaster starts the effect `{name}`")


def unused_groups(venue: schema.Venue, root: Node, patch: Patch, looks: Looks, report: Report) -> None:
    """Groups that neither this show nor another group nor a look of the venue uses."""
    for name in venue.groups:
        if name in patch.names.groups and name not in looks.groups | patch.used_groups:
            report.warning(root.key("groups", name), "W-unused", f"this show does not use the group `{name}`")
