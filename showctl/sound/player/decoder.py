"""A sound file in seconds: second k of it, at the rate of the device, whichever is asked for next.

A file at the device's rate is handed over as it is. Any other is resampled once (soxr), a second at a time with MARGIN of the
sound before and after it: a second of the file is always a whole number of frames, so the seconds join as if all had been done
at once, and one in the midst of the song costs no more than its own. Frames that are no numbers become silence: a filter would
never forget them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showctl.model import DeviceError
from showctl.model.player import LONGEST_S

MARGIN = 5  # of a second, the part that is read beside it: what a filter of soxr reaches is far less
RUN_UP = 8192  # frames that are read before a place that was sought: until then a decoder of Vorbis may be wrong
MOST_CHANNELS = 32
ENDLESS = "it does not say how long it is: export it anew, to a file"  # as a FLAC that went through a pipe

Sound = NDArray[np.float32]


def library() -> Any:
    """The soundfile module. DeviceError where it or libsndfile is missing."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise DeviceError(f"sound files cannot be read: {error}; install libsndfile (Debian: libsndfile1)") from error
    return soundfile


class Decoder:
    """One file, to be read at `rate` Hz. ValueError, in words, where it cannot be."""

    def __init__(self, path: str, rate: int) -> None:
        sf = library()
        try:
            self._file = sf.SoundFile(path)
        except (sf.LibsndfileError, OSError, RuntimeError) as error:
            raise ValueError(f"{path}: {_reason(error)}") from error
        self._error = sf.LibsndfileError
        self._path, self._rate, self._own = path, rate, int(self._file.samplerate)
        self.channels = int(self._file.channels)
        if why := self._why_not():
            self._file.close()
            raise ValueError(f"{path}: {why}")
        self.frames = math.ceil(self._file.frames * rate / self._own)  # at the device's rate
        self._have: tuple[int, Sound] = (0, np.zeros((0, self.channels), np.float32))  # what was read last: first frame, frames

    def _why_not(self) -> str:
        if self.channels > MOST_CHANNELS:
            return "too many channels"
        if self._file.frames <= 0:
            return "no sound in it"
        return ENDLESS if self._file.frames > LONGEST_S * self._own else ""

    def second(self, k: int) -> Sound:
        """(rate, channels) of the k-th second, silent after the end. ValueError, in words, where the file is damaged there."""
        if self._own == self._rate:
            return _of_length(self._frames(k * self._own, (k + 1) * self._own), self._rate)
        import soxr

        part = MARGIN if self._own % MARGIN == 0 and self._rate % MARGIN == 0 else 1
        before = self._own // part if k else 0
        sound = self._frames(k * self._own - before, (k + 1) * self._own + self._own // part)
        made = soxr.resample(sound, self._own, self._rate).reshape(-1, self.channels)
        return _of_length(made[self._rate // part if k else 0 :], self._rate)

    def _frames(self, first: int, end: int) -> Sound:
        """Frames of the file itself, fewer at its end; what overlaps what was read before is not read again."""
        at, have = self._have
        kept = have[first - at :] if at <= first < at + len(have) else have[:0]
        try:
            if self._file.tell() != first + len(kept):
                begin = min(first + len(kept), self._file.frames)
                self._file.seek(max(0, begin - RUN_UP))
                self._file.read(begin - self._file.tell(), dtype="float32")
            more: Sound = self._file.read(max(0, end - first - len(kept)), dtype="float32", always_2d=True)
        except self._error as error:
            raise ValueError(f"{self._path}: damaged after {first / self._own:.0f} s ({_reason(error)})") from error
        if (got := first + len(kept) + len(more)) < min(end, self._file.frames - self._own):  # of an MP3 the length is a guess
            raise ValueError(f"{self._path}: damaged after {got / self._own:.0f} s (nothing more can be read)")
        sound = np.concatenate((kept, more)) if len(kept) else more
        if not (numbers := np.isfinite(sound)).all():
            sound[~numbers] = 0.0
        self._have = (first, sound)
        return sound

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def _reason(error: Exception) -> str:
    return str(getattr(error, "error_string", None) or error).rstrip(".")


def _of_length(sound: Sound, frames: int) -> Sound:
    if len(sound) >= frames:
        return sound[:frames]
    out = np.zeros((frames, sound.shape[1]), np.float32)
    out[: len(sound)] = sound
    return out
