"""`showctl devices`: the sound devices and MIDI desks of this machine by name, and what to write to use one."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from showctl.inputs.midi import Port
    from showctl.sound.portaudio import Device

MISSING = 69
STEREO = 2  # channels that are listened to unless a venue file names others
NO_INPUT = "no sound input: plug in a card, start JACK, or join the group audio; --audio file:PATH works without any"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `devices` takes."""
    parser.add_argument("--json", action="store_true", help="one JSON object a device")


def run(args: argparse.Namespace) -> int:
    """List what is there; 69 where PortAudio is missing."""
    from showctl.inputs.midi import ports
    from showctl.model import DeviceError
    from showctl.sound.portaudio import devices

    for port in ports():
        print(json.dumps(desk(port)) if args.json else desk_line(port))
    try:
        found = devices()
    except DeviceError as error:
        print(f"showctl devices: {error}", file=sys.stderr)
        return MISSING
    for device in found:
        print(json.dumps(described(device)) if args.json else line(device))
    if not any(device.inputs for device in found):
        print(f"showctl devices: {NO_INPUT}", file=sys.stderr)
    return 0


def described(device: Device) -> dict[str, object]:
    """The device as --json prints it."""
    return asdict(device) | {"audio": f"device:{device.name}" if device.inputs else None}


def desk(port: Port) -> dict[str, object]:
    """The MIDI desk as --json prints it."""
    return {"name": port.name, "api": "MIDI", "card": port.card, "path": str(port.path), "midi": port.name}


def desk_line(port: Port) -> str:
    """The MIDI desk as people read it."""
    quoted = json.dumps(port.name, ensure_ascii=False)
    return f"{port.name}  (MIDI, card {port.card}, {port.path})\n    midi: {{in: {quoted}}}"


def line(device: Device) -> str:
    """The device as people read it."""
    what = f"{device.inputs} in, {device.outputs} out, {device.rate} Hz, {device.api}"
    quoted = device.name.replace("'", "'\\''")
    if not device.inputs:
        return f"{device.name}  ({what})"
    first = f"\n    --audio 'device:{quoted}'"
    if device.inputs <= STEREO:
        return f"{device.name}  ({what}){first}"
    name = json.dumps(device.name, ensure_ascii=False)
    return f"{device.name}  ({what}){first}\n    audio: {{in: {name}, channels: [1, 2]}}   # of {device.inputs}"
