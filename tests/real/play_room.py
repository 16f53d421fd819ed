"""A room on a JACK server, as a program of its own: what is played into it comes out of its microphones.

    python -m tests.real.play_room RESPONSES.npy

RESPONSES is (loudspeakers, microphones, frames): an impulse response from each loudspeaker (an input port) to each microphone (an
output port). A file that is written anew is taken at the next block: the room has changed. Prints `ready`, and `lost N` when
the server lost sound.
"""

import signal
import sys
import time
from pathlib import Path

import numpy as np

from showctl.sound.duplex import Duplex


class Room:
    """Convolves block by block: overlap-save, the responses in parts as long as a block (uniformly partitioned), so that a long
    church costs a few per cent of a core. Responses that are given anew are faded to within a block, and their tails belong to
    what was played before, too. All responses have to be equally long."""

    def __init__(self, responses):
        self._responses, self._waiting = responses, None
        self.size = 0

    def become(self, responses):
        """Be another room from the next block on; what takes its time is done here."""
        assert responses.shape == self._responses.shape
        self._waiting = self._parts(responses) if self.size else None
        self._responses = responses

    def _begin(self, size):
        self.size = size
        self._spectra, self._waiting = self._parts(self._responses), None
        self._before = np.zeros((size, self._responses.shape[0]))
        self._played = np.zeros((len(self._spectra), self._responses.shape[0], size + 1), dtype=complex)  # the newest first

    def _parts(self, responses):
        """(parts, loudspeakers, microphones, bins)."""
        count = -(-responses.shape[2] // self.size)
        whole = np.zeros((*responses.shape[:2], count * self.size))
        whole[:, :, : responses.shape[2]] = responses
        return np.fft.rfft(np.moveaxis(whole.reshape(*responses.shape[:2], count, self.size), 2, 0), 2 * self.size)

    def _heard(self, spectra):
        return np.fft.irfft(np.einsum("ksf,ksmf->mf", self._played, spectra))[:, self.size :].T

    def process(self, samples, out):
        if len(samples) != self.size:
            self._begin(len(samples))
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = np.fft.rfft(np.concatenate((self._before, samples)), axis=0).T
        self._before = samples.astype(float)
        heard = self._heard(self._spectra)
        if self._waiting is not None:
            self._spectra, self._waiting = self._waiting, None
            heard += (self._heard(self._spectra) - heard) * np.linspace(0.0, 1.0, self.size)[:, None]
        out[:] = heard


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # a client that is killed can hold JACK for ever
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
