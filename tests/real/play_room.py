"""A room on a JACK server, as a program of its own: what is played into it comes out of its microphones.

    python -m tests.real.play_room RESPONSES.npy

RESPONSES is (loudspeakers, microphones, frames): an impulse response from each loudspeaker (an input port) to each microphone (an
output port). A file that is written anew is taken at the next block: the room has changed. Prints `ready`, and `lost N` when
the server lost sound.
"""

import sys
import time
from pathlib import Path

import numpy as np

from showctl.sound.duplex import Duplex


class Room:
    """Convolves by overlap-add; one size of blocks."""

    def __init__(self, responses):
        self.size, self._waiting = 0, responses
        self._tail = np.zeros((responses.shape[2], responses.shape[1]))

    def become(self, responses):
        self._waiting = responses

    def process(self, samples, out):
        if self._waiting is not None or len(samples) != self.size:
            if self._waiting is not None:
                self._responses, self._waiting = self._waiting, None
            self.size = len(samples)
            self._fft = 1 << (self.size + self._responses.shape[2] - 1).bit_length()
            self._spectra = np.fft.rfft(self._responses, self._fft, axis=2)
            keep = np.zeros((self._fft, self._responses.shape[1]))
            keep[: len(self._tail)] = self._tail[: len(keep)]
            self._tail = keep
        spectrum = np.fft.rfft(samples, self._fft, axis=0)
        self._tail += np.fft.irfft(np.einsum("fs,smf->fm", spectrum, self._spectra), self._fft, axis=0)
        out[:] = self._tail[: self.size]
        self._tail = np.concatenate((self._tail[self.size :], np.zeros((self.size, self._tail.shape[1]))))


def main():
    path = Path(sys.argv[1])
    written = path.stat().st_mtime_ns
    responses = np.load(path)
    room = Room(responses)
    stream = Duplex("system", "system", responses.shape[0], responses.shape[1])
    stream.play(room)
    print("ready", flush=True)
    lost = 0
    while True:
        time.sleep(0.05)
        stream.tend()
        if stream.fault:
            raise SystemExit(stream.fault)
        if stream.lost != lost:
            lost = stream.lost
            print(f"lost {lost}", flush=True)
        if path.stat().st_mtime_ns != written:
            written = path.stat().st_mtime_ns
            room.become(np.load(path))
            print("changed", flush=True)


if __name__ == "__main__":
    main()
