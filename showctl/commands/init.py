"""`showctl init [DIR]`: a venue and a show to begin with, small enough to be read at once, that run as they are.

What is written overwrites nothing: if either file is there already, neither is touched.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

VENUE = """\
# The room: what hangs where. Change `at` to the addresses of your fixtures (universe/slot, from 1).
showctl: 1
kind: venue
name: My room

universes:
  1: {to: 127.0.0.1} # the IP address of your sACN node, or: multicast

fixtures:
  front: # two lamps on dimmers
    type: generic/dimmer
    at: [1/1, 1/2]
    place: [{x: -2m, y: 0m, z: 4m}, {x: 2m, y: 0m, z: 4m}] # metres: right, back, up
  par: # four washes: dimmer, red, green, blue
    type: generic/rgb
    mode: drgb
    at: [1/11, 1/15, 1/19, 1/23]
    place:
      - {x: -3m, y: 4m, z: 4m}
      - {x: -1m, y: 4m, z: 4m}
      - {x: 1m, y: 4m, z: 4m}
      - {x: 3m, y: 4m, z: 4m}

groups: # shows name these; effects run in this order
  face: [front]
  wash: [par]

looks: # before the first cue
  start: {wash: {intensity: 20%, colour: "#2020a0"}}

# audio: {in: "name of your sound card"} # see: showctl devices
# web: {listen: 0.0.0.0:8080, tokens: [a-long-secret]} # the page for other machines
"""

SHOW = """\
# The show: what happens. It runs in every room that has the groups `face` and `wash`.
showctl: 1
kind: show
name: My first show

needs: {groups: [face, wash]}

palettes:
  colour: {night: "#2020a0", fire: "#ff5010", ice: "#60c0ff"}

effects:
  kick: {sync: beat, shape: decay, param: intensity, every: 1 beat, low: 40%, layer: scale}
  chase: {sync: beat, shape: decay, param: intensity, every: 2 beats, chase: true, low: 10%, layer: scale}

cues:
  - cue: 1
    name: Doors
    set:
      face: {intensity: 30%}
      wash: {intensity: 40%, colour: night}
    in: 3s
  - cue: 2
    name: Band
    set:
      face: {intensity: 70%}
      wash: {intensity: full, colour: fire}
    in: 2s
    start: {kick: wash}
  - cue: 3
    name: Drop
    when: section drop # by itself when the music drops, or by GO
    set: {wash: {colour: ice}}
    start: {chase: wash}
    stop: kick
  - {cue: 4, name: Out, set: {all: {intensity: out}}, out: 4s, stop: all}
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `init` takes."""
    parser.add_argument("folder", metavar="DIR", nargs="?", type=Path, default=Path(), help="where to write (here)")


def run(args: argparse.Namespace) -> int:
    """Write venue.yaml and show.yaml and say what comes next; 1 if they are there already or cannot be written."""
    venue, show = args.folder / "venue.yaml", args.folder / "show.yaml"
    for path in (venue, show):
        if path.exists():
            print(f"showctl init: {path} is there already and is left alone: name another folder", file=sys.stderr)
            return 1
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
        for path, text in ((venue, VENUE), (show, SHOW)):
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        print(f"showctl init: {error.filename}: {error.strerror}: name a folder that you may write to", file=sys.stderr)
        return 1
    print(f"showctl: wrote {venue} and {show}")
    print(f"next: showctl run {venue} {show}   then press GO on its page; with --audio file:SONG.wav it moves to the beat")
    return 0
