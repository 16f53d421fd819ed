"""What a compile may take from the one before: the moves of cues that are written as they were, in the same surroundings.

To save one line of a show of thousands should cost what one line costs. All that the moves of a cue depend on is its own text,
the venue, and what of the show is no cue; so where venue and surroundings are the same, a cue with the same text has the same
moves. Left out, and worked out each time: cues of which there is something to say, and those whose heads turn the short way
from where the cue before left them.

A warning that is told once for the whole show hangs on the first cue that gives reason for it, which may be gone while others
are taken from here. Then `lost` says so, and the show is compiled without a memory.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from showctl.config.tree import Node
from showctl.plan import Move

CUES = ("cues", "lists")  # of a show: all else is surroundings


class Known(NamedTuple):
    """What is kept of a cue."""

    values: Mapping[int, float]
    moves: tuple[Move, ...]
    used: frozenset[tuple[str, str]]  # palettes
    groups: frozenset[str]


@dataclass(slots=True)
class Memory:
    """Kept from compile to compile by who compiles the same files again and again."""

    venue: Any = None  # what tells one state of the venue from another; set before each compile
    lost: bool = False  # whether the compile that is over may have lost a warning
    _said: frozenset[str] = frozenset()  # what was told once in it
    _surroundings: Any = None
    _before: dict[bytes, Known] = field(default_factory=dict)
    _now: dict[bytes, Known] = field(default_factory=dict)

    def begin(self, root: Node) -> None:
        """A compile of this show begins."""
        assert isinstance(root.value, dict)
        surroundings = (self.venue, {key: node.plain() for key, node in root.value.items() if key not in CUES})
        if surroundings != self._surroundings:
            self.forget()
        self._surroundings = surroundings
        self._before, self._now = self._now, {}

    def forget(self) -> None:
        """Know nothing."""
        self._surroundings, self._said, self.lost = None, frozenset(), False
        self._before, self._now = {}, {}

    def recall(self, key: bytes) -> Known | None:
        """What is known of a cue."""
        known = self._before.get(key) or self._now.get(key)
        if known is not None:
            self._now[key] = known
        return known

    def keep(self, key: bytes, known: Known) -> None:
        """Know a cue from now on, as long as it is there."""
        self._now[key] = known

    def end(self, said: set[str]) -> None:
        """The compile is over, and these things were told once."""
        self.lost = not self._said <= said
        self._said = frozenset(said)


def key_of(cue: Node) -> bytes:
    """A cue as it is written."""
    return marshal.dumps(cue.plain())
