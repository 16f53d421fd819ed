#!/usr/bin/env python3
"""What the ear costs, stage by stage: CPU time per second of sound, as a share of one core.

    python bench/hearing_cost.py [FILE] [--rate 48000] [--seconds 60]

Without a FILE a random drum machine plays. Stages are timed by themselves over the same hops, with all they need in the
processor's cache, so their sum is under the whole: what the ear process pays, to whom sound comes hop by hop, and `showctl
listen`, which reads a file in long blocks. CPU time, not wall time; but a neighbour who uses much memory moves it by a fifth.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import drum_machine
import numpy as np

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.analysis.hearing.follow import BeatTracker
from showctl.analysis.hearing.hops import HOPS_PER_SECOND, Hopper
from showctl.analysis.hearing.loudness import Energy, Loudness
from showctl.analysis.hearing.net import DELAY, Net
from showctl.analysis.hearing.onsets import OnsetDetector
from showctl.analysis.hearing.sections import SectionFinder
from showctl.analysis.hearing.spectrum import Bands, View
from showctl.analysis.hearing.weights import weights
from showctl.commands.listen import A_BLOCK
from showctl.inputs import wavfile
from showctl.model import AudioBlock


def sound(file: Path | None, rate: int, seconds: float) -> list[AudioBlock]:
    """Blocks of 10 ms."""
    if file is None:
        samples = np.repeat(drum_machine.song(3, seconds)[0][:, None], 2, axis=1)  # made at 44.1 kHz: plays faster at others
        hop = rate // 100
        return [AudioBlock(at, samples[at : at + hop], rate) for at in range(0, len(samples) - hop, hop)]
    blocks, until = [], seconds
    for block in wavfile.blocks(file, 480):
        blocks.append(block)
        if block.start > until * block.rate:
            break
    return blocks


def cost(hops: int, work: Callable[[], object]) -> float:
    """Percent of a core that `work`, done for so many hops, takes in real time."""
    before = time.process_time()
    work()
    return 100 * (time.process_time() - before) / (hops / HOPS_PER_SECOND)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--seconds", type=float, default=60.0)
    args = parser.parse_args()
    blocks = sound(args.file, args.rate, args.seconds)
    rate = blocks[0].rate
    hopper, view, onsets = Hopper(rate), View(rate), OnsetDetector(rate)
    loudness, energy, sections = Loudness(rate), Energy(), SectionFinder()
    bands, net, tracker = Bands(view.size, rate), Net(weights()), BeatTracker(DELAY)
    hops = [hop for block in blocks for hop in hopper.push(block)]
    views = [view.feed(hop.mono) for hop in hops]
    heard = [one for _, compressed, rise in views for one in net.feed(compressed, rise)]
    levels = [loudness.feed(hop.samples) for hop in hops]
    analyzer = Analyzer(rate)
    told = [features for block in blocks for features in analyzer.feed(block)]
    stages: dict[str, Callable[[], object]] = {
        "view (FFT, filters, rise)": lambda: [view.feed(hop.mono) for hop in hops],
        "net": lambda: [net.feed(compressed, rise) for _, compressed, rise in views],
        "pointer and beats": lambda: [
            tracker.feed(hop.time, level, one.beat, one.down, one.music)
            for hop, level, one in zip(hops, levels, heard, strict=False)
        ],
        "onsets": lambda: [onsets.feed(hop.mono, True) for hop in hops],
        "loudness": lambda: [loudness.feed(hop.samples) for hop in hops],
        "energy": lambda: [energy.feed(level) for level in levels],
        "bands": lambda: [bands.apply(magnitudes) for magnitudes, _, _ in views],
        "sections": lambda: [sections.feed(features) for features in told],
    }
    print(
        f"{len(hops) / HOPS_PER_SECOND:.0f} s of sound at {rate} Hz, {blocks[0].samples.shape[1]} channels; percent of one core"
    )
    for name, work in stages.items():
        print(f"  {name:32s}{cost(len(hops), work):6.2f}")
    live, file = Analyzer(rate), Analyzer(rate)
    samples = np.concatenate([block.samples for block in blocks])
    together = [AudioBlock(at, samples[at : at + A_BLOCK], rate) for at in range(0, len(samples), A_BLOCK)]
    print(f"  {'the whole, a block a hop':32s}{cost(len(hops), lambda: [live.feed(block) for block in blocks]):6.2f}")
    print(f"  {'the whole, as `listen` reads':32s}{cost(len(hops), lambda: [file.feed(block) for block in together]):6.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process {peak:.0f} MB, the stored sound included")


if __name__ == "__main__":
    main()
