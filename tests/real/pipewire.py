"""PipeWire of a test's own: session bus, server, session manager and a filter-chain, in a runtime directory of their own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from showctl.wire.pipewire import objects
from tests.real.conftest import process, until

NODE = "venue_eq"
_HEAD = """
context.properties = { log.level = 0 }
context.spa-libs = { audio.convert.* = audioconvert/libspa-audioconvert support.* = support/libspa-support }
context.modules = [
  { name = libpipewire-module-protocol-native }
  { name = libpipewire-module-client-node }
  { name = libpipewire-module-adapter }
  { name = libpipewire-module-filter-chain
    args = {
      node.description = "venue eq"
      media.name = "venue eq"
      filter.graph = {
        nodes = [
"""
_TAIL = f"""
      }}
      audio.channels = 2
      audio.position = [ FL FR ]
      capture.props = {{ node.name = {NODE} media.class = Audio/Sink }}
      playback.props = {{ node.name = {NODE}.output node.passive = true }}
    }}
  }}
]
"""


def chain(bands: int) -> str:
    """The configuration of a filter-chain of a low cut and the equaliser `main`, an octave from band to band."""
    filters = ['{ type = builtin name = cut label = bq_highpass control = { "Freq" = 30.0 "Q" = 0.7 } }']
    for n in range(1, bands + 1):
        control = f'control = {{ "Freq" = {62.5 * 2**n} "Q" = 1.0 "Gain" = 0.0 }}'
        filters.append(f"{{ type = builtin name = main_peaking{n} label = bq_peaking {control} }}")
    names = ["cut", *(f"main_peaking{n}" for n in range(1, bands + 1))]
    links = [f'{{ output = "{a}:Out" input = "{b}:In" }}' for a, b in zip(names, names[1:], strict=False)]
    return _HEAD + "\n".join(filters) + "\n]\nlinks = [\n" + "\n".join(links) + "\n]" + _TAIL


@contextmanager
def pipewire(folder: Path) -> Iterator[Path]:
    """A server without any device, told to every child of this process by its environment; yields the runtime directory."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    before = {key: os.environ.get(key) for key in ("XDG_RUNTIME_DIR", "PIPEWIRE_REMOTE", "DBUS_SESSION_BUS_ADDRESS")}
    os.environ.pop("PIPEWIRE_REMOTE", None)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    address = f"unix:path={runtime}/bus"
    bus = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"]
    try:
        with process(bus):
            until((runtime / "bus").exists, 20, "the session bus")
            os.environ["DBUS_SESSION_BUS_ADDRESS"] = address
            with process(["pipewire"]):
                until((runtime / "pipewire-0").exists, 20, "PipeWire's socket")
                with process(["wireplumber"]):
                    yield runtime
    finally:
        for key, value in before.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


@contextmanager
def filters(folder: Path, bands: int) -> Iterator[None]:
    """A filter-chain that is there until the block ends."""
    file = folder / "filters.conf"
    file.write_text(chain(bands))
    with process(["pipewire", "-c", str(file)]):
        until(lambda: dump() is not None, 20, f"the node {NODE}", every=0.1)
        yield


def dump() -> dict[str, Any] | None:
    """The node, as pw-dump has it."""
    said = subprocess.run(["pw-dump"], capture_output=True, timeout=20).stdout
    nodes = [one for one in objects(said) if (one.get("info") or {}).get("props", {}).get("node.name") == NODE]
    return nodes[0] if nodes else None


def control(name: str) -> float:
    """What a control stands at."""
    node = dump()
    assert node is not None
    for held in node["info"]["params"]["Props"]:
        words = held.get("params", [])
        if name in words:
            return float(words[words.index(name) + 1])
    raise AssertionError(f"no control {name}")


def hand(name: str, value: float) -> None:
    """Somebody else sets a control."""
    node = dump()
    assert node is not None
    command = ["pw-cli", "set-param", str(node["id"]), "Props", f'{{ params = [ "{name}" {value:.3f} ] }}']
    subprocess.run(command, check=True, capture_output=True, timeout=20)


@contextmanager
def sink(name: str) -> Iterator[None]:
    """A sound card that is none, and drives what plays to it."""
    made = f"factory.name=support.null-audio-sink node.name={name} media.class=Audio/Sink audio.position=[FL FR] audio.rate=48000"
    with subprocess.Popen(["pw-cli"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as keeper:
        assert keeper.stdin is not None
        try:
            keeper.stdin.write(f"create-node adapter {{ {made} }}\n".encode())
            keeper.stdin.flush()
            said = lambda: subprocess.run(["pw-dump"], capture_output=True, timeout=20).stdout  # noqa: E731
            until(lambda: f'"node.name": "{name}"'.encode() in said(), 20, f"the sink {name}", every=0.1)
            yield
        finally:
            keeper.stdin.close()
            keeper.terminate()


def played(sound: Path, into: str, at: str, heard: Path) -> None:
    """Play a file into one node, and record what arrives at a sink until it has ended."""
    pipes = ["--rate", "48000", "--channels", "2", "--format", "f32"]
    with process(["pw-record", "-P", "{ stream.capture.sink = true }", "--target", at, *pipes, str(heard)]) as recording:
        until(lambda: heard.exists() and heard.stat().st_size > 100_000, 20, "the recording", every=0.1)
        subprocess.run(["pw-play", "--target", into, str(sound)], check=True, capture_output=True, timeout=60)
        size = heard.stat().st_size
        until(lambda: heard.stat().st_size > size + 200_000, 20, "its end", every=0.1)
        recording.signal(signal.SIGINT)
        recording.wait()
