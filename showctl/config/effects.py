"""Effects as written -> effects of the plan, and who they run on.

`size: 25deg` swings pan or tilt 25 degrees to either side of where it stands; `size: 60%` of anything else adds up to 60 %
to it (layer `add`). `low` and `high` say from where to where instead (layer `replace` unless `scale`, `max` or `add` is
written). An angle is another share of the range on every type of fixture, so one written effect may become several in the
plan: `sway`, `sway~2`; a `stop: sway` ends them all. Each keeps the places of the whole group, with nothing where another one
moves the head, so that a wave runs through a mixed group as it runs through one of a kind. So does an effect on the beat over
fixtures of which some are slower than others (`lamps` of the venue): each variant runs as early as its lamps need it.

`length` is a share of the cycle (`50%`) or a time in the unit of `every`; a bar counts four beats there. In a chase it is a
share of each turn, and no time: how long a turn is depends on the group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from showctl.config import schema, values
from showctl.config.look import Looks
from showctl.config.names import Element
from showctl.config.setting import setting
from showctl.config.tree import Node, Where
from showctl.fixtures.model import Channel
from showctl.model import Section
from showctl.plan import Effect, EffectStart, Span

BEATS_PER_BAR = 4
CATEGORIES = ("colour", "position", "beam")  # that are several parameters
Variant: TypeAlias = tuple[float, float, float]  # low, high, and s by which it runs ahead


@dataclass(slots=True)
class Effects:
    """The effects of a show; `plan` grows as cues start them."""

    written: dict[str, schema.EffectModel]
    looks: Looks
    root: Node
    broken: frozenset[str] = frozenset()
    plan: dict[str, Effect] = field(default_factory=dict)
    variants: dict[str, dict[Variant, str]] = field(default_factory=dict)  # name -> plan name of each
    used: set[str] = field(default_factory=set)
    lengths: dict[str, float] = field(default_factory=dict)
    latency: Mapping[str, float] = field(default_factory=dict)  # s, of fixture types
    quickest: float = 0.0  # s, of the quickest of the room

    def check(self) -> None:
        """Look at what can be said of each effect by itself."""
        for name, effect in self.written.items():
            self.lengths[name] = self._length(name, effect)
            if effect.param in CATEGORIES:
                mark = self.root.at("effects", name, "param")
                text = f"an effect moves one parameter, not `{effect.param}` as a whole: write `red`, `pan`, ..."
                self.looks.report.error(mark, "E-parameter", text)
            for key in ("low", "high", "size"):
                if (text_ := getattr(effect, key)) is not None:
                    self._amount(name, key, text_)

    def _amount(self, name: str, key: str, text: str) -> None:
        """A level or an angle; which of them is right depends on the fixture."""
        try:
            values.angle(text) if text.endswith("deg") else values.level(text)
        except values.Bad as bad:
            self.looks.report.error(self.root.at("effects", name, key), bad.code, str(bad))

    def _length(self, name: str, effect: schema.EffectModel) -> float:
        if effect.length is None:
            return 1.0
        try:
            share = self._share(effect)
            if not 0 < share <= 1:
                raise values.Bad("E-range", f"`{effect.length}` must be more than nothing and at most the cycle (`every`)")
        except values.Bad as bad:
            self.looks.report.error(self.root.at("effects", name, "length"), bad.code, str(bad))
            return 1.0
        return share

    @staticmethod
    def _share(effect: schema.EffectModel) -> float:
        text, every = effect.length or "", effect.every
        if text.endswith("%") or text == "full":
            return values.level(text)
        span = values.time(text)
        if effect.chase:
            raise values.Bad("E-unit", f"`{text}`: in a chase the length is a share of each turn, like `50%`")
        if (span.unit == "s") != (every.unit == "s"):
            raise values.Bad("E-unit", f"`{text}` and `every` must both be in seconds, or both in beats; or write `50%`")
        return _beats(span) / _beats(every)

    def start(self, wanted: dict[str, Any], way: Where, root: Node) -> tuple[EffectStart, ...]:
        """`start: {chase: wash}` -> who runs what."""
        found: list[EffectStart] = []
        for name, target in wanted.items():
            mark = root.key(*way, name)
            if name in self.broken:
                self.looks.unsure = True
                self._elements(target, (*way, name), root)
            elif name not in self.written:
                near = values.did_you_mean(name, self.written)
                there = f": there are {', '.join(list(self.written)[:12])}" if self.written and not near else ""
                self.looks.report.error(mark, "E-unknown-effect", f"no effect is called `{name}`{near}{there}")
            else:
                self.used.add(name)
                found += self._run(name, target, (*way, name), root)
        return tuple(found)

    def stops(self, names: list[str], way: Where) -> None:
        """Look at the names after `stop:`."""
        for i, name in enumerate(names):
            if name != "all" and name not in self.written and name not in self.broken:
                near = values.did_you_mean(name, self.written)
                mark = self.root.at(*way, i)
                self.looks.report.error(mark, "E-unknown-effect", f"no effect is called `{name[:80]}`{near}")

    def plan_names(self, names: list[str]) -> tuple[str, ...]:
        """What `stop:` ends, in the names of the plan; right once every cue is compiled."""
        return tuple(n for name in names for n in self.variants.get(name, {(0.0, 0.0, 0.0): name}).values())

    def _elements(self, target: Any, way: Where, root: Node) -> tuple[list[Element], bool, bool]:
        """-> elements, whether they are sure to be all, whether some of them may lack the parameter without a word."""
        texts = target if isinstance(target, list) else [target]
        elements: dict[Element, None] = {}
        sure, mixed = True, False
        for i, text in enumerate(texts):
            mark = root.at(*way, i)
            if not isinstance(text, str):
                self.looks.report.error(mark, "E-type", "name a group here, or a list of groups")
                sure = False
            elif (selection := self.looks.select(text, mark)) is None:
                sure = False
            else:
                elements.update(dict.fromkeys(selection.elements))
                sure &= selection.sure
                mixed |= selection.reach[0] == 0
        return list(elements), sure, mixed

    def _run(self, name: str, target: Any, way: Where, root: Node) -> list[EffectStart]:
        effect = self.written[name]
        elements, sure, mixed = self._elements(target, way, root)
        patch, mark = self.looks.patch, root.at(*way)
        self.looks.unsure |= effect.param in CATEGORIES
        if patch is None or not elements or effect.param in CATEGORIES:
            return []
        runs: dict[str, list[tuple[int, ...]]] = {}  # one entry for each element that has the parameter, () for another variant
        places = lacking = 0
        for element in elements:
            parameters = patch.find(element, effect.param)
            if not parameters:
                lacking += 1
                continue
            unit = patch.units[element.unit]
            late = self.latency.get(unit.type.name, 0.0) - self.quickest if effect.sync == "beat" else 0.0
            try:
                variant = self._variant(name, effect, unit.mode.channel(effect.param, element.cell), max(0.0, late))
            except values.Bad as bad:
                self.looks.report.error(mark, bad.code, f"effect `{name}` on {unit.name}: {bad}")
                return []
            runs.setdefault(variant, []).extend([()] * (places - len(runs.get(variant, ()))))
            runs[variant].append(parameters)
            places += 1
        if lacking and sure and not runs:
            self.looks.report.error(mark, "E-no-parameter", f"nothing there has `{effect.param}`, which `{name}` moves")
        elif lacking and not mixed and runs:
            text = f"{lacking} of {len(elements)} there have no `{effect.param}`, which `{name}` moves"
            self.looks.report.warning(mark, "W-no-parameter", text)
        return [EffectStart(variant, (*targets, *[()] * (places - len(targets)))) for variant, targets in runs.items()]

    def _variant(self, name: str, effect: schema.EffectModel, channel: Channel | None, early: float) -> str:
        """The effect of the plan that moves such a channel so early (s), made where there is none yet."""
        low, high = _range(effect, channel)
        mine = self.variants.setdefault(name, {})
        if (low, high, early) not in mine:
            label = mine[low, high, early] = f"{name}~{len(mine) + 1}" if mine else name
            self.plan[label] = Effect(
                name=label,
                shape=effect.shape,
                parameter=effect.param,
                sync=effect.sync,
                every=effect.every,
                low=low,
                high=high,
                layer=effect.layer or ("add" if effect.size is not None else "replace"),
                length=self.lengths.get(name, 1.0),
                spread=effect.spread / 360,
                parts=effect.parts or 0,
                order=effect.order,
                chase=effect.chase,
                swing=effect.swing,
                seed=effect.seed,
                segments=effect.segments or 0,
                sections=tuple(Section(section) for section in effect.sections),
                entry=effect.entry,
                exit=effect.exit,
                direction=effect.direction,
                early=early,
            )
        return mine[low, high, early]


def _range(effect: schema.EffectModel, channel: Channel | None) -> tuple[float, float]:
    """Low and high in shares of the channel's range; below zero where the effect swings to both sides."""
    if effect.size is not None:
        if channel is not None and channel.degrees is not None:
            low, high = channel.degrees
            share = values.angle(effect.size) / (high - low) if effect.size.endswith("deg") else values.level(effect.size)
            if abs(share) > 1:
                raise values.Bad("E-range", f"`{effect.size}` is more than the {high - low:g}deg it can turn")
            return -share, share
        return 0.0, values.level(effect.size)
    return (
        0.0 if effect.low is None else setting(effect.low, channel),
        1.0 if effect.high is None else setting(effect.high, channel),
    )


def _beats(span: Span) -> float:
    return span.amount * (BEATS_PER_BAR if span.unit == "bar" else 1)
