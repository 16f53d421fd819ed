"""Layering: how the values of effects meet what lies beneath them, with as few gathers and scatters as can be.

Effects over the same parameter meet in the order in which they are laid. A tier holds effects that do not touch each
other, so those of one tier and layer are laid together; big ones each by itself, by a slice where their parameters stand at
equal distances (the reds of a row of pars do), since a slice costs a tenth of a gather.

With a size s below 1 (it grows, it shrinks, its fader is not up) an effect of value v lies over a level b as
replace b (1 - s) + s v, add b + s v, scale b (1 - s + s v), max the higher of b and s v.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.show.effects import Lamps, Singles
from showctl.show.fade import Bools, Ints

Levels: TypeAlias = NDArray[np.floating[Any]]

BIG = 1024  # parameters from which on an effect is laid by itself


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What is laid with one gather and one scatter."""

    layer: str
    effects: Ints  # whose values they are
    place: slice | Ints  # parameters
    rows: slice | Ints  # of the values, one for each parameter or one for all


def tiers(lamps: Sequence[Lamps]) -> list[int]:
    """For each effect, in the order in which they are laid, how many lie beneath it at most."""
    top = np.zeros(1 + max((int(one.parameter.max(initial=-1)) for one in lamps), default=-1), dtype=np.int32)
    found = []
    for one in lamps:
        found.append(1 + int(top[one.parameter].max(initial=0)))
        top[one.parameter] = found[-1]
    return found


def pieces(lamps: Sequence[Lamps], tier: Sequence[int], first: Sequence[int], hidden: Sequence[Bools | None]) -> list[Piece]:
    """All effects, in the order in which they are laid. `first`: where the rows of each begin; `hidden`: parameters of each
    that it may not touch, None for none."""
    together: dict[tuple[int, str], list[int]] = {}
    for i, one in enumerate(lamps):
        alone = len(one.parameter) >= BIG
        together.setdefault((tier[i], f"{one.effect.layer} {i}" if alone else one.effect.layer), []).append(i)
    found = []
    for (_, layer), some in sorted(together.items(), key=lambda item: item[0][0]):
        seen = [_seen(lamps[i], first[i], hidden[i]) for i in some]
        place, rows = seen[0] if len(seen) == 1 else tuple(np.concatenate(column) for column in zip(*seen, strict=True))
        if len(place):
            found.append(Piece(layer.partition(" ")[0], np.array(some), _slice(place), _rows(rows)))
    return found


def _seen(one: Lamps, first: int, hidden: Bools | None) -> tuple[Ints, Ints]:
    """Parameters of an effect and the row of each."""
    own = one.row if one.row is not None else np.zeros(1, np.intp) if one.rows == 1 else np.arange(one.rows)
    rows = np.broadcast_to(own + first, one.parameter.shape)
    return (one.parameter, rows) if hidden is None else (one.parameter[~hidden], rows[~hidden])


def _slice(index: Ints) -> slice | Ints:
    """The same places as a slice, where they stand at equal distances."""
    step = int(index[1] - index[0]) if len(index) > 1 else 1
    even = step > 0 and index[-1] - index[0] == step * (len(index) - 1) and bool((np.diff(index) == step).all())
    return slice(int(index[0]), int(index[-1]) + 1, step) if even else index


def _rows(index: Ints) -> slice | Ints:
    """As `_slice`; one entry, which numpy spreads, where all show the same row."""
    first = int(index[0])
    return slice(first, first + 1) if bool((index == first).all()) else _slice(index)


def lay(piece: Piece, out: Levels, value: Singles, rest: Singles | None) -> None:
    """Lay values (rows,), already times their size, over `out`; `rest` is 1 less the size, None where all are full."""
    place = piece.place
    v = _of(value, piece.rows)
    if piece.layer == "replace" and rest is None:
        out[place] = v
        return
    beneath = _of(out, place)  # a view of a slice, else a copy
    if piece.layer == "add":
        np.add(beneath, v, out=beneath)
    elif piece.layer == "max":
        np.maximum(beneath, v, out=beneath)
    elif piece.layer == "scale":
        np.multiply(beneath, v if rest is None else v + _of(rest, piece.rows), out=beneath)
    else:
        assert rest is not None
        np.multiply(beneath, _of(rest, piece.rows), out=beneath)
        np.add(beneath, v, out=beneath)
    if not isinstance(place, slice):
        out[place] = beneath


def _of(values: Any, index: slice | Ints) -> Any:
    return values[index] if isinstance(index, slice) else values.take(index)
