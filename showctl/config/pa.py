"""The `pa` of a venue file: what a person writes of the room's sound -> PaPlan, and what contradicts itself in it.

    level of sound   -12dB  +3dB                -> dB (above 94 dB of sound pressure, or of gain: its key says which)
    Q                0.7                        -> a number
    temperature      21C                        -> degrees Celsius
    console          10.0.0.5  10.0.0.5:10023   -> (IPv4 address, port or None for the usual one)
    node             venue_eq                   -> a node of PipeWire

What a console has and where is said by its type (`consoles`). Files are relative to the file that names them, and must be there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from showctl.config.consoles import CONSOLES
from showctl.config.templates import compile_template
from showctl.config.tree import Node, Report, Where
from showctl.config.values import Bad, did_you_mean, ipv4
from showctl.model import LevelLimit
from showctl.plan import PaClimate, PaMicrophone, PaPlan, PaZone
from showctl.wire import pipewire, x32

if TYPE_CHECKING:
    from showctl.config import schema

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_DECIBELS = re.compile(rf"([+-]?{_NUMBER}) ?dB")
_CELSIUS = re.compile(rf"(-?{_NUMBER}) ?C")
_PLAIN = re.compile(_NUMBER)
_BARE = re.compile(rf"[+-]?{_NUMBER}")
LOUDEST = 200.0  # dB: what is beyond was meant otherwise
TARGETS = ("flat", "house")
SHALLOWEST = 3.0  # dB, of a notch
LONGEST_TOPIC = 200  # characters
_OVER: dict[str, Literal["laeq_1", "laeq_15", "laeq_60"]] = {"1": "laeq_1", "15": "laeq_15", "60": "laeq_60"}


def decibels(text: str) -> float:
    """`-12dB` -> dB."""
    if match := _DECIBELS.fullmatch(text):
        if abs(value := float(match[1])) > LOUDEST:
            raise Bad("E-range", f"`{text}` is no level: at most {LOUDEST:.0f}dB to either side")
        return value
    if _BARE.fullmatch(text):
        raise Bad("E-unit", f"a level of sound needs a unit: write `{text}dB`")
    raise Bad("E-decibels", f"`{text[:40]}` is no level of sound: write `-12dB`")


def quality(text: str) -> float:
    """`0.7` -> Q, as consoles have it."""
    if not _PLAIN.fullmatch(text) or not x32.WIDEST <= (value := float(text)) <= x32.NARROWEST:
        raise Bad("E-range", f"`{text[:40]}` is no Q: write a number from {x32.WIDEST:g} (wide) to {x32.NARROWEST:g} (narrow)")
    return value


def celsius(text: str) -> float:
    """`21C` -> degrees Celsius of air that people stand in."""
    if not (match := _CELSIUS.fullmatch(text)):
        raise Bad("E-unit", f"`{text[:40]}` is no temperature: write `21C`")
    if not -20 <= (value := float(match[1])) <= 50:
        raise Bad("E-range", f"`{text}`: the air in a room is at -20C to 50C")
    return value


def topic(text: str) -> str:
    """`hall/air`: where a sensor tells something over MQTT; one topic, in whole."""
    if len(text) > LONGEST_TOPIC or set(text) & set("+#\0") or not text.strip("/"):
        raise Bad("E-name", f"`{text[:80]}` is no topic: write it in whole, without `+` and `#`")
    return text


def console_address(text: str) -> tuple[str, int | None]:
    """`10.0.0.5`, `10.0.0.5:10023` -> address and port."""
    host, colon, port = text.partition(":")
    if colon and (not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535):
        raise Bad("E-listen", f"`{text[:40]}`: a port is 1 to 65535; leave it out for the console's own")
    try:
        return ipv4(host), int(port) if colon else None
    except Bad:
        raise Bad("E-ip", f"`{text[:40]}` is no IPv4 address: write the console's, like `10.0.0.5`") from None


def node(text: str) -> str:
    """`venue_eq`: a node of PipeWire."""
    try:
        return pipewire.node(text)
    except ValueError as wrong:
        raise Bad("E-name", str(wrong)) from None


# --- what only shows when all of it is known ----------------------------------------------------------------------------


def compile_pa(venue: schema.Venue, root: Node, cut: frozenset[int], report: Report) -> tuple[PaPlan | None, tuple[Path, ...]]:
    """The plan of the room's sound, None where the file says nothing of it, and every file that it names; mistakes go to the
    report. `cut` is that of the Source."""
    pa = venue.pa
    if pa is None:
        compile_template(venue, root, cut, 0, report)
        return None, ()
    files: list[Path] = []
    sure = id(root.find(("pa",))[0]) not in cut  # else what is missing may be what was cut out
    console = CONSOLES[pa.console.type] if pa.console is not None else None
    for key in console.keys if sure and console is not None else ():
        if getattr(pa.console, key) is None:
            text = f"`{key}` is missing: only a console that is named is ever changed"
            report.error(root.at("pa", "console"), "E-missing-key", text)
    zones = _zones(pa, root, sure, report)
    microphones = _microphones(pa, root, report, files)
    _channels(venue, pa, root, report)
    if pa.spl_limit is not None and sure and not any(one.sensitivity is not None for one in microphones):
        _unwatched(pa, root, cut, report)
    if sure and pa.mode == "auto" and not any(zone.console for zone in zones) and (console is None or console.equaliser):
        text = (
            "`mode: auto` has nothing to act on: write `console: {type: x32, address: 10.0.0.5}`, and in a zone `console: main`"
        )
        report.error(root.at("pa", "mode"), "E-clash", text)
    if sure and pa.notches:
        _notches(pa, zones, root, report)
    target = pa.target
    if target not in TARGETS:
        target = _file(("pa", "target"), target, root, report, files, f"write {' or '.join(TARGETS)}, or the name of a file")
    template = compile_template(venue, root, cut, sum(bool(zone.console) for zone in zones), report)
    host, port = ("", 0)
    if pa.console is not None and console is not None and pa.console.address is not None:
        host, port = pa.console.address[0], pa.console.address[1] or console.port
    if sure and pa.climate is not None and pa.climate.sensor is not None and venue.mqtt is None:
        text = "nobody tells it: a sensor is heard over MQTT, write `mqtt: {host: ...}`"
        report.error(root.at("pa", "climate", "sensor"), "E-clash", text)
    plan = PaPlan(
        mode=pa.mode,
        card_in=pa.input or venue.audio.input or "",
        card_out=pa.out or pa.input or venue.audio.input or "",
        programme=_programme(venue, pa),
        zones=zones,
        microphones=microphones,
        console=pa.console.type if pa.console is not None else None,
        host=host,
        port=port,
        template=template,
        node=(pa.console.node or "") if pa.console is not None else "",
        target=target,
        gain=(pa.limits.gain[0], pa.limits.gain[1]),
        boost=pa.limits.boost,
        q=(pa.limits.q[0], pa.limits.q[1]),
        levels=_levels(pa.spl_limit),
        climate=_climate(pa.climate),
        notches=pa.notches,
    )
    return plan, tuple(files)


def _notches(pa: schema.Pa, zones: tuple[PaZone, ...], root: Node, report: Report) -> None:
    """What makes notches impossible. How many bands an equaliser has that only its console knows is seen when it is read."""
    every = pa.console is not None and CONSOLES[pa.console.type].equaliser is None
    followed = next((zone for zone in zones if every or zone.console), None)
    why = ""
    if followed is None:
        why = (
            "there is no equaliser to set them at: write `console: {type: x32, address: 10.0.0.5}`, and in a zone `console: main`"
        )
    elif pa.mode != "auto":
        why = f"nothing moves by itself in `mode: {pa.mode}`: write `mode: auto`, or leave `notches` out"
    elif not pa.microphones:
        why = "nobody hears feedback: name a microphone under `microphones`"
    elif followed.bands and pa.notches >= followed.bands:
        most = followed.bands - 1
        why = f"zone `{followed.name}` has {followed.bands} bands, and the room needs one at least: {most} notches at most"
    elif pa.limits.gain[0] > -SHALLOWEST:
        why = (
            f"a notch takes {SHALLOWEST:g} dB at least, and no band may go below {pa.limits.gain[0]:g}dB: see `gain` of `limits`"
        )
    if why:
        report.error(root.at("pa", "notches"), "E-clash", why)


def _climate(climate: schema.PaClimateModel | None) -> PaClimate | None:
    if climate is None:
        return None
    judged, sensor = climate.judged, climate.sensor
    return PaClimate(
        climate.temperature,
        climate.humidity * 100,
        climate.distance,
        climate.microphones,
        None if judged is None else (judged.temperature, judged.humidity * 100),
        None if sensor is None else (sensor.temperature, sensor.humidity),
    )


def _zones(pa: schema.Pa, root: Node, sure: bool, report: Report) -> tuple[PaZone, ...]:
    found: list[PaZone] = []
    taken: dict[str, str] = {}
    console = CONSOLES[pa.console.type] if pa.console is not None else None
    for name, zone in pa.zones.items():
        way: Where = ("pa", "zones", name)
        written, bands = "", 0
        if zone.console is not None:
            mark = root.at(*way, "console")
            if console is None or console.equaliser is None:
                if sure:
                    report.error(
                        mark, "E-clash", "no console is named: write `console: {type: x32, address: 10.0.0.5}` under `pa`"
                    )
                continue
            try:
                written, bands = console.equaliser(zone.console)
            except ValueError as wrong:
                near = did_you_mean(zone.console, console.like)
                report.error(mark, "E-console", f"{wrong}{near}")
                continue
            if (other := taken.setdefault(written, name)) != name:
                report.error(mark, "E-clash", f"`{written}` is the equaliser of zone `{other}` already: each zone has its own")
        if zone.device is not None and written and console is not None and zone.device != console.device:
            text = f"what this zone is set to has the steps of its console, which is `{console.device}`: leave `device` out"
            report.error(root.at(*way, "device"), "E-clash", text)
        device = zone.device or (console.device if console is not None else "generic")
        found.append(PaZone(name, tuple(zone.out), written, bands, device))
    return tuple(found)


def _microphones(pa: schema.Pa, root: Node, report: Report, files: list[Path]) -> tuple[PaMicrophone, ...]:
    found = []
    for name, one in pa.microphones.items():
        way: Where = ("pa", "microphones", name, "calibration")
        file = _file(way, one.calibration, root, report, files, "leave it out if there is none") if one.calibration else ""
        place = (one.place.x, one.place.y, one.place.z) if one.place is not None else None
        found.append(PaMicrophone(name, one.channel, file, place, one.sensitivity))
    return tuple(found)


def _file(way: Where, text: str, root: Node, report: Report, files: list[Path], cure: str) -> str:
    """The place of a file; a mistake where there is none."""
    mark = root.at(*way)
    path = Path(mark.path).parent / text
    files.append(path)
    if not path.is_file():
        near = did_you_mean(text, TARGETS) if way[-1] == "target" else ""
        report.error(mark, "E-missing-file", f"no such file: {os.path.abspath(path)}{near}; {cure}")
    return os.path.abspath(path)


def _programme(venue: schema.Venue, pa: schema.Pa) -> tuple[int, ...]:
    """Inputs that carry it: where nothing is said, what is listened to on the same card; empty: the first two."""
    same = pa.input is None or pa.input == venue.audio.input
    return tuple(pa.programme or (venue.audio.channels[:2] if same else ()))


def _channels(venue: schema.Venue, pa: schema.Pa, root: Node, report: Report) -> None:
    """One channel carries one thing; where nothing is compared with the programme, the first two inputs may be anything."""
    carried = dict.fromkeys(_programme(venue, pa) or ((1, 2) if pa.console is not None else ()), "the programme")
    if venue.audio.ltc is not None:
        carried.setdefault(venue.audio.ltc, "time code")
    for name, one in pa.microphones.items():
        if (other := carried.setdefault(one.channel, f"microphone `{name}`")) != f"microphone `{name}`":
            text = f"input {one.channel} carries {other} already: each has its own"
            report.error(root.at("pa", "microphones", name, "in"), "E-clash", text)
    plays: dict[int, str] = {}
    for name, zone in pa.zones.items():
        if twice := [channel for n, channel in enumerate(zone.out) if channel in zone.out[:n]]:
            report.error(root.at("pa", "zones", name, "out"), "E-clash", f"output {twice[0]} stands here twice: once is enough")
        for channel in zone.out:
            if (before := plays.setdefault(channel, name)) != name:
                text = f"output {channel} plays to zone `{before}` already: what plays together is one zone"
                report.error(root.at("pa", "zones", name, "out"), "E-clash", text)


def _unwatched(pa: schema.Pa, root: Node, cut: frozenset[int], report: Report) -> None:
    """A limit that no microphone can watch. Nothing is said where a `sensitivity` may have been cut out for a mistake."""
    ways: list[Where] = [("pa", "microphones"), *(("pa", "microphones", name) for name in pa.microphones)]
    if any(id(root.find(way)[0]) in cut for way in ways):
        return
    text = (
        "nobody watches this limit: no microphone has a `sensitivity`; hold a calibrator of 94 dB to one and write down what its "
        "input shows, like `sensitivity: -28dB`"
    )
    report.warning(root.key("pa", "spl_limit"), "W-no-sensitivity", text)


def _levels(limit: schema.SplLimit | None) -> tuple[LevelLimit, ...]:
    if limit is None:
        return ()
    found = []
    if limit.laeq is not None:
        found.append(LevelLimit(_OVER[limit.minutes], limit.laeq))
    if limit.lcpeak is not None:
        found.append(LevelLimit("lcpeak", limit.lcpeak))
    return tuple(found)
