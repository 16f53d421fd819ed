"""What the ear tells the world, from what it hears: a fold over Features.

Features repeat what is so (the grid, the section) in every hop; here each news is told once. A beat is told when its
grid first appears, ahead of its time, and withdrawn when the beat is no longer trusted before that time came; where it only
moves before that time, it is withdrawn and told anew under the same index. A section that is foretold is told as `coming`, again
where it moves, and withdrawn as `coming` of the time null where it is no longer expected.
The objects are those of `showctl listen`; times in seconds, `emitted` is how much sound had been heard by then.
"""

from __future__ import annotations

from typing import TypeAlias

from showctl.analysis.hearing.onsets import LATE, STRUCK
from showctl.model import BeatGrid, Coming, Features, Section

MOVED, SURER = 0.005, 0.1  # s, and confidence, by which a foretold section must have changed to be told again
Announcement: TypeAlias = dict[str, str | float | int | None]


class Announcer:
    """Features in, news out."""

    def __init__(self) -> None:
        self._grid: BeatGrid | None = None
        self._section: Section | None = None
        self._coming: Coming | None = None

    def feed(self, heard: Features) -> list[Announcement]:
        """The news of one hop, in the order beat, onset, coming, section."""
        news = self._beat(heard)
        emitted = round(heard.time, 4)
        drums = [(kind, strength) for kind, strength in zip(STRUCK, heard.strikes, strict=True) if strength > 0]
        if heard.onset > 0:
            news.append(
                {
                    "type": "onset",
                    "time": round(heard.time - LATE, 4),
                    "emitted": emitted,
                    "strength": round(heard.onset, 3),
                    "band": drums[0][0] if drums else "other",
                }
            )
        when = {"time": round(heard.time - LATE, 4), "emitted": emitted}
        news += [{"type": "strike", **when, "band": kind, "strength": round(strength, 3)} for kind, strength in drums]
        news += self._fate(heard)
        if heard.section is not self._section:
            self._section = heard.section
            sure = round(heard.sure, 3)
            news.append({"type": "section", "time": emitted, "emitted": emitted, "kind": str(heard.section), "confidence": sure})
        return news

    def _fate(self, heard: Features) -> list[Announcement]:
        """What is foretold, anew where it moved or became surer; taken back where its time has not come."""
        before, coming = self._coming, heard.coming
        emitted = round(heard.time, 4)
        if coming is None:
            self._coming = None
            gone = before is not None and before.time > heard.time
            return [{"type": "coming", "time": None, "emitted": emitted, "kind": str(before.section)}] if before and gone else []
        if before is not None and abs(coming.time - before.time) < MOVED and abs(coming.confidence - before.confidence) < SURER:
            return []
        self._coming = coming
        sure = round(coming.confidence, 3)
        when = round(coming.time, 4)
        return [{"type": "coming", "time": when, "emitted": emitted, "kind": str(coming.section), "confidence": sure}]

    def _beat(self, heard: Features) -> list[Announcement]:
        before, grid = self._grid, heard.grid
        self._grid = grid
        news: list[Announcement] = []
        emitted = round(heard.time, 4)
        fresh = grid is not None and (before is None or grid.index != before.index)
        moved = grid is not None and before is not None and grid.index == before.index and grid.anchor != before.anchor
        if before is not None and before.anchor > heard.time and (grid is None or moved or fresh):
            news.append({"type": "withdraw", "index": before.index, "emitted": emitted})
        if grid is not None and (fresh or (moved and news)):
            news.append(
                {
                    "type": "beat",
                    "time": round(grid.anchor, 4),
                    "emitted": emitted,
                    "index": grid.index,
                    "bar_position": grid.bar_position or None,
                    "bpm": round(grid.bpm, 2),
                    "confidence": round(grid.confidence, 3),
                }
            )
        return news
