"""Names: what a show says it needs, what nobody uses, and what other programs would not read as a name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from showctl.config import schema, values
from showctl.config.look import Looks
from showctl.config.patch import Patch
from showctl.config.tree import Mark, Node, Report, Where

if TYPE_CHECKING:
    from showctl.config.compile import Source
    from showctl.config.effects import Effects

# What YAML 1.1 takes for something else than text: with these for a name, other programs see another file than we do.
MISREAD = frozenset({"on", "off", "yes", "no", "y", "n", "true", "false", "null", "~"})
NAMED: tuple[Where, ...] = (
    *((key,) for key in ("fixtures", "groups", "positions", "points", "looks", "presets", "effects", "submasters", "lists")),
    *(("palettes", category) for category in ("intensity", "colour", "position", "beam")),
)

MOST = 8  # groups that one message lists


def needs(show: schema.Show, root: Node, venue: schema.Venue, patch: Patch, report: Report) -> None:
    """What the show says it needs, and the venue lacks."""
    for i, name in enumerate(show.needs.groups):
        if name not in patch.names.groups and name not in patch.names.broken:
            near = values.did_you_mean(name, patch.names.groups)
            report.error(root.at("needs", "groups", i), "E-needs", f"the venue has no group `{name}`{near}")
    for key, wanted, there in (
        ("positions", show.needs.positions, venue.positions),
        ("points", show.needs.points, venue.points),
    ):
        for i, name in enumerate(wanted):
            if name not in there:
                near = values.did_you_mean(name, there)
                report.error(root.at("needs", key, i), "E-needs", f"the venue has no {key[:-1]} `{name}`{near}")


def unused(show: schema.Show, root: Node, looks: Looks, effects: Effects, report: Report) -> None:
    """Palettes, presets and effects that no cue and no submaster uses."""
    for category in ("intensity", "colour", "position", "beam"):
        for name in getattr(show.palettes, category):
            if (category, name) not in looks.used:
                report.warning(root.key("palettes", category, name), "W-unused", f"no cue uses the {category} palette `{name}`")
    for name in show.presets:
        if ("preset", name) not in looks.used:
            report.warning(root.key("presets", name), "W-unused", f"no cue uses the preset `{name}`")
    for name in show.effects:
        if name not in effects.used:
            report.warning(root.key("effects", name), "W-unused", f"no cue and no submaster starts the effect `{name}`")


def unused_groups(venue: schema.Venue, root: Node, patch: Patch, looks: Looks, report: Report) -> None:
    """Groups that neither this show nor another group nor a look of the venue uses: one line for all, as other shows may."""
    names = [n for n in venue.groups if n in patch.names.groups and n not in looks.groups | patch.used_groups]
    if names:
        more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
        said = ", ".join(f"`{name}`" for name in names[:MOST]) + more
        text = f"this show does not use the group{'s' * (len(names) > 1)} {said}"
        report.warning(root.key("groups", names[0]), "W-unused", text)


def misread(source: Source, report: Report) -> None:
    """Names without quotes that YAML 1.1 takes for a truth or for nothing."""
    for way in NAMED:
        node, there = source.root.find(way)
        for name, mark in node.keys.items() if there == way else ():
            if name.casefold() in MISREAD and not _quoted(mark):
                text = f"`{name}` is a name here and true, false or nothing to other programs: put it in quotes"
                report.warning(mark, "W-misread", text)


def _quoted(mark: Mark) -> bool:
    """Whether a quote stands at a place; the tree does not keep it, and few names ask for it."""
    try:
        line = Path(mark.path).read_text(encoding="utf-8-sig").split("\n")[mark.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):  # changed under our hands: then there is nothing to say
        return True
    return line[mark.column - 1 : mark.column] in ('"', "'")
