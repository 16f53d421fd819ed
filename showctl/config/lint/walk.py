"""The look of a list from cue to cue, followed once: what is wrong only because of what came before.

Cues track, so whether a lamp swings as it comes up, stays on at the end or lies behind a closed shutter is seen only by going
through the list. It is gone through once, in the order of the numbers, with one dictionary of what was set; a cue costs what
it moves. Links, loops and other lists are not followed: what is said holds for the list played from its start.

What is waited for, so that a good show is quiet:
- coming up while it moves: heads that turn by more than 5 degrees; colours and wheels change as the light comes, as they should;
  not in the first cue of a list, before which nothing can be moved in the dark;
- turning in no time: by more than 45 degrees, lit before and after;
- left on: in the last cue of a list that ends there, where more is put out than stays, and what stays is not mentioned;
- effects after a blackout: those that make light of their own; in the last cue, any;
- each of the others once for an effect, or a fixture, in a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from showctl.config.lint.flash import Lamps, flashes
from showctl.config.lint.numbers import seconds
from showctl.config.patch import Patch
from showctl.config.tree import Mark, Node, Report, Where
from showctl.fixtures.model import Kind
from showctl.plan import Category, Cue, Effect, EffectStart, Move, Parameter, StrobeLimit

TURN, LARGE = 5.0, 45.0  # deg: what is seen as a movement, and what no head does gently in no time
WHOLE = 540.0  # deg that are meant where a fixture does not say how far it turns
EPS = 1e-6
NAMES = 4  # fixtures named in a sentence


@dataclass(frozen=True, slots=True)
class Places:
    """Where each cue of a list stands in its file."""

    root: Node
    rows: Mapping[Decimal, Where]  # number -> way to the cue

    def mark(self, number: Decimal, *key: str) -> Mark:
        """The place of a key of a cue, of its number where no key is asked for."""
        way = self.rows[number]
        return self.root.key(*way, *key) if key else self.root.at(*way, "cue")

    def has(self, number: Decimal, key: str) -> bool:
        """Whether a key is written in a cue; it may also be that of its list."""
        way = (*self.rows[number], key)
        return self.root.find(way)[1] == way


class Walk:
    """What is known of a room for walking through the lists played in it."""

    def __init__(
        self, patch: Patch, rest: Mapping[int, float], effects: Mapping[str, Effect], limit: StrobeLimit | None, report: Report
    ) -> None:
        self.patch, self.effects, self.report = patch, effects, report
        self.lamps = Lamps(patch, limit)
        self.rest = [rest.get(i, p.default) for i, p in enumerate(patch.parameters)]
        self.lights: dict[int, int] = {}  # parameters that are the dimmer of a fixture -> fixture
        self.cells: dict[int, tuple[int, int]] = {}  # dimmers of cells -> fixture, the dimmer of the whole that is over them
        self.turns: dict[int, tuple[int, float]] = {}  # pan and tilt -> fixture, deg from end to end
        self.closers: dict[int, list[int]] = {}  # fixture -> parameters that can shut its light off
        self.strobes: dict[int, int] = {}  # parameters that can make it flash -> fixture
        self.danger: dict[int, list[tuple[float, float, float]]] = {}  # parameter -> from, to and middle of its dangerous ranges
        self.limited: set[int] = set()
        for number, unit in enumerate(patch.units):
            self._unit(number, unit.parameters)
        judged = (self.lights, self.cells, self.turns, self.strobes, self.danger, self.limited)
        self.looked_at = frozenset(p for several in judged for p in several)

    def _unit(self, number: int, own: Mapping[tuple[str, int], int]) -> None:
        whole = ("intensity", 0) in own
        for (name, cell), index in own.items():
            p = self.patch.parameters[index]
            channel = self.patch.units[number].mode.channel(name, cell)
            if name == "intensity" and (not cell or not whole) and not p.exempt:
                self.lights[index] = number
            elif name == "intensity" and cell and whole:
                self.cells[index] = (number, own["intensity", 0])
            if p.category is Category.POSITION:
                low, high = p.degrees or (0.0, WHOLE)
                self.turns[index] = (number, high - low)
            if p.closed:
                self.closers.setdefault(number, []).append(index)
            if p.strobe:
                self.strobes[index] = number
            if p.low > 0.0 or p.high < 1.0:
                self.limited.add(index)
            bad = [r for r in channel.ranges if r.kind is Kind.DANGER] if channel else []
            if bad:
                self.danger[index] = [(r.first / 255, (r.last + 0.99) / 255, r.value) for r in bad]

    def name(self, fixtures: Iterable[int]) -> str:
        """Fixtures in words."""
        names = [self.patch.units[f].name for f in sorted(fixtures)]
        return ", ".join(names[:NAMES]) + (f" and {len(names) - NAMES} more" if len(names) > NAMES else "")

    def through(self, cues: Sequence[Cue], ends: bool, faulty: set[Decimal], places: Places) -> None:
        """Walk through the cues of a list, sorted; `ends` says whether the last one is the end. `faulty` ones are not judged."""
        step = _Step(self, places)
        for i, cue in enumerate(cues):
            step.take(cue, first=i == 0, last=ends and i + 1 == len(cues), judged=cue.number not in faulty)

    def starts(self, starts: Sequence[EffectStart], mark: Callable[[str], Mark]) -> None:
        """What can be said of effects that start together; `mark` says where the name of one stands."""
        together: dict[str, int] = {}
        for start in starts:
            together[_written(start.effect)] = together.get(_written(start.effect), 0) + len(start.targets)
        for name, count in together.items():
            effect = self.effects[name]
            if count == 1 and (effect.spread or effect.parts or effect.chase):
                key = "chase" if effect.chase else "parts" if effect.parts else "spread"
                text = f"`{name}` runs on one only: `{key}` does nothing there"
                self.report.warning(mark(name), "W-spread-one", text)
        for start in starts:
            effect = self.effects[start.effect]
            for parameter in (p for target in start.targets for p in target if p in self.danger):
                low, high = sorted((effect.low, effect.high))
                base = self.rest[parameter] if effect.layer == "add" else 0.0
                if any(first <= base + high and base + low <= last for first, last, _ in self.danger[parameter]):
                    p = self.patch.parameters[parameter]
                    text = f"`{_written(start.effect)}` takes {p.name} of {p.fixture} through a reset, a lamp off or a setting"
                    self.report.warning(mark(_written(start.effect)), "W-danger", f"{text}: keep `low` and `high` clear of it")
                    break

    def too_fast(self, starts: Sequence[EffectStart], running: Iterable[EffectStart]) -> dict[str, str]:
        """Of what starts, the effects that are a strobe on too many fixtures, with all that runs: what is to be said of each."""
        fast = [start for start in running if self.lamps.too_fast(self.effects[start.effect])]
        fixtures = {fixture for start in fast for fixture in self.lamps.of(start.targets)}
        if len(fixtures) <= self.lamps.most:
            return {}
        rate = max(flashes(self.effects[start.effect]) for start in fast)
        text = f"{rate:.2g} flashes a second at 200 BPM on {len(fixtures)} fixtures, and the venue lets {self.lamps.flashes}"
        cure = f"on more than {self.lamps.most}: lamps will be held; use a longer `every`"
        ours = {start.effect for start in fast}
        names = dict.fromkeys(_written(start.effect) for start in starts if start.effect in ours)
        return {name: f"`{name}`: {text} {cure}" for name in names}

    def submaster(self, starts: Sequence[EffectStart], mark: Callable[[str], Mark]) -> None:
        """What can be said of the effects that a submaster brings in; `mark` says where the name of one stands."""
        self.starts(starts, mark)
        for name, text in self.too_fast(starts, starts).items():
            self.report.warning(mark(name), "W-strobe", text)


def _kind(p: Parameter) -> tuple[str, str]:
    """What is told once of all fixtures that hang under one name."""
    return p.fixture.partition(".")[0], p.name


def _written(label: str) -> str:
    """The effect as the file calls it."""
    return label.partition("~")[0]


@dataclass(slots=True)
class _Step:
    """The state of a list while it is walked through."""

    walk: Walk
    places: Places
    tracked: dict[int, float] = field(default_factory=dict)
    lit: set[int] = field(default_factory=set)  # fixtures whose dimmer is up
    strobing: set[int] = field(default_factory=set)
    running: dict[str, EffectStart] = field(default_factory=dict)
    adding: dict[int, str] = field(default_factory=dict)  # parameter -> effect that adds to it
    said: set[tuple[str, object]] = field(default_factory=set)  # (code, what) that was said once

    def __post_init__(self) -> None:
        self.lit = {f for p, f in self.walk.lights.items() if self.walk.rest[p] > 0}

    def take(self, cue: Cue, *, first: bool, last: bool, judged: bool) -> None:
        """Judge one cue, and go on to its state."""
        before = {m.parameter: self.tracked.get(m.parameter) for m in cue.moves} if cue.cue_only else {}
        if judged:
            self._no_change(cue)
        lit_before, strobing_before, running_before = set(self.lit), set(self.strobing), self.running
        moves = [m for m in cue.moves if m.parameter in self.walk.looked_at]  # most are colours, of which little can be said
        turning = self._moves(cue, moves)
        self._effects(cue)
        if judged:
            rising = {f for m in moves if (f := self.walk.lights.get(m.parameter)) in self.lit and f not in lit_before}
            falling = lit_before - self.lit
            self._turns(cue, turning, rising, lit_before, first)
            self._shutters(cue, rising, strobing_before)
            self._cells(cue, moves)
            self._values(cue, moves)
            self._running(cue, falling, last)
            if cue.block:
                self._block(cue)
            if last:
                self._end(cue, falling)
        if cue.cue_only:  # the next cue goes on from the one before
            for parameter, value in before.items():
                if value is None:
                    del self.tracked[parameter]
                else:
                    self.tracked[parameter] = value
            self.lit, self.strobing, self.running = lit_before, strobing_before, running_before
            self._adders()

    def _warn(self, cue: Cue, code: str, text: str, *, once: object = None, key: tuple[str, ...] = ()) -> None:
        if once is not None:
            if (code, once) in self.said:
                return
            self.said.add((code, once))
        self.walk.report.warning(self.places.mark(cue.number, *key), code, text)

    def _value(self, parameter: int) -> float:
        return self.tracked.get(parameter, self.walk.rest[parameter])

    # --- going on ----------------------------------------------------------------------------------------------------

    def _moves(self, cue: Cue, moves: list[Move]) -> dict[int, list[tuple[Move, float]]]:
        """Take the values of a cue; -> fixtures that turn, with their moves and by how many degrees."""
        walk = self.walk
        turning: dict[int, list[tuple[Move, float]]] = {}
        for move in moves:
            p = move.parameter
            if p in walk.turns:
                turned, whole = walk.turns[p]
                if (by := abs(move.value - self._value(p)) * whole) > TURN:
                    turning.setdefault(turned, []).append((move, by))
            if p in walk.strobes:
                strobes = any(low <= move.value <= high for low, high in walk.patch.parameters[p].strobe)
                (self.strobing.add if strobes else self.strobing.discard)(walk.strobes[p])
            if (fixture := walk.lights.get(p)) is not None:
                (self.lit.add if move.value > 0 else self.lit.discard)(fixture)
        self.tracked.update((m.parameter, m.value) for m in cue.moves)
        return turning

    def _effects(self, cue: Cue) -> None:
        if not cue.starts and not cue.stops:
            return
        kept = {} if "all" in cue.stops else {n: s for n, s in self.running.items() if _written(n) not in cue.stops}
        self.running = {**kept, **{start.effect: start for start in cue.starts}}
        self._adders()

    def _adders(self) -> None:
        self.adding = {
            p: name
            for name, start in self.running.items()
            if self.walk.effects[name].layer == "add"
            for target in start.targets
            for p in target
        }

    # --- judging -----------------------------------------------------------------------------------------------------

    def _no_change(self, cue: Cue) -> None:
        """Before its values are taken."""
        acts = cue.starts or cue.stops or cue.play or cue.goto is not None or cue.follow is not None or cue.hang is not None
        if acts or cue.block or cue.asserts or any(self.tracked.get(m.parameter) != m.value for m in cue.moves):
            return
        what = "all it sets is so already" if cue.moves else "it sets, starts and stops nothing"
        self._warn(cue, "W-no-change", f"cue {cue.number:f} changes nothing: {what}")

    def _turns(
        self, cue: Cue, turning: dict[int, list[tuple[Move, float]]], rising: set[int], lit_before: set[int], first: bool
    ) -> None:
        """Heads that are seen to move where nobody meant it, and marks that do nothing."""
        live = {f for f in rising & turning.keys() if self._overlap(cue, f, turning[f])}
        if live and not cue.mark and not first:
            text = (
                f"{self.walk.name(live)} comes up while it turns: write `mark: true`, or move it in the cue before, in the dark"
            )
            self._warn(cue, "W-live-move", f"cue {cue.number:f}: {text}")
        if cue.mark and self.places.has(cue.number, "mark") and (first or not self._marked(cue, rising)):
            why = "no cue is before it" if first else "no fixture that is dark before comes up in it and moves or changes"
            self._warn(cue, "W-mark", f"`mark` of cue {cue.number:f} does nothing: {why}", key=("mark",))
        fast = {f: by for f, moves in turning.items() for move, by in moves if move.up.amount == 0 and by > LARGE}
        fast = {f: by for f, by in fast.items() if f in lit_before and f in self.lit}
        if fast:
            text = f"{self.walk.name(fast)} turns {max(fast.values()):.0f}deg in no time, lit: write `times: {{position: 1s}}`"
            self._warn(cue, "W-jump", f"cue {cue.number:f}: {text}")

    def _overlap(self, cue: Cue, fixture: int, moves: list[tuple[Move, float]]) -> bool:
        """Whether the light comes before the movement has ended."""
        lights = self.walk.lights
        waits = [seconds(m.delay) for m in cue.moves if lights.get(m.parameter) == fixture and m.value > 0]
        until = max(seconds(move.delay) + seconds(move.up) for move, _ in moves)
        return not waits or min(waits) == 0 or min(waits) < until

    def _marked(self, cue: Cue, rising: set[int]) -> bool:
        names = {self.walk.patch.units[f].name for f in rising}
        parameters = self.walk.patch.parameters
        return any(
            parameters[m.parameter].fixture in names and parameters[m.parameter].category is not Category.INTENSITY
            for m in cue.moves
        )

    def _shutters(self, cue: Cue, rising: set[int], strobing_before: set[int]) -> None:
        walk = self.walk
        shut: dict[int, str] = {}
        for fixture in rising & walk.closers.keys():
            for p in walk.closers[fixture]:
                value = self._value(p)
                if any(low <= value <= high for low, high in walk.patch.parameters[p].closed):
                    shut[fixture] = walk.patch.parameters[p].name
        if shut:
            which = next(iter(shut.values()))
            text = f"{walk.name(shut)} comes up with its {which} closed, and no light passes: set it to `open`"
            self._warn(cue, "W-closed", f"cue {cue.number:f}: {text}")
        flashing = self.strobing & self.lit
        if walk.lamps.flashes and len(flashing) > walk.lamps.most and not flashing <= strobing_before:
            text = f"{len(flashing)} fixtures strobe by themselves, and the venue lets {walk.lamps.most}: the others stand open"
            self._warn(cue, "W-strobe", f"cue {cue.number:f}: {text}")

    def _cells(self, cue: Cue, moves: list[Move]) -> None:
        """Cells that come up beneath a dimmer of the whole that nobody has ever put up."""
        cells = self.walk.cells
        up = {cells[m.parameter] for m in moves if m.parameter in cells and m.value > 0}
        dark = {fixture for fixture, whole in up if fixture not in self.lit and whole not in self.tracked}
        if dark and not any(whole in t for _, whole in up for start in self.running.values() for t in start.targets):
            text = f"cells of {self.walk.name(dark)} come up while the whole is at 0, and no light passes: set its intensity, too"
            self._warn(cue, "W-closed", f"cue {cue.number:f}: {text}")

    def _values(self, cue: Cue, moves: list[Move]) -> None:
        """Values that a fixture will not take as they are written."""
        walk = self.walk
        for move in moves:
            p = move.parameter
            if p in walk.limited:
                own = walk.patch.parameters[p]
                if not own.low - EPS <= move.value <= own.high + EPS:
                    text = (
                        f"cue {cue.number:f} takes {own.name} of {own.fixture} beyond its `limits` in the venue: it stops there"
                    )
                    self._warn(cue, "W-limits", text, once=_kind(own))
            for low, high, middle in walk.danger.get(p, ()):
                if low <= move.value <= high and abs(move.value - middle) > EPS:
                    own = walk.patch.parameters[p]
                    text = f"cue {cue.number:f} sets {own.name} of {own.fixture} to a reset, a lamp off or a setting"
                    self._warn(cue, "W-danger", f"{text}: if that is meant, write its label", once=_kind(own))

    def _running(self, cue: Cue, falling: set[int], last: bool) -> None:
        """Effects that clip, flash too much, or go on in the dark."""
        walk = self.walk
        started = {p for start in cue.starts for target in start.targets for p in target}
        for p in started.union(m.parameter for m in cue.moves) & self.adding.keys() if self.adding else ():
            effect, own, value = walk.effects[self.adding[p]], walk.patch.parameters[p], self._value(p)
            if value + effect.high > own.high + EPS or value + effect.low < own.low - EPS:
                name = _written(effect.name)
                text = f"cue {cue.number:f}: `{name}` takes {own.name} of {own.fixture} past its end and is cut off there"
                self._warn(cue, "W-clip", f"{text}: a smaller `size`, or a level further from it", once=name)
        if cue.starts:
            walk.starts(cue.starts, lambda name: self.places.mark(cue.number, "start", name))
            for name, text in walk.too_fast(cue.starts, self.running.values()).items():
                self._warn(cue, "W-strobe", text, once=name, key=("start", name))
        if falling and not self.lit and self.running:
            left = [_written(name) for name in self.running if last or self._glows(walk.effects[name])]
            if left:
                names = ", ".join(f"`{name}`" for name in dict.fromkeys(left))
                text = f"cue {cue.number:f} puts out every light, and {names} runs on: write `stop: all`, or name it"
                self._warn(cue, "W-effect-left", text)

    def _glows(self, effect: Effect) -> bool:
        """Whether it makes light where there is none beneath."""
        return effect.parameter == "intensity" and effect.layer != "scale" and max(effect.low, effect.high) > 0

    def _block(self, cue: Cue) -> None:
        """A cue that blocks sets all that is seen in it: only then does no edit of an earlier cue come through."""
        own, names = {m.parameter for m in cue.moves}, {self.walk.patch.units[f].name for f in self.lit}
        parameters = self.walk.patch.parameters
        through = [parameters[p] for p in self.tracked if p not in own and parameters[p].fixture in names]
        if through:
            kinds = ", ".join(dict.fromkeys(p.category.value for p in through))
            fixtures = self.walk.name(
                f for f, unit in enumerate(self.walk.patch.units) if unit.name in {p.fixture for p in through}
            )
            text = f"{kinds} of {fixtures} tracks in from earlier cues, and would change with them: set it here, too"
            self._warn(cue, "W-block", f"cue {cue.number:f} is to block, but {text}", key=("block",))

    def _end(self, cue: Cue, falling: set[int]) -> None:
        if cue.cue_only:
            text = f"cue {cue.number:f} is the last of its list: `cue_only` has no next cue to be undone in"
            self._warn(cue, "W-cue-only", text, key=("cue_only",))
        moved = {f for m in cue.moves if (f := self.walk.lights.get(m.parameter)) is not None}
        left = self.lit - moved
        if left and len(left) < len(falling):
            text = (
                f"cue {cue.number:f} is the last and puts out the rest: {self.walk.name(left)} stays on; if it is meant, set it"
            )
            self._warn(cue, "W-left-on", text)
