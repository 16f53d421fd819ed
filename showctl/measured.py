"""What `room measure` leaves in its folder, and reads there the next time.

    ZONE@MICROPHONE.wav   impulse response, 32-bit float, the microphone's calibration taken out; `@` stands in no name
    ZONE@MICROPHONE.svg   its decay
    ZONE.svg              the curves of all microphones, beside the target
    measurement.json      all figures; each zone, response and noise with the time at which it was measured, and as `placed` when
                          the zones arrived in the last run of most of them: what tells a microphone that has moved

What was measured of other zones stays: a run of one zone replaces that zone's entries alone. measurement.json is replaced as a
whole or not at all, and one that cannot be read is kept under another name.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.signal import lfilter

from showctl.analysis.room.arrival import Arrival
from showctl.analysis.room.curve_drawing import svg as curves_svg
from showctl.analysis.room.decay import Decay, decays, held, octave
from showctl.analysis.room.drawing import svg as decay_svg
from showctl.analysis.room.grid import GRID, HIGH, smoothed
from showctl.analysis.room.level import decibels
from showctl.analysis.room.microphone import DEAD_DB
from showctl.analysis.room.speech import OCTAVES, speech
from showctl.analysis.room.weighting import LEAST_RATE, Weighting
from showctl.summary import SUMMARY

if TYPE_CHECKING:
    from showctl.analysis.room.speech import Sound
    from showctl.analysis.room.target import Target
    from showctl.measure import Measured, Measurement
    from showctl.plan import PaMicrophone, PaPlan
    from showctl.sound.duplex import Duplex

UNREAD = "measurement.unread.json"
TALKS = 70.0  # dB(A) of speech at the microphone, for what noise makes of it
MIDDLE = (500.0, 1000.0)  # Hz, of the one figure that tells a room's reverberation
SPECTRUM_S = 2.0  # of a response, for its curve
_FIGURES = ("freq", "edt", "t20", "t30", "c50", "c80", "d50", "snr_db")
_REFERENCE = 94.0  # dB of sound pressure that a sensitivity is told for


# --- what lies there -------------------------------------------------------------------------------------------------------


def earlier(folder: Path) -> tuple[dict[str, Any], str]:
    """The summary that lies in the folder, nothing where none does; and why it cannot be read, in words: then it is put aside."""
    path = folder / SUMMARY
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        arrivals(found)
        for entry in (*found["zones"], *found["responses"], *found["noise"]):
            _key(entry)
        return dict(found), ""
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        path.replace(folder / UNREAD)
        return {}, f"{path} is not read ({error}): it is kept as {UNREAD}"


def arrivals(summary: dict[str, Any]) -> dict[str, dict[str, Arrival]]:
    """When each zone arrived at each microphone, all in one run: times of two runs are not to be compared, for each opened the
    sound card anew."""
    found: dict[str, dict[str, Arrival]] = {}
    for one in summary.get("placed", []):
        found.setdefault(one["microphone"], {})[one["zone"]] = Arrival(**one["arrival"])
    return found


def _key(entry: dict[str, Any]) -> tuple[str, str]:
    """What an entry is of; a newer one of the same replaces it."""
    return entry.get("zone", ""), entry.get("microphone", "")


def _merged(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was measured before, each entry replaced by the one that was measured now; what is new comes last."""
    by_key = {_key(entry): entry for entry in old} | {_key(entry): entry for entry in new}
    return list(by_key.values())


# --- what is saved ---------------------------------------------------------------------------------------------------------


def save(
    measurement: Measurement, pa: PaPlan, target: Target, folder: Path, old: dict[str, Any], stopped: str, stream: Duplex
) -> list[str]:
    """Responses, pictures and the summary, with what the `old` one holds of other zones; lines for people that say what was
    found. `pa` is that of the venue, zones that were not measured now included. Nothing, and no lines, where nothing was
    measured. OSError."""
    when = datetime.now().astimezone().isoformat(timespec="seconds")
    noise = [_noise(m, measurement, when) for m in pa.microphones if m.name in measurement.noise]
    lines, responses, zones = [_noise_line(one) for one in noise], [], []
    for one in measurement.zones:
        for name in one.responses:
            entry, line = _response(measurement, one, name, pa, folder, noise)
            responses.append(entry | {"measured": when})
            lines.append(line)
        if one.responses:
            zones.append(_zone(one) | {"measured": when})
            _curves(one, pa, target, folder, when)
    if not responses:
        return []
    summary = {
        "measured": when,
        "device": stream.device,
        "rate": measurement.rate,
        "card_s": stream.way,
        "sweep": {
            "low": measurement.sent.low,
            "high": measurement.sent.high,
            "seconds": len(measurement.sent.samples) / measurement.rate,
        },
        "stopped": stopped,
        "troubles": measurement.troubles,
        "noise": _merged(old.get("noise", []), [{key: one[key] for key in one if key != "octaves"} for one in noise]),
        "placed": _placed(old.get("placed", []), responses, pa),
        "zones": _merged(old.get("zones", []), zones),
        "responses": _merged(old.get("responses", []), responses),
    }
    kept = len(_merged(old.get("responses", []), responses)) - len(responses)
    text = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    _write(folder / SUMMARY, text.encode())
    lines.append(f"{len(responses)} impulse responses and {SUMMARY} are in {folder}")
    return [*lines, f"{kept} of earlier measurements stay there"] if kept else lines


def _placed(old: list[dict[str, Any]], responses: list[dict[str, Any]], pa: PaPlan) -> list[dict[str, Any]]:
    """Where the microphones stand: the arrivals of this run, unless an earlier one knows more zones of those that there are."""
    zones, microphones = ({one.name for one in some} for some in (pa.zones, pa.microphones))
    old = [one for one in old if one["zone"] in zones and one["microphone"] in microphones]
    new = [{key: one[key] for key in ("zone", "microphone", "arrival", "measured")} for one in responses if one["arrival"]]
    return old if len({one["zone"] for one in old}) > len({one["zone"] for one in new}) else new


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    new.replace(path)


def _zone(one: Measured) -> dict[str, Any]:
    return {
        "zone": one.zone.name,
        "outputs": one.zone.channels,
        "levels_db": one.levels,
        "kept": one.state.kept,
        "phase": one.state.phase,
    }


def _response(
    measurement: Measurement, one: Measured, name: str, pa: PaPlan, folder: Path, noise: list[dict[str, Any]]
) -> tuple[dict[str, Any], str]:
    """Save one response and its picture; what the summary says of it, and what people are told."""
    import soundfile

    rate = measurement.rate
    response, left_out = one.response(name)
    path, sound = folder / f"{one.zone.name}@{name}.wav", io.BytesIO()
    soundfile.write(sound, response.samples.astype("float32"), rate, subtype="FLOAT", format="WAV")
    _write(path, sound.getvalue())
    octaves = decays(response.samples, rate)
    _write(path.with_suffix(".svg"), decay_svg(f"{one.zone.name} at {name}", octaves).encode())
    came, heard = one.arrival(name), speech(response.samples, rate)
    around = next((entry["octaves"] for entry in noise if entry["microphone"] == name), None)
    talked = None if heard is None or around is None else speech(response.samples, rate, TALKS, around)
    calibration = next((m.calibration for m in pa.microphones if m.name == name), "")
    entry = {
        "zone": one.zone.name,
        "microphone": name,
        "file": path.name,
        "rate": rate,
        "sent_at_s": response.lead / rate,
        "calibration": calibration or None,
        "calibrated": bool(calibration),
        "air": None if pa.climate is None else {"temperature": pa.climate.temperature, "humidity": pa.climate.humidity},
        "arrival": None if came is None else asdict(came),
        "repeats": len(one.responses[name]),
        "left_out": left_out,
        "snr_db": [_number(value) for value in one.snr(name)],
        "harmonics_db": [_number(value) for value in response.harmonics],
        "sti": None if heard is None else _number(heard.index),
        "sti_with_noise": None if talked is None else _number(talked.index),
        "octaves": [{key: _number(getattr(each, key)) for key in _FIGURES} for each in octaves],
    }
    return entry, _line(entry, octaves)


def _line(entry: dict[str, Any], octaves: list[Decay]) -> str:
    """A response in a line for people; what cannot be known is said to be unknown."""
    t20, c80 = (_mean([getattr(one, key) for one in octaves if one.freq in MIDDLE]) for key in ("t20", "c80"))
    said = [
        "T20 unknown" if t20 is None else f"T20 {t20:.2f} s",
        "C80 unknown" if c80 is None else f"C80 {c80:.1f} dB",
        "STI unknown" if entry["sti"] is None else f"STI {entry['sti']:.2f}",
    ]
    if entry["sti_with_noise"] is not None:
        said[-1] += f" ({entry['sti_with_noise']:.2f} with the noise, speech being {TALKS:g} dB(A))"
    if entry["calibrated"]:
        said.append(f"calibration of {Path(entry['calibration']).name} taken out")
    return f"{entry['zone']} at {entry['microphone']}: {', '.join(said)}"


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _noise(m: PaMicrophone, measurement: Measurement, when: str) -> dict[str, Any]:
    """The room without any sweep at one microphone: `dbfs` as it came in; `dba` and `octaves` (7,) in dB SPL, where its
    sensitivity is known, its calibration taken out as the level meter does."""
    heard, rate, curve = measurement.noise[m.name], measurement.rate, measurement.calibrations.get(m.name)
    sound = heard if curve is None else lfilter(curve.taps(rate), [1.0], heard)
    spl = None if m.sensitivity is None else _REFERENCE - m.sensitivity
    weighted = None
    if spl is not None and rate >= LEAST_RATE:
        weighted = decibels(float(np.mean(Weighting(rate, "A").feed(sound)[rate // 2 :] ** 2)) * 10 ** (spl / 10))
    octaves = (
        None if spl is None or not held(OCTAVES[-1], rate) else np.array([_rms(octave(sound, rate, f)) + spl for f in OCTAVES])
    )
    return {
        "microphone": m.name,
        "dbfs": _number(_rms(heard)),
        "dba": _number(weighted),
        "octaves": octaves,
        "measured": when,
    }


def _noise_line(one: dict[str, Any]) -> str:
    level = "unknown in dB(A), for want of its sensitivity" if one["dba"] is None else f"{one['dba']:.0f} dB(A)"
    if one["dbfs"] < DEAD_DB:
        return f"noise at {one['microphone']}: none at all, digital silence"
    return f"noise at {one['microphone']}: {one['dbfs']:.0f} dBFS, {level}"


def _rms(sound: Sound) -> float:
    return 10 * math.log10(float(np.mean(sound**2)) + 1e-30)


def _curves(one: Measured, pa: PaPlan, target: Target, folder: Path, when: str) -> None:
    """The picture of a zone: its curve at each microphone that hears it."""
    found = [(name, _curve(one, name)) for name in one.responses if one.arrival(name) is not None]
    if found:
        flat = [m.name for m in pa.microphones if m.calibration]
        named = [(f"{name}, calibrated" if name in flat else name, curve) for name, curve in found]
        _write(folder / f"{one.zone.name}.svg", curves_svg(f"{one.zone.name}, {when}", GRID, named, target(GRID)).encode())


def _curve(one: Measured, name: str) -> Any:
    """(points of grid.GRID,) dB."""
    response, rate = one.response(name)[0], one.sent.rate
    sound = response.samples[: response.lead + round(SPECTRUM_S * rate)]
    size = 1 << (len(sound) - 1).bit_length()
    freqs = np.fft.rfftfreq(size, 1 / rate).astype(np.float64)
    inside = freqs < 2 * HIGH
    return smoothed(freqs[inside], np.abs(np.fft.rfft(sound, size)[inside]) ** 2, GRID)


def _number(value: float | None) -> float | None:
    """For JSON: what is not known is null."""
    return None if value is None or value != value else round(float(value), 4)
