"""Records of a render: every frame, and what happened.

DIR/frames-NNNN.npz, a minute each, with `time` (T,) float64 s, `universe` (U,) uint16 and `slots` (T, U, 512) uint8;
DIR/events.jsonl, what happened. The files carry no date, so the same show gives the same bytes, with the same zlib; their
content is the same everywhere.

Memory holds SPOOL bytes of frames, however large and long the show: 512 universes are 700 MB a minute, which wait in an
unnamed file in DIR until the minute is full, because the head of an array says how long it is.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from showctl.model import Happened, ShowFrame
from showctl.wire.journal import encode_happened

MINUTE = 60.0  # s a file
LEVEL = 1  # of compression: frames are mostly like the one before, more costs time and gains little
DATE = (1980, 1, 1, 0, 0, 0)  # the zero of the zip format
SPOOL = 16_000_000  # bytes of frames in memory: a minute of 11 universes at 44 Hz
CHUNK = 2**20  # bytes that are compressed at a time


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
        self._slots = self._spool()
        self._events = (folder / "events.jsonl").open("w", encoding="utf-8", newline="\n")
        self.frames = self.events = 0

    def add(self, frame: ShowFrame) -> None:
        """Take one frame, and what happened until it."""
        self.look(frame.time, frame.slots)
        self.tell(frame.events)

    def look(self, time: float, slots: NDArray[np.uint8]) -> None:
        """Take the look (U, 512) of a time (s), in the order of time."""
        minute = int(time // MINUTE)
        if minute != self._minute:
            self._write()
            self._minute = minute
        self._slots.write(np.ascontiguousarray(slots).data)
        self._times.append(time)
        self.frames += 1

    def tell(self, events: tuple[Happened, ...]) -> None:
        """Take what happened without a frame."""
        for happened in events:
            self._events.write(encode_happened(happened) + "\n")
            self.events += 1

    def close(self) -> None:
        """Write what is left."""
        try:
            self._write()
        finally:
            self._slots.close()
            self._events.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _spool(self) -> IO[bytes]:
        return tempfile.SpooledTemporaryFile(SPOOL, dir=str(self.folder))

    def _write(self) -> None:
        if not self._times:
            return
        shape = (len(self._times), len(self._universes), 512)
        with _Archive(self.folder / f"frames-{self._minute:04d}.npz") as archive:
            archive.add("time", np.array(self._times, dtype=np.float64))
            archive.add("universe", self._universes)
            self._slots.seek(0)
            archive.stream("slots", shape, self._slots)
        self._slots.close()
        self._slots = self._spool()
        self._times.clear()


def write_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """What numpy.load reads, without dates; the file is there whole or not at all. Raises OSError."""
    with _Archive(path) as archive:
        for name, array in arrays.items():
            archive.add(name, array)


class _Archive:
    """An npz file that gets its name when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_suffix(".part")
        self._zip = zipfile.ZipFile(self._part, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)

    def add(self, name: str, array: NDArray[Any]) -> None:
        """An array that is in memory."""
        with self._member(name) as member:
            np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)

    def stream(self, name: str, shape: tuple[int, ...], data: IO[bytes]) -> None:
        """An array of uint8 of this shape, from a file that holds its bytes."""
        with self._member(name) as member:
            head = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, head)
            shutil.copyfileobj(data, member, CHUNK)

    def _member(self, name: str) -> IO[bytes]:
        info = zipfile.ZipInfo(f"{name}.npy", DATE)
        info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
        info._compresslevel = LEVEL  # type: ignore[attr-defined]  # ZipFile.open has no argument for it before Python 3.13
        return self._zip.open(info, "w", force_zip64=True)

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._zip.close()
        if error is None:
            os.replace(self._part, self._path)
        else:
            self._part.unlink(missing_ok=True)
