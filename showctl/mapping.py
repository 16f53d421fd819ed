"""The beats of sound files, worked out by a process of its own, once: what is known is kept by what is in the file.

    python -m showctl.mapping FOLDER FILE...

For each file a line of JSON on standard output as soon as it is done: `{"file", "map"}` with the path of its map in FOLDER, or
`{"file", "why"}`. A map is named after the SHA-256 of the sound and the VERSION of what worked it out, so a song that is renamed
is known again, and one that was mixed anew is heard anew. At most MOST maps are kept, the last used; a song of five minutes has
2 MB. It takes a few hundredths of the song's length, at a low rank: nothing waits for it but a jump on the bar.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import zlib
from pathlib import Path
from zipfile import BadZipFile

from showctl.rank import LAST, give_way

if __name__ == "__main__":
    give_way(LAST)  # before what follows is loaded, which would take its time at the daemon's own rank

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: the other cores belong to the show
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from showctl.model import BeatMap, DeviceError
from showctl.model.track import HEARD

VERSION = 1
MOST = 300  # maps
LONGEST_S = 4 * 3600.0  # of a file


def main(argv: list[str] | None = None) -> int:
    """Work out what is not known yet."""
    folder, *files = sys.argv[1:] if argv is None else argv
    for file in files:
        try:
            said = {"file": file, "map": str(mapped(Path(folder), Path(file)))}
        except (ValueError, OSError, DeviceError) as error:
            said = {"file": file, "why": str(error)}
        print(json.dumps(said), flush=True)
    return 0


def mapped(folder: Path, file: Path) -> Path:
    """Where the map of a sound file is; made, if it has to be. ValueError, OSError or DeviceError where it cannot be."""
    kept = folder / f"{_digest(file)}-{VERSION}.npz"
    if not _whole(kept):
        save(kept, heard(file))
        _prune(folder)
    os.utime(kept)
    return kept


def heard(file: Path) -> BeatMap:
    """The map of a sound file. Errors as `inputs.wavfile.blocks`; ValueError for one of many hours."""
    from showctl.analysis.hearing.beatmap import Mapper
    from showctl.inputs.wavfile import blocks, duration_of

    if (length := duration_of(file)) > LONGEST_S:
        raise ValueError(f"{file}: {length / 3600:.1f} hours long: its beats are not looked for")
    mapper: Mapper | None = None
    for block in blocks(file, 4800):
        mapper = mapper or Mapper(block.rate)
        mapper.feed(block)
    if mapper is None:
        raise ValueError(f"{file}: no sound in it")
    return mapper.map()


def save(path: Path, found: BeatMap) -> None:
    """Write a map, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.new")
    table = np.zeros((0, len(HEARD))) if found.heard is None else found.heard
    with temporary.open("wb") as out:
        np.savez_compressed(
            out,
            beats=found.beats,
            positions=found.positions,
            heard=table,
            more=np.array([found.beats_per_bar, found.length]),
        )
    os.replace(temporary, path)


def load(path: Path) -> BeatMap:
    """A map that was kept. ValueError or OSError where it is none."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            beats, positions, table, more = (kept[name] for name in ("beats", "positions", "heard", "more"))
    except (KeyError, EOFError, NotImplementedError, RuntimeError, BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: no map of beats: {error}") from error
    if beats.ndim != 1 or beats.shape != positions.shape or table.ndim != 2 or table.shape[1] != len(HEARD):
        raise ValueError(f"{path}: no map of beats")
    return BeatMap(beats, positions.astype(np.int64), int(more[0]), float(more[1]), table)


def _whole(path: Path) -> bool:
    try:
        load(path)
    except (ValueError, OSError):
        return False
    return True


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as sound:
        while piece := sound.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()[:32]


def _prune(folder: Path) -> None:
    """Let go of the maps that were not used for longest."""
    kept = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in (*kept[MOST:], *folder.glob("*.new")):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
