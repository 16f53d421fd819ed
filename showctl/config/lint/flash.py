"""Effects that are a strobe, and cycles that no music has.

Whether an effect is a strobe depends on the tempo of the night; it is asked at 200 BPM, faster than music that people dance to
gets. More flashes a second than the venue allows, on more fixtures than it allows, and the strobe limit of the engine will hold
lamps: what is seen is then not what was written. See `show.strobe` for what a flash is.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from showctl.config import schema
from showctl.config.patch import Patch
from showctl.config.tree import Node, Report
from showctl.plan import Category, Effect, Span, StrobeLimit

FASTEST = 60.0 / 200.0  # s a beat
FRAME = 1.0 / 44.0  # s: a flash is seen at a frame, so one more may fall into a second
BEATS_PER_BAR = 4
DEPTH = 0.2  # of full: as show.strobe counts
PARTS = (1, 2, 3, 4, 6, 8, 12, 16)  # of a beat that music is divided into


def multiples(show: schema.Show, root: Node, report: Report) -> None:
    """Cycles in beats and bars that no music has: most often a digit is wrong."""
    for name, effect in show.effects.items():
        if (near := _nearest(effect.every)) is not None:
            unit = effect.every.unit
            text = f"no music has a cycle of {effect.every.amount:g} {unit}s: write whole ones,"
            cure = f"or a half, 1/3, 1/4, 1/6, 1/8, 1/12 or 1/16 of one (did you mean `{near} {unit}{'s' * (near > 1)}`?)"
            report.error(root.at("effects", name, "every"), "E-multiple", f"{text} {cure}")


def _nearest(every: Span) -> Fraction | None:
    """None for a cycle of whole beats, or of a part of one that music has; else the nearest such part, in its unit."""
    if every.unit == "s":
        return None
    best = min((Fraction(round(every.amount * part), part) for part in PARTS), key=lambda f: abs(float(f) - every.amount))
    return None if abs(float(best) - every.amount) < 1e-6 else max(best, Fraction(1, PARTS[-1]))


def flashes(effect: Effect) -> float:
    """Flashes a second of each lamp at the highest tempo; 0 for what is no flash, or follows what is heard."""
    if effect.parameter != "intensity" or effect.sync not in ("beat", "free") or abs(effect.high - effect.low) <= DEPTH:
        return 0.0
    period = effect.every.amount
    if effect.every.unit != "s":
        period *= FASTEST * (BEATS_PER_BAR if effect.every.unit == "bar" else 1)
    chance = effect.shape == "random" and not effect.chase  # up at every other step, at most; in a chase out between its turns
    bounce = effect.direction == "bounce"  # there and back, with what jumps between the two
    return (0.5 + effect.swing) * (1.5 if bounce else 1.0) / (period * (2 if chance else 1))  # swing brings two cycles together


class Lamps:
    """The fixtures of a room that make light, and how many of them may flash."""

    def __init__(self, patch: Patch, limit: StrobeLimit | None) -> None:
        lights = (Category.INTENSITY, Category.COLOUR)
        fixtures = {p.fixture for p in patch.parameters if p.category in lights}
        self.fixture = [p.fixture for p in patch.parameters]
        self.flashes = limit.flashes if limit is not None else 0
        self.most = int(limit.share * len(fixtures) + 1e-9) if limit is not None else len(fixtures)

    def too_fast(self, effect: Effect) -> bool:
        """Whether it flashes more often than the venue allows."""
        return self.flashes > 0 and flashes(effect) * (1 + FRAME) > self.flashes

    def of(self, targets: Iterable[tuple[int, ...]]) -> set[str]:
        """The fixtures of an effect's targets."""
        return {self.fixture[parameter] for target in targets for parameter in target}
