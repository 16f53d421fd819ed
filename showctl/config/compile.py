"""Venue and show, checked -> Plan: names become parameters, palettes levels, times spans.

Each cue keeps its own moves only; what tracks from cue to cue is the engine's. Times are chosen here, as Eos does: `in` is for
intensity that rises, `out` for intensity that falls and is `in` where it is left out; colour, position and beam take `in`
unless `times: {colour: 2s}` says otherwise. Unlike Eos, whose defaults live in the desk, a time that a file does not write
is 0 s: what happens can be read from the file alone.

A submaster over a group starts out (additive, effect) or full (inhibitive, which only limits) unless `level` says where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from showctl.config import lint, offered, schema, values
from showctl.config.effects import Effects
from showctl.config.look import Looks, Values, parse_colour, positions
from showctl.config.patch import Patch, patch, universes
from showctl.config.tree import Key, Node, Report, Where
from showctl.fixtures import generic
from showctl.fixtures.library import Library, places
from showctl.model import Section
from showctl.plan import Category, Cue, CueList, Move, Plan, Span, Submaster, When


@dataclass(slots=True)
class Source:
    """A checked file (with all it includes): its model, its tree, and the names that stood in it before mistakes were cut out."""

    model: schema.Venue | schema.Show
    root: Node
    names: dict[Where, frozenset[str]]
    cut: frozenset[int] = frozenset()  # id() of every node of the tree beneath which something was cut out

    def broken(self, way: Where, sound: Mapping[str, object]) -> frozenset[str]:
        """Names under `way` that are written but had mistakes."""
        return self.names.get(way, frozenset()) - sound.keys()


@dataclass(slots=True)
class Room:
    """A venue, compiled."""

    venue: schema.Venue
    source: Source
    patch: Patch
    looks: Looks
    start: Values
    safe: Values
    stop: Values | None
    files: tuple[Path, ...] = ()  # of fixture types


def compile_venue(source: Source, report: Report) -> Room:
    """The room alone; mistakes go to the report."""
    venue, root = source.model, source.root
    assert isinstance(venue, schema.Venue)
    broken = source.broken(("fixtures",), venue.fixtures) | source.broken(("groups",), venue.groups)
    broken |= {name for name in venue.fixtures if id(root.find(("fixtures", name))[0]) in source.cut}
    library = Library(places(Path(root.mark.path).parent))
    room = patch(venue, root, broken, report, library)
    looks = Looks(report, room, positions(venue, root, room, report))
    looks.broken = {"positions": source.broken(("positions",), venue.positions)}
    compiled = {name: looks.resolve(targets, root, ("looks", name)) for name, targets in venue.looks.items()}
    if isinstance(venue.on_stop, tuple) and venue.on_stop[1] not in source.names.get(("looks",), ()):
        near = values.did_you_mean(venue.on_stop[1], venue.looks)
        report.error(root.at("on_stop"), "E-unknown-look", f"no look is called `{venue.on_stop[1][:80]}`{near}")
    for name in venue.lamps:
        types = {*generic.TYPES, *(unit.type.name for unit in room.units)}
        if name not in types:
            near = values.did_you_mean(name, types)
            report.error(root.key("lamps", name), "E-unknown-type", f"no fixture type is called `{name[:80]}`{near}")
    idle: list[Where] = [("universes", str(n), "rate") for n, out in venue.universes.items() if out.rate is not None]
    idle += [("audio", "out")] if venue.audio.out is not None else []
    idle += [("audio", "latency")] if venue.audio.latency else []
    idle += [("lamps", name) for name in venue.lamps]
    for way in idle:
        report.warning(root.key(*way), "W-not-yet", f"`{way[-1]}` of `{way[0]}` does nothing in this version")
    lint.room(venue, source, room, frozenset(compiled.get("start", {})), report)
    lint.misread(source, report)
    stop = compiled.get(venue.on_stop[1], {}) if isinstance(venue.on_stop, tuple) else None
    return Room(venue, source, room, looks, compiled.get("start", {}), compiled.get("safe", {}), stop, tuple(library.files))


def compile_show(source: Source, room: Room | None, report: Report) -> Plan | None:
    """The plan of a show in a room. Without a room everything is checked that can be; there is no plan then."""
    show, root = source.model, source.root
    assert isinstance(show, schema.Show)
    looks = Looks(report, palettes=show.palettes)
    for category in ("intensity", "colour", "beam", "position"):
        looks.broken[category] = source.broken(("palettes", category), getattr(show.palettes, category))
    if room is not None:
        looks.patch, looks.positions = room.patch, room.looks.positions
        looks.broken["positions"] = room.looks.broken["positions"]
        looks.own_fixtures = show.venue is not None
        if show.venue is not None and show.venue != room.venue.name:
            text = f"this show is for `{show.venue}` only, and the venue is `{room.venue.name}`"
            report.error(root.at("venue"), "E-wrong-venue", text)
    effects = Effects(show.effects, looks, root, source.broken(("effects",), show.effects))
    effects.check()
    _palettes(show, root, looks)
    lists = _lists(show, source, looks, effects, room)
    submasters = tuple(_submaster(n, s, root, looks, effects) for n, s in show.submasters.items())
    if room is not None:
        lint.needs(show, root, room.venue, room.patch, report)
        lint.unused_groups(room.venue, room.source.root, room.patch, looks, report)
    lint.unused(show, root, looks, effects, report)
    lint.multiples(show, root, report)
    lint.misread(source, report)
    if room is None:
        return None
    return Plan(
        parameters=tuple(room.patch.parameters),
        fixtures=room.patch.fixtures(),
        universes=universes(room.venue),
        lists=tuple(_stops(one, effects) for one in lists),
        effects=tuple(effects.plan.values()),
        submasters=submasters,
        start=tuple(sorted(room.start.items())),
        safe=tuple(sorted(room.safe.items())),
        stop=None if room.stop is None else tuple(sorted(room.stop.items())),
        venue=room.venue.name,
        show=show.name,
        back_time=show.back,
        strobe=room.venue.safety.limit(),
        house=room.patch.house,
        groups=offered.groups(room.patch),
        palettes=offered.palettes(show, looks, room.patch),
    )


def _palettes(show: schema.Show, root: Node, looks: Looks) -> None:
    """Look at every palette, used or not; what no fixture of the room could take is found where it is used."""
    for name, colour in show.palettes.colour.items():
        try:
            parse_colour(colour)
        except values.Bad as bad:
            looks.report.error(root.at("palettes", "colour", name), bad.code, str(bad))
    if looks.patch is None:
        return
    for name, setting in show.palettes.beam.items():
        for key in setting:
            if key not in looks.patch.known():
                near = values.did_you_mean(key, looks.patch.known())
                mark = root.key("palettes", "beam", name, key)
                looks.report.error(mark, "E-unknown-key", f"no fixture here has `{key[:80]}`{near}")
    for name, position in show.palettes.position.items():
        if position not in looks.positions and position not in looks.broken["positions"]:
            near = values.did_you_mean(position, looks.positions)
            text = f"the venue has no position `{position[:80]}`{near}"
            looks.report.error(root.at("palettes", "position", name), "E-unknown-position", text)


# --- lists -----------------------------------------------------------------------------------------------------------


def _lists(show: schema.Show, source: Source, looks: Looks, effects: Effects, room: Room | None) -> list[CueList]:
    if show.cues and "main" in show.lists:
        mark = source.root.key("lists", "main")
        looks.report.error(mark, "E-name-twice", "`cues:` is already the list main: write its cues in one of the two places")
    walk = None
    if room is not None:
        walk = lint.Walk(room.patch, room.start, effects.plan, room.venue.safety.limit(), looks.report)
    found = []
    for name, (way, one) in show.all_lists().items():
        cues: list[Cue] = []
        faulty = set()
        for i, cue in enumerate(one.cues):
            before, looks.unsure = len(looks.report.problems), False
            cues.append(_cue(cue, (*way, i), source.root, looks, effects))
            if id(source.root.find((*way, i))[0]) in source.cut or looks.unsure or len(looks.report.problems) > before:
                faulty.add(cue.cue)
        lint.numbers(cues, one.loop, way, source, looks.report)
        rows = {cue.number: (*way, i) for i, cue in reversed(list(enumerate(cues)))}
        cues.sort(key=lambda cue: cue.number)
        if walk is not None:
            walk.through(cues, not one.loop, faulty, lint.Places(source.root, rows))
        found.append(CueList(name, tuple(cues), one.priority, one.htp, one.loop, one.release))
    return found


def _cue(cue: schema.CueModel, way: tuple[Key, ...], root: Node, looks: Looks, effects: Effects) -> Cue:
    moves = looks.resolve(cue.set, root, (*way, "set"))
    effects.stops(cue.stop, (*way, "stop"))
    return Cue(
        number=cue.cue,
        name=cue.name,
        moves=tuple(_move(p, v, cue, looks.patch) for p, v in sorted(moves.items())),
        starts=effects.start(cue.start, (*way, "start"), root),
        stops=tuple(cue.stop),
        follow=cue.follow,
        hang=cue.hang,
        when=When(Section(cue.when), cue.quantise or "none") if cue.when else None,
        cue_only=cue.cue_only,
        block=cue.block,
        goto=cue.goto,
        line=root.at(*way).line,
    )


def _move(parameter: int, value: float, cue: schema.CueModel, patch: Patch | None) -> Move:
    """One value with its times; see the top of this module for which."""
    assert patch is not None
    category = patch.parameters[parameter].category
    up, written = cue.up or Span(0.0), cue.times.of(category)
    if written is not None:
        up = down = written
    else:
        down = cue.down if cue.down is not None and category is Category.INTENSITY else up
    return Move(parameter, value, up, down, cue.delay, cue.curve)


def _stops(one: CueList, effects: Effects) -> CueList:
    """Put in the plan's names of what `stop:` ends; every cue must be compiled before."""
    return replace(one, cues=tuple(replace(cue, stops=effects.plan_names(list(cue.stops))) for cue in one.cues))


def _submaster(name: str, one: schema.SubmasterModel, root: Node, looks: Looks, effects: Effects) -> Submaster:
    way = ("submasters", name)
    if one.start is not None:
        starts = effects.start(one.start, (*way, "start"), root)
        return Submaster(name, "effect", (), starts, one.level or 0.0)
    levels: dict[int, float] = {}
    if (selection := looks.select(one.group or "", root.at(*way, "group"))) is not None:
        assert looks.patch is not None
        for element in selection.elements:
            levels.update(dict.fromkeys(looks.patch.find(element, "intensity"), 1.0))
        if not levels and selection.sure:
            text = f"nothing in `{one.group}` has an intensity"
            looks.report.error(root.at(*way, "group"), "E-no-parameter", text)
    level = one.level if one.level is not None else float(one.mode == "inhibitive")
    return Submaster(name, one.mode, tuple(levels.items()), (), level)


def number_text(number: Decimal) -> str:
    """A cue number as people write it."""
    return f"{values.plain(number):f}"
