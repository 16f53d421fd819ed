"""The `tracks` and the `setlist` of a show: what a person writes of the songs that we play ourselves -> TracksPlan.

    marker    12.5s  1:02.5  bar 33        -> Mark (seconds, or a bar from 1)
    player    device:X32  mpv:/run/mpv     -> (kind, name of the card or path of the socket)
              reaper:10.0.0.5:8000:9000    -> (kind, HOST:PORT:ANSWERS)

A sound file is looked at, not only looked for: what is no sound, is empty or has no such place is told at its line. It lies where
the file says that names it. It is no part of the show's version: a song may be mixed anew without a reload.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from showctl.config.tree import Key, Node, Report
from showctl.config.values import Bad, did_you_mean, ipv4, seconds
from showctl.config.wholefile import is_whole
from showctl.model.player import LONGEST_S
from showctl.plan import Marker, PaPlan, SetEntry, TrackPart, TrackPlan, TracksPlan
from showctl.plan.tracks import Address, PlayerKind
from showctl.wire.qlab import fits

if TYPE_CHECKING:
    from showctl.config import schema

SHORTEST = 0.1  # s of a track
MOST_TRACKS, MOST_MARKERS, MOST_PARTS, MOST_ENTRIES = 500, 64, 7, 500
MAIN = "main"
USUAL: Mapping[str, list[int]] = {MAIN: [1, 2]}
NOWHERE_SAID: tuple[PlayerKind, str] = ("device", "")  # the usual card
LOUDEST = 12.0  # dB of gain
REMOTE: tuple[PlayerKind, ...] = ("reaper", "qlab", "ableton")  # that have the songs themselves
LONGEST_THERE = 200  # characters
_BAR = re.compile(r"bar ([0-9]{1,5})")
_PLAYER = re.compile(r"(device|mpv):(.+)")
_REMOTE = re.compile(r"(reaper|qlab|ableton):([^:\s]+)(?::([0-9]{1,5}))?(?::([0-9]{1,5}))?")
PORTS: Mapping[str, tuple[int, int]] = {"reaper": (8000, 9000), "qlab": (53_000, 53_001), "ableton": (11_000, 11_001)}


class Mark(NamedTuple):
    """A place of a track: seconds, or a bar."""

    at: float | None
    bar: int = 0


def marker(text: str) -> Mark:
    """`12.5s`, `1:02.5`, `bar 33`."""
    if match := _BAR.fullmatch(text):
        if (bar := int(match[1])) < 1:
            raise Bad("E-range", f"`{text}`: bars are counted from 1")
        return Mark(None, bar)
    try:
        return Mark(seconds(text))
    except Bad as bad:
        raise Bad(bad.code, f"`{text[:40]}` is no place of a track: write `12.5s`, `1:02.5` or `bar 33`") from None


def player(text: str) -> tuple[PlayerKind, str]:
    """`device:X32`, `mpv:/run/showctl/mpv.sock`, `reaper:10.0.0.5`."""
    if match := _REMOTE.fullmatch(text):
        return _remote(text, match)
    if not (match := _PLAYER.fullmatch(text)):
        said = f"`{text[:80]}`: write `device:` and a part of the card's name, `mpv:` and the path of a socket, "
        raise Bad("E-choice", said + "or `reaper:`, `qlab:` or `ableton:` and an IP address")
    if match[1] == "mpv" and not match[2].startswith("/"):
        raise Bad("E-choice", f"`{text[:80]}`: the path of mpv's socket begins with `/`, as --input-ipc-server has it")
    return ("mpv" if match[1] == "mpv" else "device"), match[2].strip()


def _remote(text: str, match: re.Match[str]) -> tuple[PlayerKind, str]:
    """Its address, with the ports that it has unless it is told otherwise."""
    kind = next(one for one in REMOTE if one == match[1])
    host = "127.0.0.1" if match[2] == "localhost" else ipv4(match[2])
    port, answers = (int(match[i + 3] or usual) for i, usual in enumerate(PORTS[kind]))
    if not 1 <= port <= 65_535 or not 1 <= answers <= 65_535:
        raise Bad("E-range", f"`{text[:80]}`: a port is a number from 1 to 65535")
    if port == answers and host.startswith("127."):
        raise Bad("E-clash", f"`{text[:80]}`: it listens and is answered at one port of one machine; write two")
    return kind, str(Address(host, port, answers))


# --- what only shows when all of it is known ----------------------------------------------------------------------------


def compile_tracks(
    show: schema.Show, root: Node, broken: Set[str], audio: schema.Audio | None, pa: PaPlan | None, report: Report
) -> TracksPlan | None:
    """The plan of the tracks, None where the show has none; mistakes go to the report.

    `broken` are names of tracks that had mistakes. Without a venue `audio` is None.
    """
    outputs = dict(USUAL if audio is None or not audio.out else audio.out)
    lines = _lines(outputs)
    tracks = tuple(_track(name, one, root, lines, audio is not None, report) for name, one in show.tracks.items())
    _cues(show, root, broken, report)
    entries = tuple(SetEntry(one.track, one.then or "stop", one.crossfade or 0.0) for one in show.setlist)
    _setlist(show, root, {**dict.fromkeys(broken, 0.0), **{one.name: one.length for one in tracks}}, report)
    if not tracks:
        return None
    if not entries:
        entries = tuple(SetEntry(one.name) for one in tracks)
    kind, card = NOWHERE_SAID if audio is None or audio.player is None else audio.player
    if kind == "device" and pa is not None and pa.console == "internal":
        _shared(card, pa, root, report)
    for one in tracks if kind in REMOTE else ():
        _called(one, kind, root, report)
    if kind != "device":
        _unheard(show, kind, root, report)
    channels = tuple(channel - 1 for some in outputs.values() for channel in some)
    passcode = "" if audio is None or audio.passcode_file is None else audio.passcode_file
    return TracksPlan(tracks, entries, kind, card, channels, passcode_file=passcode)


def _lines(outputs: Mapping[str, list[int]]) -> dict[str, tuple[int, ...]]:
    """The lines of each output: those of the first come first."""
    found, line = {}, 0
    for name, channels in outputs.items():
        found[name] = tuple(range(line, line + len(channels)))
        line += len(channels)
    return found


def _track(
    name: str, one: schema.TrackModel, root: Node, lines: Mapping[str, tuple[int, ...]], sure: bool, report: Report
) -> TrackPlan:
    way: tuple[Key, ...] = ("tracks", name)
    mark = root.key(*way)
    parts, lengths = [], []
    own = (*way, "file") if root.find((*way, "file"))[1] == (*way, "file") else way  # `opener: opener.wav` is its file
    for output, text, place in ((MAIN, one.file, own), *((to, file, (*way, "parts", to)) for to, file in one.parts.items())):
        if sure and output not in lines:
            near = did_you_mean(output, lines)
            there = "" if near else f": there is {', '.join(lines)}"
            text_ = f"no output is called `{output}`{near}{there}; outputs are in the venue file, `audio: {{out: {{click: 3}}}}`"
            report.error(root.key(*place), "E-unknown-output", text_)
        path, length, channels = _file(text, root, place, report)
        if channels > (wide := len(lines.get(output, (0, 1)))) and channels > 2:
            report.warning(root.at(*place), "W-channels", f"of its {channels} channels the first {wide} are played")
        parts.append(TrackPart(path, lines.get(output, (0,))))
        lengths.append(length)
    length = max(lengths)
    for label, found in one.markers.items():
        if found.at is not None and length and found.at >= length:
            text = f"`{name}` is {length:.1f} s long: it has no {found.at:g} s"
            report.error(root.at(*way, "markers", label), "E-range", text)
    tempo = one.tempo
    if tempo is not None and tempo[0] != tempo[1]:
        report.error(root.at(*way, "tempo"), "E-tempo", "a track has one tempo: write `128 bpm`, or leave it out")
    if tempo is None and (one.downbeat is not None or one.beats is not None):
        key = "downbeat" if one.downbeat is not None else "beats"
        report.error(root.key(*way, key), "E-clash", f"`{key}` belongs to a tempo that is said: write `tempo: 128 bpm` too")
    markers = tuple(Marker(label, found.at, found.bar) for label, found in one.markers.items())
    steady = None if tempo is None else tempo[0]
    gain = 1.0 if one.gain is None else 10.0 ** (one.gain / 20.0)
    per_bar = 4 if one.beats is None else one.beats
    downbeat, there = one.downbeat or 0.0, one.there or ""
    return TrackPlan(name, tuple(parts), length, gain, markers, steady, downbeat, per_bar, mark.line, mark.path, there)


def there(text: str) -> str:
    """What a song is called in a player that has songs of its own: its OSC is ASCII."""
    if not text.isascii() or not text.isprintable() or not 1 <= len(text) <= LONGEST_THERE:
        raise Bad("E-there", f"`{text[:40]}` cannot be said by OSC: call it so there, and here, in letters without accents")
    return text


def _called(track: TrackPlan, kind: PlayerKind, root: Node, report: Report) -> None:
    """A name that can be said to the player: QLab has its cues by numbers that stand in addresses."""
    name = track.there or track.name
    own: tuple[Key, ...] = ("tracks", track.name, "there") if track.there else ("tracks", track.name)
    mark = root.at(*own) if track.there else root.key(*own)
    if kind == "qlab" and not fits(name):
        text = f"`{name[:40]}` can be no cue number of QLab: write `there:` and its number, without spaces and signs like `/`"
        report.error(mark, "E-there", text)
    elif not name.isascii():
        text = f"`{name[:40]}` cannot be said by OSC: write `there:` and what it is called there, in letters without accents"
        report.error(mark, "E-there", text)


def _unheard(show: schema.Show, kind: PlayerKind, root: Node, report: Report) -> None:
    """What only our own player does."""
    for name, track in show.tracks.items():
        for output in track.parts:
            text = f"it is not heard: another player (`{kind}`) has outputs of its own, and plays `file` alone or what it has"
            report.warning(root.key("tracks", name, "parts", output), "W-player", text)
    for i, entry in enumerate(show.setlist):
        if entry.crossfade:
            text = f"another player (`{kind}`) fades no track into the next: that one begins when this one has ended"
            report.warning(root.at("setlist", i, "crossfade"), "W-player", text)


def _file(text: str, root: Node, way: tuple[Key, ...], report: Report) -> tuple[str, float, int]:
    """Path, length (s) and channels of a sound file; a mistake where there is none, or it is none."""
    mark = root.at(*way)
    path = os.path.abspath(Path(mark.path).parent / text)
    if not os.path.isfile(path):
        report.error(mark, "E-missing-file", f"no such file: {path}; write where it is, from here")
        return path, 0.0, 0
    try:
        import soundfile
    except (ImportError, OSError) as error:
        report.warning(mark, "W-not-checked", f"sound files cannot be read: {error}; install libsndfile (Debian: libsndfile1)")
        return path, 0.0, 0
    try:
        info, whole = soundfile.info(path), is_whole(path)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        why = str(getattr(error, "error_string", None) or error).rstrip(".")
        report.error(mark, "E-sound-file", f"not a sound file that can be read ({why}): WAV, FLAC, Ogg, MP3 and AIFF can")
        return path, 0.0, 0
    if info.duration > LONGEST_S:
        text = "it does not say how long it is, as a FLAC that went through a pipe: export it anew, to a file"
        report.error(mark, "E-sound-file", text)
        return path, 0.0, int(info.channels)
    if info.duration < SHORTEST:
        report.error(mark, "E-sound-file", f"it is {info.duration:.3f} s long: was it exported whole?")
    elif not _ends(path):
        text = f"it says that it is {info.duration:.1f} s long, but its end cannot be read: was it copied whole?"
        report.error(mark, "E-sound-file", text)
    elif not whole:
        text = f"its end is missing: of all that it should have {info.duration:.1f} s are there; was it copied whole?"
        report.error(mark, "E-sound-file", text)
    return path, float(info.duration), int(info.channels)


def _ends(path: str) -> bool:
    """Whether its last half second can be read: a FLAC or MP3 that was cut off says the length of the whole."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            file.seek(max(0, file.frames - file.samplerate // 2))
            return len(file.read(1)) > 0
    except (soundfile.LibsndfileError, RuntimeError, OSError):
        return False


def _setlist(show: schema.Show, root: Node, lengths: Mapping[str, float], report: Report) -> None:
    for i, one in enumerate(show.setlist):
        way: tuple[Key, ...] = ("setlist", i)
        if one.track not in lengths:
            near = did_you_mean(one.track, lengths)
            report.error(root.at(*way), "E-unknown-track", f"no track is called `{one.track}`{near}: tracks are under `tracks`")
            continue
        last = i + 1 == len(show.setlist)
        if one.then == "next" and last:
            report.error(root.at(*way, "then"), "E-clash", "nothing comes after the last of the set list: leave `then` out")
        following = lengths.get(show.setlist[i + 1].track, 0.0) if not last else 0.0
        for length in (lengths[one.track], following):
            if one.crossfade and length and one.crossfade > length / 2:
                text = f"a crossfade of {one.crossfade:g} s is more than half of a track of {length:.1f} s"
                report.error(root.at(*way, "crossfade"), "E-range", text)
                break


def _cues(show: schema.Show, root: Node, broken: Set[str], report: Report) -> None:
    """Cues that begin a track that there is not."""
    for way, one in show.all_lists().values():
        for i, cue in enumerate(one.cues):
            if cue.play is not None and cue.play not in {*show.tracks, *broken}:
                near = did_you_mean(cue.play, show.tracks)
                text = f"no track is called `{cue.play}`{near}: tracks are under `tracks`"
                report.error(root.at(*way, i, "play"), "E-unknown-track", text)


def _shared(card: str, pa: PaPlan, root: Node, report: Report) -> None:
    """The equaliser of the PA in this machine has a card open: who else may?"""
    mine, theirs = card.casefold(), pa.card_out.casefold()
    if mine and theirs and mine not in theirs and theirs not in mine:
        return
    mark = root.key("tracks")
    if "hw:" in mine or "hw:" in theirs:
        text = "the equaliser of the PA has this card, and ALSA gives it to one program: play to another, or run JACK"
        report.error(mark, "E-clash", text)
    else:
        text = "tracks and the equaliser of the PA may want the same card: JACK and PipeWire let both, ALSA by itself does not; "
        report.warning(mark, "W-same-card", text + "say which in the venue file, `audio: {player: device:NAME}`")
