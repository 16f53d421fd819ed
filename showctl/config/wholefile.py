"""Was a sound file copied whole? Many formats say at their beginning how much there is, and who finds less only plays less.

    WAV (RIFF, RIFX, RF64), AIFF   chunks: four letters, their length, then so many bytes; the sound is in `data` or `SSND`
    Ogg (Vorbis, Opus)             pages: each says how long it is; a file that was cut ends in the midst of one (RFC 3533)

Of the others (FLAC, MP3) the end cannot be read where it is missing: whoever opens them looks there.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

UNKNOWN = 0x7FFF_F000  # bytes: who writes into a pipe does not know the length, and writes this (sox) or 0xFFFFFFFF (ffmpeg)
MOST_CHUNKS = 1000  # before the sound
PAGE_HEAD, PAGE_MOST = 27, 65_307  # bytes


def is_whole(path: str) -> bool:
    """Whether there is as much as the file says; True where it does not say. OSError where it cannot be read."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        match file.read(12)[:4]:
            case b"RIFF" | b"RF64":
                return _sound_ends(file, "<", b"data") <= size
            case b"RIFX":
                return _sound_ends(file, ">", b"data") <= size
            case b"FORM":
                return _sound_ends(file, ">", b"SSND") <= size
            case b"OggS":
                return _last_page_ends(file, size) <= size
    return True


def _sound_ends(file: BinaryIO, order: str, wanted: bytes) -> int:
    """The byte after the chunk of sound, as the file says; 0 where it does not."""
    at, long = 12, 0
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        if len(head := file.read(8)) < 8:
            break
        name, length = struct.unpack(f"{order}4sI", head)
        if name == b"ds64" and len(sizes := file.read(16)) == 16:  # RF64: lengths of more than 32 bits (EBU Tech 3306)
            long = struct.unpack("<QQ", sizes)[1]
        if name == wanted:
            length = long if length == 0xFFFF_FFFF and long else length
            return 0 if UNKNOWN <= length <= 0xFFFF_FFFF else at + 8 + length
        at += 8 + length + length % 2
    return 0


def _last_page_ends(file: BinaryIO, size: int) -> int:
    """The byte after the last page, as it says itself."""
    at = max(0, size - PAGE_MOST)
    file.seek(at)
    tail = file.read(PAGE_MOST)
    page = tail.rfind(b"OggS")
    segments = tail[page + PAGE_HEAD - 1 : page + PAGE_HEAD]
    if page < 0 or not segments or len(lengths := tail[page + PAGE_HEAD : page + PAGE_HEAD + segments[0]]) < segments[0]:
        return size + 1  # no page in all that could be one, or one without its whole head
    return at + page + PAGE_HEAD + segments[0] + sum(lengths)
