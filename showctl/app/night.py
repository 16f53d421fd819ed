"""What the parts of one night share: the command line, the files, the plan that is played, the clock, the board, the tick.

All of it lives in one thread, so there is nothing to lock. What belongs to one part only is in that part.
"""

from __future__ import annotations

from showctl.app.options import Options
from showctl.app.telling import Teller
from showctl.clock import Clock
from showctl.config.loaded import Loaded
from showctl.config.schema import Venue
from showctl.model import Health, Problem, State
from showctl.reload import place
from showctl.remote.board import Board, Shown
from showctl.show.engine import ShowEngine
from showctl.tick import Ticker

VITAL = frozenset({"engine", "output"})


class Night:
    """One night, as every part knows it."""

    ticker: Ticker  # from the moment on that the engine stands

    def __init__(self, loaded: Loaded, options: Options, problems: tuple[Problem, ...]) -> None:
        """`problems` are those of files that are not played for them."""
        self.options = options
        self.loaded = loaded  # at the start: doors and devices stay as that version has them
        self.plan = options.sent(loaded.plan)  # that is played now,
        self.version = loaded.version  # and which it is
        self.clock = Clock()
        self.tell = Teller(self.clock.now).tell
        self.board = Board(self.plan, VITAL, -self.clock.offset)
        self.board.load(Shown.of(self.plan), (*problems, *loaded.warnings), loaded.version)
        self._tell_version(problems)
        self.stepped = 0.0  # s, the time of the engine's last step
        self.clean = False  # somebody asked for the end

    def _tell_version(self, problems: tuple[Problem, ...]) -> None:
        if problems:
            text = f"the files have mistakes, the first at {place(problems[0])}: the last good show is played"
            self.report("show", State.DEGRADED, text)
        else:
            self.report("show", State.RUNNING, f"version {self.version}")

    @property
    def venue(self) -> Venue:
        """The venue file as it was at the start."""
        return self.loaded.venue

    @property
    def show_id(self) -> str:
        """Which venue and show it is."""
        return f"{self.plan.venue} / {self.plan.show}"

    @property
    def engine(self) -> ShowEngine:
        """That is played now."""
        engine = self.ticker.engine
        assert isinstance(engine, ShowEngine)
        return engine

    def report(self, part: str, state: State, detail: str, counters: tuple[tuple[str, float], ...] = ()) -> None:
        """How a part is from now on."""
        self.board.report(Health(part, state, detail, self.clock.now(), counters))
