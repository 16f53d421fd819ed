"""A venue -> the table of parameters, the names of the room, and every mistake in its patch.

A fixture without a dimmer gets a virtual one: a parameter "intensity" without slots that scales its colours. Every cell of a
divided fixture that has light and no dimmer gets one of its own as well, so that a chase can run over `bar.cells`; it stands at
full when nothing drives it, and is exempt from the grand master, which acts on the dimmer of the whole (real or virtual).

`all` means every fixture that is neither `exempt` nor one of the `house`: those are touched by no grand master and no blackout,
and only a command that names them puts them on or out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from showctl.config import schema, values
from showctl.config.groups import name_groups
from showctl.config.names import Element, Names
from showctl.config.setting import setting
from showctl.config.tree import Mark, Node, Report
from showctl.fixtures import generic
from showctl.fixtures.library import Library
from showctl.fixtures.model import Channel, FixtureType, Kind, Mode
from showctl.model import ConfigError
from showctl.plan import Category, Parameter, PatchedFixture, Place, Universe

Taken: TypeAlias = dict[tuple[int, int], tuple[str, Mark]]  # (universe, slot) -> who has it, and where that is written


@dataclass(frozen=True, slots=True)
class Unit:
    """One fixture as it hangs."""

    name: str  # "par.1"
    family: str  # "par": its name in the file
    type: FixtureType
    mode: Mode
    place: Place
    parameters: dict[tuple[str, int], int]  # (name, cell) -> index into Patch.parameters
    virtual: bool  # whether its dimmer is virtual
    placed: bool = True  # whether the venue file says where it hangs

    def find(self, name: str, cell: int) -> tuple[int, ...]:
        """The parameters that `name` means here: of the whole fixture, else of all its cells."""
        if (one := self.parameters.get((name, cell))) is not None:
            return (one,)
        return () if cell else tuple(index for (n, _), index in self.parameters.items() if n == name)

    def reached(self, cell: int) -> tuple[int, ...]:
        """Every parameter of a cell, or of the whole fixture with all its cells."""
        return tuple(index for (_, c), index in self.parameters.items() if not cell or c == cell)


class Kinds(NamedTuple):
    """What kinds of parameters a room has: name and category."""

    names: tuple[tuple[str, Category], ...]
    of: list[int]  # each parameter's, an index of names


@dataclass(slots=True)
class Patch:
    """A room, ready to be asked what a name means."""

    names: Names = field(default_factory=Names)
    units: list[Unit] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    used_groups: set[str] = field(default_factory=set)  # that another group is made of
    _kinds: Kinds = field(default_factory=lambda: Kinds((), []))
    house: tuple[int, ...] = ()  # intensities of the house lights

    def find(self, element: Element, name: str) -> tuple[int, ...]:
        """The parameters of this name of a fixture or cell; () if it has none."""
        return self.units[element.unit].find(name, element.cell)

    def kinds(self) -> Kinds:
        """Names and categories of parameters; they are numbered once, when the last fixture hangs."""
        if len(self._kinds.of) != len(self.parameters):
            numbers: dict[tuple[str, Category], int] = {}
            of = [numbers.setdefault((p.name, p.category), len(numbers)) for p in self.parameters]
            self._kinds = Kinds(tuple(numbers), of)
        return self._kinds

    def known(self) -> set[str]:
        """Every name of a parameter in this room."""
        return {p.name for p in self.parameters}

    def fixtures(self) -> tuple[PatchedFixture, ...]:
        """As the page draws them."""
        return tuple(
            PatchedFixture(
                u.name, u.type.kind, f"{u.type.name} {u.mode.name}", u.place, tuple(u.parameters.values()), u.mode.cells
            )
            for u in self.units
        )


def patch(venue: schema.Venue, root: Node, broken: frozenset[str], report: Report, library: Library) -> Patch:
    """Hang every fixture and name every group; what is wrong goes to the report."""
    result = Patch()
    result.names.broken = broken
    taken: Taken = {}
    for name, fixture in venue.fixtures.items():
        if name == "all":
            report.error(root.key("fixtures", name), "E-name", "`all` means every fixture: choose another name")
        elif not _hang(name, fixture, venue, root, result, taken, report, library):
            result.names.broken |= {name}
    result.used_groups |= name_groups(venue, root, result.names, report)
    _apart(venue, root, result, report)
    return result


# --- fixtures --------------------------------------------------------------------------------------------------------


def _hang(
    name: str,
    fixture: schema.Fixture,
    venue: schema.Venue,
    root: Node,
    result: Patch,
    taken: Taken,
    report: Report,
    library: Library,
) -> bool:
    way = ("fixtures", name)
    if (known := _mode(fixture, root, way, report, library)) is None:
        return False
    type_, mode = known[0], _swapped(known[1]) if fixture.swap else known[1]
    if len(fixture.place) > 1 and len(fixture.place) != len(fixture.at):
        text = f"{len(fixture.place)} places for {len(fixture.at)} addresses: write one place for each, or one for all"
        report.error(root.at(*way, "place"), "E-place", text)
    _angles(fixture, mode, root, way, report)
    units = result.names.families.setdefault(name, [])
    for i, (universe, first) in enumerate(fixture.at):
        label = f"{name}.{i + 1}" if fixture.listed else name
        _claim(label, mode, universe, first, root.at(*way, "at", i), taken, venue, report)
        units.append(len(result.units))
        place = fixture.place[min(i, len(fixture.place) - 1)].place() if fixture.place else Place()
        result.units.append(_unit(label, name, type_, mode, place, fixture, universe, first, result.parameters))
        result.names.cells.append(mode.cells)
    return True


def _type(fixture: schema.Fixture, mark: Mark, report: Report, library: Library) -> FixtureType | None:
    try:
        type_ = library.find(fixture.type)
    except ConfigError as error:
        places = "; ".join(f"{p.path}:{p.line}:{p.column}: {p.text}" for p in error.problems[:3])
        report.error(mark, "E-fixture-file", f"the file of `{fixture.type[:80]}` cannot be used: {places}")
        return None
    if type_ is None:
        near = values.did_you_mean(fixture.type, generic.TYPES) or values.did_you_mean(fixture.type, library.names())
        text = f"no fixture type is called `{fixture.type[:80]}`{near}: there are {', '.join(generic.TYPES)}"
        report.error(mark, "E-unknown-type", f"{text}, and those of `showctl fixtures search WORD`")
    return type_


def _mode(
    fixture: schema.Fixture, root: Node, way: tuple[str, ...], report: Report, library: Library
) -> tuple[FixtureType, Mode] | None:
    if (type_ := _type(fixture, root.at(*way, "type"), report, library)) is None:
        return None
    mode = type_.modes.get(fixture.mode) if fixture.mode else next(iter(type_.modes.values()))
    if (refused := dict(type_.refused).get(fixture.mode or "")) is not None:
        text = f"{type_.name} cannot be used in this mode: {refused.path}:{refused.line}:{refused.column}: {refused.text}"
        report.error(root.at(*way, "mode"), "E-fixture-file", text)
        return None
    if mode is None:
        near = values.did_you_mean(str(fixture.mode), type_.modes)
        text = f"{type_.name} has no mode `{str(fixture.mode)[:80]}`{near}: it has {', '.join(type_.modes)}"
        report.error(root.at(*way, "mode"), "E-unknown-mode", text)
        return None
    return type_, mode


def _swapped(mode: Mode) -> Mode:
    """The same mode with pan where tilt was: what a file calls pan is what turns about the upright axis, however it hangs."""
    other = {"pan": "tilt", "tilt": "pan"}
    return replace(mode, channels=tuple(replace(c, name=other.get(c.name, c.name)) for c in mode.channels))


def _claim(
    label: str, mode: Mode, universe: int, first: int, mark: Mark, taken: Taken, venue: schema.Venue, report: Report
) -> None:
    """Take the slots of a fixture; say who has them already."""
    last = first + mode.footprint - 1
    if universe not in venue.universes:
        listed = ", ".join(str(u) for u in venue.universes) or "none"
        report.error(mark, "E-universe", f"universe {universe} of `{label}` is not among `universes` (there: {listed})")
    if last > 512:
        text = f"`{label}` takes {mode.footprint} slots and runs past 512: it would end at {universe}/{last}"
        report.error(mark, "E-past-512", text)
    other = next((taken[universe, s] for s in range(first, last + 1) if (universe, s) in taken), None)
    if other is not None:
        text = f"`{label}` takes {universe}/{first} to {universe}/{last}, where `{other[0]}` of {other[1]} is already"
        report.error(mark, "E-overlap", text)
    for slot in range(first, last + 1):
        taken.setdefault((universe, slot), (label, mark))


def _angles(fixture: schema.Fixture, mode: Mode, root: Node, way: tuple[str, ...], report: Report) -> None:
    """Look at `invert`, `home` and `limits`: each names a channel, each angle is within its range."""
    names = {c.name for c in mode.channels}
    texts: list[tuple[Mark, str, Iterable[str]]] = [
        *((root.at(*way, "invert", i), n, ()) for i, n in enumerate(fixture.invert)),
        *((root.at(*way, "home", n), n, (v,)) for n, v in fixture.home.items()),
        *((root.at(*way, "limits", n), n, v) for n, v in fixture.limits.items()),
    ]
    for mark, name, given in texts:
        channel = mode.channel(name)
        if name not in names or (given and channel is None):
            near = values.did_you_mean(name, names)
            text = f"{fixture.type} {mode.name} has no `{name}`{near}: it has {', '.join(sorted(names))}"
            report.error(mark, "E-no-parameter", text)
            continue
        for value in given if channel else ():
            try:
                setting(value, channel)
            except values.Bad as bad:
                report.error(mark, bad.code, str(bad))


def _safe(text: str, channel: Channel) -> float | None:
    try:
        return setting(text, channel)
    except values.Bad:
        return None  # reported by _angles


def _unit(
    label: str,
    family: str,
    type_: FixtureType,
    mode: Mode,
    place: Place,
    fixture: schema.Fixture,
    universe: int,
    first: int,
    table: list[Parameter],
) -> Unit:
    """Add the parameters of one fixture to the table."""
    own: dict[tuple[str, int], int] = {}

    def add(parameter: Parameter) -> None:
        own[parameter.name, parameter.cell] = len(table)
        table.append(parameter)

    lights = mode.lights
    lamps = [c for c in mode.channels if c.name in lights]
    dimmers = {c.cell for c in mode.channels if c.name == "intensity"}  # real ones
    virtual = 0 not in dimmers and any(c.cell not in dimmers for c in lamps)
    if virtual:
        add(Parameter(label, 0, "intensity", Category.INTENSITY, exempt=fixture.exempt))
    for cell in sorted({c.cell for c in lamps} - dimmers - {0}) if mode.cells > 1 else ():
        add(Parameter(label, cell, "intensity", Category.INTENSITY, default=1.0, exempt=True))
    for channel in mode.channels:
        name, cell = channel.name, channel.cell
        scaled = name in lights and cell not in dimmers
        masters = [own["intensity", 0]] if virtual and scaled else []
        masters += [own["intensity", cell]] if cell and scaled and ("intensity", cell) in own else []
        low, high = (_safe(v, channel) for v in fixture.limits.get(name, ("0%", "100%")))
        low, high = (0.0 if low is None else low), (1.0 if high is None else high)
        home = _safe(fixture.home[name], channel) if name in fixture.home else None
        strobe = _strobe(channel, mode)
        parameter = Parameter(
            label,
            cell,
            name,
            channel.category,
            universe,
            tuple(first + offset for offset in channel.offsets if first + offset <= 512),
            default=min(max(low, high), max(min(low, high), channel.default if home is None else home)),
            snap=channel.snap,
            invert=name in fixture.invert,
            masters=tuple(masters),
            low=min(low, high),
            high=max(low, high),
            exempt=fixture.exempt,
            span=channel.span,
            closed=tuple((r.first / 255, r.last / 255) for r in channel.ranges if r.kind is Kind.CLOSED),
            degrees=channel.degrees,
            labels=channel.labels,
            strobe=strobe,
            opened=_opened(channel, strobe) if strobe else 0.0,
        )
        add(parameter)
    return Unit(label, family, type_, mode, place, own, virtual, bool(fixture.place))


def _strobe(channel: Channel, mode: Mode) -> tuple[tuple[float, float], ...]:
    """Where a channel makes its fixture flash. A speed without ranges counts from its first step, unless a shutter starts it."""
    spans = tuple((r.first / 255, (r.last + 0.99) / 255) for r in channel.ranges if r.kind is Kind.STROBE)
    started = any(r.kind is Kind.STROBE for c in mode.channels for r in c.ranges)
    if channel.name.partition("-")[0] == "strobe" and not channel.ranges and not started:
        return ((1 / 255, 1.0),)
    return spans


def _opened(channel: Channel, strobe: tuple[tuple[float, float], ...]) -> float:
    """A value of the channel at which nothing flashes: open, else where nothing happens, else its default, else any other."""
    found = [channel.labelled(Kind.OPEN), channel.labelled(Kind.NONE), channel.default, 0.0]
    found += [r.value for r in channel.ranges if r.kind not in (Kind.STROBE, Kind.DANGER)]
    still = (v for v in found if v is not None and not any(first <= v <= last for first, last in strobe))
    return next(still, 0.0)


def _apart(venue: schema.Venue, root: Node, result: Patch, report: Report) -> None:
    """House lights: out of `all`, and out of reach of grand master and blackout."""
    house: dict[int, None] = {}
    for i, item in enumerate(venue.house):
        try:
            found = result.names.select(item)
        except values.Bad as bad:
            report.error(root.at("house", i), bad.code, str(bad))
            continue
        units = {e.unit for e in found.elements}
        result.used_groups |= found.groups
        result.names.everything = [u for u in result.names.everything if u not in units]
        dimmers = [p for e in found.elements for p in result.find(Element(e.unit), "intensity")]
        if not dimmers and found.sure:
            report.error(root.at("house", i), "E-no-parameter", f"nothing in `{item}` has an intensity to be put out")
        house.update(dict.fromkeys(dimmers))
        for index in {p for u in units for p in result.units[u].parameters.values()}:
            result.parameters[index] = replace(result.parameters[index], exempt=True)
    result.house = tuple(house)


def universes(venue: schema.Venue) -> tuple[Universe, ...]:
    """As the output sends them, in the order of their numbers."""
    return tuple(
        Universe(
            number,
            multicast=out.to == "multicast",
            unicast=out.to if isinstance(out.to, tuple) else (),
            priority=out.priority,
            sync=out.sync,
        )
        for number, out in sorted(venue.universes.items())
    )
