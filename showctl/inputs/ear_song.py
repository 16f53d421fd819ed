"""The demo song as a source of sound: from the cache, or as it is being made.

The song is synthesised by a process of its own, which is done long before the first verse is over, into a file that is read
while it grows. Only a complete song is moved into the cache, in one step; where the cache cannot be written the song is made
again each time. It is a plain WAV file of 16 bits, so a plain read is enough.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from showctl.model import AudioBlock, DeviceError

HEADER, CHANNELS, RATE = 44, 2, 48000
BLOCK = RATE // 100  # audio frames
LEFT_S = 3600.0  # a part of a song this old belongs to nobody
_VERSION = 1  # of the song: another song has another name in the cache


def cache_folder() -> Path:
    """Where the song is kept: the user's cache, by the rule of freedesktop.org."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "showctl"


class Song:
    """The demo song of one seed; `blocks` may be called again for each time it is played."""

    def __init__(self, seed: int, folder: Path | None = None) -> None:
        self._seed, self._folder = seed, folder or cache_folder()
        self._file: int | None = None
        self._part: Path | None = None
        self._maker: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> Path:
        """Where the complete song is kept."""
        return self._folder / f"song-{_VERSION}-{self._seed}.wav"

    def blocks(self) -> Iterator[AudioBlock | None]:
        """The song from its beginning in blocks of 10 ms; None while the next is being made. DeviceError if it cannot be."""
        if self._file is None:
            self._file = self._open()
        start, size = 0, 2 * CHANNELS * BLOCK
        while True:
            data = os.pread(self._file, size, HEADER + 2 * CHANNELS * start)
            making = self._maker is not None and not self._finish(self._maker)
            if len(data) < size and making:
                yield None
                continue
            if len(data) < size:  # the maker may have written between the read and its end
                data = os.pread(self._file, size, HEADER + 2 * CHANNELS * start)
            samples = np.frombuffer(data[: len(data) // 4 * 4], "<i2").reshape(-1, CHANNELS).astype(np.float32) / 32768.0
            if not len(samples):
                return
            yield AudioBlock(start, samples, RATE)
            start += len(samples)

    def _open(self) -> int:
        """The complete song, or a file into which it is being written now."""
        if (kept := self._kept()) is not None:
            return kept
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            file, name = tempfile.mkstemp(".part", f"{self.path.name}.", self._folder)
            self._part = Path(name)
        except OSError:  # no cache here: a file without a name will do
            file, name = tempfile.mkstemp(".showctl-song")
            os.unlink(name)
        command = [sys.executable, "-m", "showctl.demo.song", "-", "--seed", str(self._seed)]
        last = ["nice", "-n", "39"]  # from wherever this process is to the very end
        self._maker = subprocess.Popen([*last, *command], stdin=subprocess.DEVNULL, stdout=file)
        return file

    def _kept(self) -> int | None:
        """The song in the cache, if it is there and whole."""
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None  # not made yet, or not ours to read: it is made
        header = os.pread(file, HEADER, 0)
        if len(header) == HEADER and int.from_bytes(header[-4:], "little") == os.fstat(file).st_size - HEADER:
            return file
        os.close(file)
        return None

    def _sweep(self) -> None:
        """Remove what an ear that was killed in the middle of a song has left."""
        for left in self._folder.glob("song-*.part"):
            if left.stat().st_mtime < time.time() - LEFT_S:
                left.unlink()

    def _finish(self, maker: subprocess.Popen[bytes]) -> bool:
        """Whether the song is complete; if it just became so it is moved into the cache."""
        code = maker.poll()
        if code is None:
            return False
        self._maker = None
        if code:
            self._forget()
            raise DeviceError(f"the demo song could not be made (exit code {code}): is the disk full? Try --audio file:PATH")
        if self._part is not None and self._file is not None:
            os.fsync(self._file)
            self._part.replace(self.path)
            self._part = None
        return True

    def _forget(self) -> None:
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def close(self) -> None:
        """End a song in the making and remove what there is of it."""
        if self._maker is not None:
            self._maker.kill()
            self._maker.wait()
            self._maker = None
        self._forget()
