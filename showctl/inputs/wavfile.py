"""A sound file as the ear would have got it from the desk: blocks of sound, in order, in bounded memory.

libsndfile reads WAV, FLAC, Ogg Vorbis, MP3, AIFF and more. Files at 44.1 and 48 kHz pass as they are; any other rate is
resampled to 48 kHz as it streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from showctl.model import AudioBlock, DeviceError

if TYPE_CHECKING:
    import soundfile

NATIVE = (44100, 48000)  # Hz, rates that analysis takes as they are
OTHERWISE = 48000  # Hz, what any other rate becomes
FULL_BAND = 32000  # Hz; below, cymbals and hi-hats are missing
_PIECE = 65536  # audio frames read at a time while resampling


def blocks(path: Path, frames: int = 1024) -> Iterator[AudioBlock]:
    """The file as blocks of `frames` audio frames, the last one shorter; (frames, channels) float32 at NATIVE rates.

    ValueError, in one line for people, when it is not there or is not sound; DeviceError when libsndfile is missing.
    """
    with _open(path) as file:
        rate, start = stream_rate(file.samplerate), 0
        pieces = _pieces(file, path, frames) if file.samplerate == rate else _resampled(file, path, frames)
        for piece in pieces:
            yield AudioBlock(start, piece, rate)
            start += len(piece)


def whole(path: Path, longest: float) -> AudioBlock:
    """All of a file of at most `longest` seconds, at its own rate. Errors as in `blocks`; ValueError where there is no sound."""
    with _open(path) as file:
        rate = file.samplerate
        if file.frames > longest * rate:
            raise ValueError(f"{path}: {file.frames / rate:.0f} s long, at most {longest:g} s are read: cut it")
        samples = _read(file, path, file.frames)
    if not np.isfinite(samples).all():
        raise ValueError(f"{path}: holds samples that are no numbers: write it anew")
    if not samples.any():
        raise ValueError(f"{path}: digital silence, no sound at all" if len(samples) else f"{path}: holds no sound")
    return AudioBlock(0, samples, rate)


def duration_of(path: Path) -> float:
    """Seconds, as the file's header says. Errors as in `blocks`."""
    with _open(path) as file:
        return float(file.frames / file.samplerate)


def narrow(path: Path) -> str:
    """That a file's rate is too low to hold all that analysis listens to, with the next step. Empty if it is not.

    Also empty if the file cannot be read: `blocks` says why.
    """
    try:
        with _open(path) as file:
            rate = file.samplerate
    except (ValueError, DeviceError):
        return ""
    if rate >= FULL_BAND:
        return ""
    return f"{path.name} is at {rate} Hz, so nothing above {rate / 2000:g} kHz is heard: export it at 44100 or 48000 Hz"


def stream_rate(file_rate: int) -> int:
    """Rate of a file (Hz) -> rate at which it is heard (Hz)."""
    return file_rate if file_rate in NATIVE else OTHERWISE


def _open(path: Path) -> soundfile.SoundFile:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise DeviceError(f"sound files cannot be read: {error}; install libsndfile (Debian: libsndfile1)") from error
    if not path.exists():
        raise ValueError(f"{path}: there is no such file")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name one sound file in it")
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        if not _readable(path):
            raise ValueError(f"{path}: may not be read by this user") from error
        kinds = "WAV, FLAC, Ogg, MP3 and AIFF can be read"
        raise ValueError(f"{path}: not a sound file that can be read ({error.error_string.rstrip('.')}); {kinds}") from error


def _readable(path: Path) -> bool:
    try:
        path.open("rb").close()
    except OSError:
        return False
    return True


def _read(file: soundfile.SoundFile, path: Path, frames: int) -> NDArray[np.float32]:
    import soundfile

    try:
        samples: NDArray[np.float32] = file.read(frames, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        at = file.tell() / file.samplerate
        raise ValueError(f"{path}: damaged after {at:.1f} s ({error.error_string.rstrip('.')})") from error
    return samples


def _pieces(file: soundfile.SoundFile, path: Path, frames: int) -> Iterator[NDArray[np.float32]]:
    while len(samples := _read(file, path, frames)):
        yield samples


def _resampled(file: soundfile.SoundFile, path: Path, frames: int) -> Iterator[NDArray[np.float32]]:
    import soxr

    stream: Any = soxr.ResampleStream(file.samplerate, OTHERWISE, file.channels, dtype="float32")
    waiting, ended = np.zeros((0, file.channels), np.float32), False
    while not ended:
        samples = _read(file, path, _PIECE)
        ended = len(samples) < _PIECE
        waiting = np.concatenate([waiting, stream.resample_chunk(samples, last=ended).reshape(-1, file.channels)])
        whole = len(waiting) if ended else len(waiting) // frames * frames
        for at in range(0, whole, frames):
            yield waiting[at : at + frames]
        waiting = waiting[whole:]
