"""The part "journal": the night goes to disk beside the tick. A disk that hangs costs lines of it and nothing else."""

from __future__ import annotations

import asyncio
import threading

from showctl.app.night import Night
from showctl.model import Inputs, ShowFrame, State
from showctl.outputs.journal import JournalWriter
from showctl.show.engine import ShowEngine
from showctl.wire.journal import Load

RECORD_EVERY_S = 0.25  # the journal is written so often


class Recorder:
    """Gives the journal what the engine is given, and has it written down."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self.journal = JournalWriter(night.options.state / "journal")
        self.writing = threading.Lock()  # a thread that writes outlives the task that waited for it
        self._faults = 0  # of the engine, as far as the journal knows

    def begin(self, why: str, engine: ShowEngine) -> None:
        """A new file of the journal, with how the engine stands after its last step."""
        night = self._night
        load = Load(night.stepped, night.version, night.show_id, why)
        self.journal.begin(load, engine.state(night.stepped).pack)

    def stepped(self, inputs: Inputs, frame: ShowFrame) -> None:
        """What the engine was given for this frame."""
        self.journal.given(inputs, frame.time)
        faults = self._night.ticker.faults
        why = "fault" if faults > self._faults else self.journal.due(frame.time)
        if why:
            self._faults = faults
            self.begin(why, self._night.engine)

    async def run(self) -> None:
        """Write down what was given, until cancelled."""
        while True:
            await asyncio.sleep(RECORD_EVERY_S)
            await asyncio.to_thread(self._write_down)

    def _write_down(self) -> None:
        with self.writing:
            self.journal.write_down()

    def report(self) -> None:
        """How the journal is, once it was not well."""
        if self.journal.fault:
            detail = f"the night is not recorded whole: {self.journal.fault}"
            self._night.report("journal", State.DEGRADED, detail, (("lost_lines", float(self.journal.lost)),))
        elif "journal" in self._night.board.health:
            self._night.report("journal", State.RUNNING, "the night is recorded again")

    def close(self) -> None:
        """Write what is left."""
        self._write_down()
        self.journal.close()
