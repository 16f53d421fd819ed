"""Records of a show: the frames that a render made, and the journal of a night.

Frames: DIR/frames-NNNN.npz, a minute each, with `time` (T,) float64 s, `universe` (U,) uint16 and `slots` (T, U, 512) uint8;
DIR/events.jsonl, what happened. The files carry no date, so the same show gives the same bytes, with the same zlib; their
content is the same everywhere. Memory holds one minute of frames (5 MB for 4 universes at 44 Hz), however long the show.

Journal: what the engine was given, in the form of `wire.journal`, in DIR/journal-NNNN.jsonl. It starts a new file at every
start and when one is full, and keeps the newest ones: the disk never fills. Every file begins with a tick, so each can be
replayed by itself (from cue 0 on).
"""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from showctl.model import Happened, Inputs, ShowFrame, WireError
from showctl.wire.journal import Tick, encode, encode_happened

MINUTE = 60.0  # s a file
LEVEL = 1  # of compression: frames are mostly like the one before, more costs time and gains little
DATE = (1980, 1, 1, 0, 0, 0)  # the zero of the zip format
JOURNAL_BYTES = 16_000_000  # a file: about an hour
JOURNAL_FILES = 24
FLUSH_BYTES = 8192  # of the journal that a crash may lose


class Recorder:
    """Writes frames and events to a folder. What an earlier render left there is removed. Raises OSError."""

    def __init__(self, folder: Path, universes: tuple[int, ...]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("frames-[0-9][0-9][0-9][0-9]*.npz"):
            old.unlink()
        self.folder = folder
        self._universes = np.array(universes, dtype=np.uint16)
        self._minute = 0
        self._times: list[float] = []
        self._slots = np.zeros((256, len(universes), 512), dtype=np.uint8)
        self._events = (folder / "events.jsonl").open("w", encoding="utf-8", newline="\n")
        self.frames = self.events = 0

    def add(self, frame: ShowFrame) -> None:
        """Take one frame, and what happened until it."""
        minute = int(frame.time // MINUTE)
        if minute != self._minute:
            self._write()
            self._minute = minute
        count = len(self._times)
        if count == len(self._slots):
            self._slots = np.concatenate([self._slots, np.zeros_like(self._slots)])
        self._slots[count] = frame.slots
        self._times.append(frame.time)
        self.frames += 1
        self.tell(frame.events)

    def tell(self, events: tuple[Happened, ...]) -> None:
        """Take what happened without a frame."""
        for happened in events:
            self._events.write(encode_happened(happened) + "\n")
            self.events += 1

    def close(self) -> None:
        """Write what is left."""
        self._write()
        self._events.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _write(self) -> None:
        if not self._times:
            return
        arrays: dict[str, NDArray[Any]] = {
            "time": np.array(self._times, dtype=np.float64),
            "universe": self._universes,
            "slots": self._slots[: len(self._times)],
        }
        write_npz(self.folder / f"frames-{self._minute:04d}.npz", arrays)
        self._times.clear()


def write_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """What numpy.load reads, without dates; the file is there whole or not at all. Raises OSError."""
    temporary = path.with_suffix(".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, array, version=(1, 0), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", DATE)
            member.compress_type, member.external_attr, member.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(member, data.getvalue(), compresslevel=LEVEL)
    os.replace(temporary, path)


class JournalWriter:
    """Writes down what the engine is given, for `render --events`. Never raises: a full disk does not stop a show.

    `fault` is what went wrong last, in words, or empty; `lost` counts the lines that could not be written.
    """

    def __init__(self, folder: Path, file_bytes: int = JOURNAL_BYTES, files: int = JOURNAL_FILES) -> None:
        self._folder, self._file_bytes, self._files = folder, file_bytes, files
        self._file: IO[str] | None = None
        self._written = 0
        self._now = 0.0
        self.fault, self.lost = "", 0

    def write(self, inputs: Inputs, now: float, happened: bool = False) -> None:
        """Write the inputs of one step and the time it was stepped to (s).

        A step without inputs changes nothing, unless something `happened` in it by itself (a follow, a lost beat): what
        arrives later with an earlier time acts after that, and so it must in a replay.
        """
        if not inputs.features and not inputs.controls and not happened:
            return
        lines = []
        for one in (*inputs.features, *inputs.controls, Tick(now)):
            try:
                lines.append(encode(one))
            except WireError as error:  # the engine refuses such a thing, so a replay does not miss it
                self.fault, self.lost = str(error), self.lost + 1
        self._append("".join(line + "\n" for line in lines), now)

    def close(self) -> None:
        """Write what is left."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._failed(error, 0)
            self._file = None

    def _append(self, text: str, now: float) -> None:
        try:
            if self._file is None or self._written >= self._file_bytes:
                self._open_next(now)
            assert self._file is not None
            self._file.write(text)
            self._written += len(text)
        except OSError as error:
            self._failed(error, text.count("\n"))

    def _open_next(self, now: float) -> None:
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        there = sorted(self._folder.glob("journal-[0-9][0-9][0-9][0-9]*.jsonl"))
        for old in there[: max(0, len(there) - self._files + 1)]:
            old.unlink(missing_ok=True)
        number = 1 + max((int(p.stem[8:]) for p in there if p.stem[8:].isdecimal()), default=0)
        path = self._folder / f"journal-{number:06d}.jsonl"
        self._file = path.open("w", buffering=FLUSH_BYTES, encoding="utf-8", newline="\n")
        start = encode(Tick(now)) + "\n"
        self._file.write(start)
        self._written, self.fault = len(start), ""

    def _failed(self, error: OSError, lines: int) -> None:
        self.fault, self.lost = f"the journal cannot be written: {error}", self.lost + lines
