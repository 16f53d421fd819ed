"""CamillaDSP as far as its configuration goes, for tests without one: a websocket server that plays no sound.

Written from websocket.md and the README of CamillaDSP 4.1. A command is answered at once and in its order; a patch is merged into
the active configuration as RFC 7386 has it and checked as a whole, and where it passes, the answer is Ok and the change is made a
moment later. Keys that are not known, values of another type, filters of the pipeline that are not defined, a Q of nothing or a
frequency above half the sampling rate are refused, and then nothing changes. What is left out is null in what is told back.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any

from aiohttp import WSMsgType, web

Config = dict[str, Any]
STATES = ("Running", "Paused", "Inactive", "Starting", "Stalled")
NUMBERS: dict[str, tuple[tuple[str, ...], ...]] = {  # what a biquad of each type has: one of these sets
    "Peaking": (("freq", "gain", "q"), ("freq", "gain", "bandwidth")),
    "Highshelf": (("freq", "gain", "q"), ("freq", "gain", "slope")),
    "Lowshelf": (("freq", "gain", "q"), ("freq", "gain", "slope")),
    "HighshelfFO": (("freq", "gain"),),
    "LowshelfFO": (("freq", "gain"),),
    "Highpass": (("freq", "q"),),
    "Lowpass": (("freq", "q"),),
    "HighpassFO": (("freq",),),
    "LowpassFO": (("freq",),),
    "Notch": (("freq", "q"), ("freq", "bandwidth")),
    "Bandpass": (("freq", "q"), ("freq", "bandwidth")),
    "Allpass": (("freq", "q"), ("freq", "bandwidth")),
    "AllpassFO": (("freq",),),
    "Free": (("a1", "a2", "b0", "b1", "b2"),),
}
LOOSE = {"Peaking", "Highshelf", "Lowshelf", "Notch", "Bandpass", "Allpass"}  # other keys of these are dropped, not refused
OTHER_FILTERS = {"BiquadCombo", "Conv", "Delay", "Gain", "Volume", "Loudness", "Dither", "DiffEq", "Limiter"}
STEPS = {
    "Filter": {"type", "channels", "names", "description", "bypassed"},
    "Mixer": {"type", "name", "description", "bypassed"},
    "Processor": {"type", "name", "description", "bypassed"},
}


class Unread(Exception):
    """A configuration that cannot be read: an unknown key, a value of another type."""


class Invalid(Exception):
    """One that can, but makes no sense."""


class FakeCamilla:
    """The program itself: a command in, an answer out."""

    def __init__(self, config: Config | None, version: str = "4.1.3", path: str | None = "/etc/camilladsp/venue.yml") -> None:
        self.file = None if config is None else checked(config)  # what lies on the disk
        self.active = deepcopy(self.file)
        self.version, self.path = version, path
        self.state = "Running" if config is not None else "Inactive"
        self.reason = "None"
        self.heard: list[Any] = []
        self.patches: list[Config] = []
        self.drops = lambda _: False  # a change that the queue has no room for
        self.answers_with: Callable[[str], str] | None = None  # in place of a right answer
        self._waits: list[Config] = []

    def settle(self) -> None:
        """A moment later: of the changes that wait the last is made."""
        if self._waits:
            self.active, self._waits = self._waits[-1], []

    def restart(self) -> None:
        """It begins anew with its file, and has forgotten all else."""
        self._waits, self.active = [], deepcopy(self.file)

    def band(self, name: str) -> Config:
        """What a filter is."""
        assert self.active is not None
        parameters: Config = self.active["filters"][name]["parameters"]
        return parameters

    def hand(self, name: str, **numbers: Any) -> None:
        """Another program changes a filter."""
        changed = deepcopy(self.active)
        assert changed is not None
        changed["filters"][name]["parameters"].update(numbers)
        self.active = checked(changed)

    # --- commands ------------------------------------------------------------------------------------------------------

    def command(self, text: str) -> str:
        """The answer to one."""
        if self.answers_with is not None:
            return self.answers_with(text)
        try:
            said = json.loads(text)
        except ValueError as error:
            return json.dumps({"Invalid": {"error": str(error)}})
        self.heard.append(said)
        word, argument = next(iter(said.items())) if isinstance(said, dict) and len(said) == 1 else (said, None)
        known = {
            "GetVersion": lambda: self.version,
            "GetState": lambda: self.state,
            "GetStopReason": lambda: self.reason,
            "GetConfigFilePath": lambda: self.path,
            "GetConfigJson": lambda: json.dumps(self.active),
        }
        if word in known:
            return json.dumps({word: {"result": "Ok", "value": known[word]()}})
        if word == "PatchConfig" and int(self.version.partition(".")[0]) >= 4 and argument is not None:
            return json.dumps({word: {"result": self._patch(argument)}})
        return json.dumps({"Invalid": {"error": f"unknown variant `{word}`"}})

    def _patch(self, argument: Any) -> Any:
        self.patches.append(argument)
        if self.active is None:
            return {"InvalidRequestError": "No active config to patch"}
        try:
            config = checked(merged(self.active, argument))
        except Unread as error:
            return {"ConfigReadError": str(error)}
        except Invalid as error:
            return {"ConfigValidationError": str(error)}
        if not self.drops(argument):
            self._waits.append(config)
        return "Ok"


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key), value)
    return out


# --- configurations --------------------------------------------------------------------------------------------------


def checked(config: Any) -> Config:
    """A configuration with all of its keys. Raises Unread or Invalid."""
    top = {"title", "description", "devices", "mixers", "filters", "processors", "pipeline"}
    _keys(config, top, {"devices"}, "the configuration")
    out: Config = {key: config.get(key) for key in sorted(top)}
    rate = config["devices"].get("samplerate")
    if type(rate) is not int:
        raise Unread("devices.samplerate: invalid type, expected usize")
    filters = config.get("filters") or {}
    out["filters"] = None if config.get("filters") is None else {name: _filter(name, one, rate) for name, one in filters.items()}
    if config.get("pipeline") is not None:
        out["pipeline"] = [_step(step, filters) for step in config["pipeline"]]
    return out


def _keys(value: Any, allowed: set[str], needed: set[str], where: str) -> None:
    if not isinstance(value, dict):
        raise Unread(f"{where}: invalid type, expected a map")
    if unknown := set(value) - allowed:
        raise Unread(f"{where}: unknown field `{min(unknown)}`")
    if missing := needed - set(value):
        raise Unread(f"{where}: missing field `{min(missing)}`")


def _number(value: Any, where: str) -> float:
    if type(value) not in (int, float):
        raise Unread(f"{where}: invalid type, expected f64")
    return float(value)


def _filter(name: str, one: Any, rate: int) -> Config:
    _keys(one, {"type", "description", "parameters"}, {"type", "parameters"}, name)
    if one["type"] in OTHER_FILTERS:
        return {"description": None, **one}
    if one["type"] != "Biquad":
        raise Unread(f"{name}: unknown variant `{one['type']}`")
    given = one["parameters"]
    if not isinstance(given, dict) or given.get("type") not in NUMBERS:
        raise Unread(f"{name}: unknown variant `{given.get('type') if isinstance(given, dict) else given}`")
    sets = NUMBERS[given["type"]]
    names = next((some for some in sets if all(given.get(key) is not None for key in some)), None)
    if names is None or (given["type"] not in LOOSE and set(given) - {"type", *names}):
        raise Unread(f"{name}: data did not match any variant")
    numbers = {key: _number(given[key], f"{name}.{key}") for key in names}
    if not 0 < numbers.get("freq", 1.0) < rate / 2:
        raise Invalid(f"Invalid filter '{name}'. Reason: Frequency must be > 0 and < samplerate/2")
    for key in {"q", "bandwidth", "slope"} & set(numbers):
        if numbers[key] <= 0:
            raise Invalid(f"Invalid filter '{name}'. Reason: {key} must be > 0")
    return {"type": "Biquad", "description": one.get("description"), "parameters": {"type": given["type"], **numbers}}


def _step(step: Any, filters: Config) -> Config:
    kind = step.get("type") if isinstance(step, dict) else None
    if kind not in STEPS:
        raise Unread(f"pipeline: unknown variant `{kind}`")
    _keys(step, STEPS[kind], {"type", "names" if kind == "Filter" else "name"}, "pipeline")
    if kind == "Filter":
        for name in step["names"]:
            if name not in filters:
                raise Invalid(f"Use of missing filter '{name}'")
    return {key: step.get(key) for key in sorted(STEPS[kind])}


# --- on a socket -----------------------------------------------------------------------------------------------------


class Served:
    """A FakeCamilla at a port of loopback."""

    def __init__(self, fake: FakeCamilla) -> None:
        self.fake = fake
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._open: set[web.WebSocketResponse] = set()
        self.answer: Callable[[str], Awaitable[str]] = self._answer

    async def _answer(self, text: str) -> str:
        return self.fake.command(text)

    async def start(self, port: int = 0) -> int:
        """Listen; at which port."""
        app = web.Application()
        app.router.add_get("/", self._talk)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self.port

    async def stop(self) -> None:
        """Close every connection, and listen no more."""
        for one in list(self._open):
            await one.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._open.add(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.fake.settle()
                    await socket.send_str(await self.answer(message.data))
        finally:
            self._open.discard(socket)
        return socket
