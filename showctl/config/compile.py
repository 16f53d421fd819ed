"""Venue and show, checked -> Plan: names become parameters, palettes levels, times spans.

Each cue keeps its own moves only; what tracks from cue to cue is the engine's. Times are chosen here (see `times`). Unlike Eos,
whose defaults live in the desk, a time that a file does not write is 0 s: what happens can be read from the file alone.

A submaster over a group starts out (additive, effect) or full (inhibitive, which only limits) unless `level` says where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from showctl.config import lint, midi, offered, pa, palettes, schema, timecode, tracks, values
from showctl.config.effects import Effects
from showctl.config.gestures import compile_gestures
from showctl.config.look import Looks
from showctl.config.meaning import Values
from showctl.config.memory import Known, Memory, key_of
from showctl.config.patch import Patch, patch, universes
from showctl.config.times import Times
from showctl.config.times import check as check_times
from showctl.config.tree import Key, Node, Report, Where
from showctl.config.wearables import Wearing, compile_wearables
from showctl.fixtures import generic
from showctl.fixtures.library import Library, places
from showctl.model import Section
from showctl.plan import Category, Cue, CueList, Move, PaPlan, Plan, Submaster, When


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
    files: tuple[Path, ...] = ()  # of fixture types, of microphones, of the target
    pa: PaPlan | None = None
    wearing: Wearing = field(default_factory=Wearing)


def compile_venue(source: Source, report: Report) -> Room:
    """The room alone; mistakes go to the report."""
    venue, root = source.model, source.root
    assert isinstance(venue, schema.Venue)
    broken = source.broken(("fixtures",), venue.fixtures) | source.broken(("groups",), venue.groups)
    broken |= {name for name in venue.fixtures if id(root.find(("fixtures", name))[0]) in source.cut}
    library = Library(places(Path(root.mark.path).parent))
    room = patch(venue, root, broken, report, library)
    looks = Looks(report=report, patch=room, positions=palettes.positions(venue, root, room, report))
    looks.points = {name: (point.x, point.y, point.z) for name, point in venue.points.items()}
    looks.broken = {kind: source.broken((kind,), getattr(venue, kind)) for kind in ("positions", "points")}
    palettes.check_points(venue, root, report)
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
    for way in idle:
        report.warning(root.key(*way), "W-not-yet", f"`{way[-1]}` of `{way[0]}` does nothing in this version")
    lint.room(venue, source, room, frozenset(compiled.get("start", {})), report)
    lint.misread(source, report)
    stop = compiled.get(venue.on_stop[1], {}) if isinstance(venue.on_stop, tuple) else None
    sound, files = pa.compile_pa(venue, root, source.cut, report)
    start, safe = compiled.get("start", {}), compiled.get("safe", {})
    wearing = compile_wearables(venue, root, bool(source.broken(("wearables",), venue.wearables)), report)
    return Room(venue, source, room, looks, start, safe, stop, (*library.files, *files), sound, wearing)


def compile_show(source: Source, room: Room | None, report: Report, memory: Memory | None = None) -> Plan | None:
    """The plan of a show in a room. Without a room everything is checked that can be; there is no plan then.

    With a `memory` of the compile before, cues that are as they were are taken from it.
    """
    show, root = source.model, source.root
    assert isinstance(show, schema.Show)
    looks = Looks(report=report, palettes=show.palettes, presets=show.presets)
    looks.broken["preset"] = source.broken(("presets",), show.presets)
    for category in ("intensity", "colour", "beam", "position"):
        looks.broken[category] = source.broken(("palettes", category), getattr(show.palettes, category))
    if room is not None:
        looks.patch, looks.positions, looks.points = room.patch, room.looks.positions, room.looks.points
        looks.broken |= room.looks.broken
        looks.own_fixtures = show.venue is not None
        if show.venue is not None and show.venue != room.venue.name:
            text = f"this show is for `{show.venue}` only, and the venue is `{room.venue.name}`"
            report.error(root.at("venue"), "E-wrong-venue", text)
    effects = Effects(show.effects, looks, root, source.broken(("effects",), show.effects))
    if room is not None:
        effects.latency, effects.quickest = room.venue.lamps, quickest(room.patch, room.venue.lamps)
    effects.check()
    palettes.check(show, root, looks)
    if memory is not None:
        memory.begin(root)
    walk = None
    if room is not None:
        walk = lint.Walk(room.patch, room.start, effects.plan, room.venue.safety.limit(), report)
    lists = _lists(show, source, looks, effects, room, memory, walk)
    if memory is not None:
        memory.end(looks.said)
    looks.stands = {}
    submasters = tuple(_submaster(n, s, root, looks, effects) for n, s in show.submasters.items())
    if walk is not None:
        starts = ((one.starts, partial(root.key, "submasters", one.name, "start")) for one in submasters)
        report.later += [partial(walk.submaster, one, mark) for one, mark in starts]
    if room is not None:
        lint.needs(show, root, room.venue, room.patch, report)
        lint.unused_groups(room.venue, room.source.root, room.patch, looks, report)
    lint.unused(show, root, looks, effects, report)
    lint.multiples(show, root, report)
    lint.misread(source, report)
    audio, sound = (None, None) if room is None else (room.venue.audio, room.pa)
    played = tracks.compile_tracks(show, root, source.broken(("tracks",), show.tracks), audio, sound, report)
    if room is None:
        compile_gestures(show, source, None, None, report)
        return None
    plan = Plan(
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
        sound_latency=room.venue.audio.latency,
        lamp_latency=quickest(room.patch, room.venue.lamps),
        pa=room.pa,
        tracks=played,
    )
    if room.venue.midi is not None and not report.failed:  # what was cut out for its mistakes is not called unknown
        midi.check(room.venue.midi.map, room.source.root, plan, report)
    return replace(plan, gestures=compile_gestures(show, source, room.wearing, plan, report))


def quickest(patch: Patch, lamps: Mapping[str, float]) -> float:
    """Latency (s) of the quickest fixtures of a room; what is said of no type takes no time. House lights do not count."""
    house = {i for i, p in enumerate(patch.parameters) if p.exempt or i in patch.house}
    units = [unit for unit in patch.units if not house.issuperset(unit.parameters.values())]
    return min((lamps.get(unit.type.name, 0.0) for unit in units), default=0.0)


# --- lists -----------------------------------------------------------------------------------------------------------


def _lists(
    show: schema.Show,
    source: Source,
    looks: Looks,
    effects: Effects,
    room: Room | None,
    memory: Memory | None,
    walk: lint.Walk | None,
) -> list[CueList]:
    if show.cues and "main" in show.lists:
        mark = source.root.key("lists", "main")
        looks.report.error(mark, "E-name-twice", "`cues:` is already the list main: write its cues in one of the two places")
    kinds = {p.name: p.category for p in looks.patch.parameters} if looks.patch is not None else {}
    found = []
    for name, (way, one) in show.all_lists().items():
        compiled: dict[int, Cue] = {}
        faulty = set()
        tracked = dict(room.start) if room is not None else {}
        looks.stands = tracked
        for i in sorted(range(len(one.cues)), key=lambda i: one.cues[i].cue):  # heads come from where the cue before left them
            cue = one.cues[i]
            before, looks.unsure = len(looks.report.problems), False
            times = Times(cue)
            own, moves = _set(cue, times, (*way, i), source.root, looks, memory)
            compiled[i] = _cue(cue, moves, times, (*way, i), source.root, looks, effects, one.mark, kinds)
            looks.stands = {**tracked, **own} if cue.cue_only else tracked
            tracked.update({} if cue.cue_only else own)
            wrong = any(p.severity == "error" for p in looks.report.problems[before:])
            if id(source.root.find((*way, i))[0]) in source.cut or looks.unsure or wrong:
                faulty.add(cue.cue)
        cues = [replace(compiled[i], at=at) for i, at in enumerate(timecode.times(one, way, source.root, looks.report))]
        lint.numbers(cues, one.loop, faulty, way, source, looks.report)
        rows = {cue.number: (*way, i) for i, cue in reversed(list(enumerate(cues)))}
        cues.sort(key=lambda cue: cue.number)
        if walk is not None:
            places = lint.Places(source.root, rows)
            looks.report.later.append(partial(walk.through, cues, not one.loop, faulty, places))
        found.append(CueList(name, tuple(cues), one.priority, one.htp, one.loop, one.release, one.timecode, one.freewheel))
    return found


def _set(
    cue: schema.CueModel, times: Times, way: Where, root: Node, looks: Looks, memory: Memory | None
) -> tuple[Mapping[int, float], tuple[Move, ...]]:
    """The values that a cue sets, and its moves: worked out, or known from before."""
    if memory is None:
        own = looks.resolve(cue.set, root, (*way, "set"))
        return own, _moves(own, cue, times, looks)
    key = key_of(root.find(way)[0])
    known = memory.recall(key)
    if known is None:
        before, used, groups = len(looks.report.problems), looks.used, looks.groups
        looks.used, looks.groups, looks.bound = set(), set(), False
        own = looks.resolve(cue.set, root, (*way, "set"))
        known = Known(own, _moves(own, cue, times, looks), frozenset(looks.used), frozenset(looks.groups))
        looks.used, looks.groups = used, groups
        if not (looks.bound or looks.unsure or len(looks.report.problems) > before):
            memory.keep(key, known)
    looks.used |= known.used
    looks.groups |= known.groups
    return known.values, known.moves


def _cue(
    cue: schema.CueModel,
    moves: tuple[Move, ...],
    times: Times,
    way: tuple[Key, ...],
    root: Node,
    looks: Looks,
    effects: Effects,
    mark: bool,
    kinds: Mapping[str, Category],
) -> Cue:
    effects.stops(cue.stop, (*way, "stop"))
    if looks.patch is not None:
        check_times(cue, way, root, kinds, looks.report)
    return Cue(
        number=cue.cue,
        name=cue.name,
        moves=moves,
        starts=effects.start(cue.start, (*way, "start"), root),
        stops=tuple(cue.stop),
        follow=cue.follow,
        hang=cue.hang,
        when=When(Section(cue.when), cue.quantise or "none") if cue.when else None,
        cue_only=cue.cue_only,
        block=cue.block,
        goto=cue.goto,
        rounds=cue.rounds or 0,
        asserts=cue.asserts,
        mark=mark if cue.mark is None else cue.mark,
        rate=cue.rate,
        tempo=cue.tempo,
        play=cue.play or "",
        danger=("danger" if cue.play else "") if cue.danger is None else cue.danger,  # a track is, whoever begins it
        line=root.at(*way).line,
        path=root.at(*way).path,
        times=times.plan(kinds),
    )


def _moves(found: Mapping[int, float], cue: schema.CueModel, times: Times, looks: Looks) -> tuple[Move, ...]:
    """Values with their times, and how the file says them. Long shows have half a million: nothing is done twice for them."""
    if looks.patch is None:
        return ()
    kinds, curve, said = looks.patch.kinds(), cue.curve, looks.origins.get
    spans = [(t.up, t.down, t.delay) for t in (times.of(*kind) for kind in kinds.names)]
    which = kinds.of
    return tuple([Move(p, found[p], *spans[which[p]], curve, said(p, "")) for p in sorted(found)])


def _stops(one: CueList, effects: Effects) -> CueList:
    """Put in the plan's names of what `stop:` ends; every cue must be compiled before."""
    return replace(one, cues=tuple(replace(cue, stops=effects.plan_names(list(cue.stops))) for cue in one.cues))


def _submaster(name: str, one: schema.SubmasterModel, root: Node, looks: Looks, effects: Effects) -> Submaster:
    way = ("submasters", name)
    if one.start is not None:
        starts = effects.start(one.start, (*way, "start"), root)
        return Submaster(name, "effect", (), starts, one.level or 0.0, one.priority or 4)
    levels: dict[int, float] = {}
    if (selection := looks.select(one.group or "", root.at(*way, "group"))) is not None:
        assert looks.patch is not None
        for element in selection.elements:
            levels.update(dict.fromkeys(looks.patch.find(element, "intensity"), 1.0))
        if not levels and selection.sure:
            text = f"nothing in `{one.group}` has an intensity"
            looks.report.error(root.at(*way, "group"), "E-no-parameter", text)
    level = one.level if one.level is not None else float(one.mode == "inhibitive")
    return Submaster(name, one.mode or "additive", tuple(levels.items()), (), level)


def number_text(number: Decimal) -> str:
    """A cue number as people write it."""
    return f"{values.plain(number):f}"
