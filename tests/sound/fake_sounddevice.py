"""A stand-in for the sounddevice module: devices as a list, streams that a test feeds and kills."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np


class PortAudioError(Exception):
    """As sounddevice raises it."""


class Flags(SimpleNamespace):
    """Status of a callback."""

    input_overflow = False

    def __bool__(self):
        return self.input_overflow


class InputStream:
    """Remembers how it was opened; `feed` is the sound system's thread."""

    refuse: ClassVar[dict[int, str]] = {}  # rate -> reason

    def __init__(self, *, device, channels, samplerate, dtype, latency, callback):
        if samplerate in self.refuse:
            raise PortAudioError(self.refuse[samplerate], -9997)
        self.device, self.channels, self.samplerate, self.callback = device, channels, samplerate, callback
        self.active, self.closed = False, False
        opened.append(self)

    def start(self):
        self.active = True

    def feed(self, samples, overflow=False):
        info = SimpleNamespace(currentTime=5.0, inputBufferAdcTime=5.0 - len(samples) / self.samplerate)
        self.callback(np.asarray(samples, np.float32), len(samples), info, Flags(input_overflow=overflow))

    def abort(self, ignore_errors=True):
        self.active = False

    def close(self, ignore_errors=True):
        self.closed = True


class Stream(InputStream):
    """Both ways: `exchange` hands a block to the callback and returns what it answers."""

    def exchange(self, samples, lost=False, way=0.02):
        info = SimpleNamespace(currentTime=5.0, inputBufferAdcTime=5.0 - way / 2, outputBufferDacTime=5.0 + way / 2)
        out = np.full((len(samples), self.channels[1]), 9.0, np.float32)
        self.callback(np.asarray(samples, np.float32), out, len(samples), info, Flags(input_overflow=lost))
        return out


class OutputStream(InputStream):
    """One way out: `pull` asks the callback for a block, which took it `took` s where that is said."""

    time = 5.0

    def pull(self, frames, lost=False, way=0.01, took=0.0):
        info = SimpleNamespace(currentTime=self.time - took, outputBufferDacTime=self.time - took + way)
        out = np.full((frames, self.channels), 9.0, np.float32)
        self.callback(out, frames, info, Flags(input_overflow=lost))
        return out


opened: list[InputStream] = []
devices: list[dict] = []
usual: dict[str, int] = {}  # "input", "output" -> where it stands in the list
scans = 0


def device(name, inputs=2, outputs=0, rate=48000.0):
    """A device as query_devices lists it."""
    return {
        "name": name,
        "hostapi": 0,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": rate,
    }


def query_devices(kind=None):
    if kind is None:
        return list(devices)
    if kind not in usual:
        raise PortAudioError("Error querying device -1")
    return devices[usual[kind]] | {"index": usual[kind]}


def query_hostapis():
    return [{"name": "ALSA"}]


def _terminate():
    pass


def _initialize():
    global scans
    scans += 1


def _exit_handler():
    pass
