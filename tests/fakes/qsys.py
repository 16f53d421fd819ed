"""A Q-SYS Core as its remote control (QRC) is described by QSC: JSON-RPC 2.0 on a stream, each message ended by a zero.

It knows Named Controls (Control.Get, Control.Set), NoOp, Logon and StatusGet; it says its EngineStatus to whoever connects, and
closes a connection that has said nothing for a minute. Values beyond a control's range are held at its end.
"""

from __future__ import annotations

import json
from typing import Any

RANGES = {"freq": (20.0, 20_000.0), "gain": (-100.0, 20.0), "q": (0.1, 100.0)}
PATIENCE_S = 60.0
STATUS = {"State": "Active", "DesignName": "Hall", "DesignCode": "qALFilm6IcCo", "IsRedundant": False, "IsEmulator": True}


class Core:
    """One design; `controls` are its Named Controls."""

    def __init__(self, equaliser: str = "main", bands: int = 6) -> None:
        self.controls: dict[str, float] = {}
        for n in range(1, bands + 1):
            self.controls |= {f"{equaliser}.freq.{n}": 62.5 * 2**n, f"{equaliser}.gain.{n}": 0.0, f"{equaliser}.q.{n}": 1.0}
        self.methods: list[str] = []

    def greeting(self) -> bytes:
        """What it says to whoever connects."""
        return self._message({"method": "EngineStatus", "params": STATUS})

    def take(self, data: bytes) -> bytes:
        """A message without its end -> what is answered."""
        try:
            asked = json.loads(data)
            method, params, number = asked["method"], asked.get("params"), asked.get("id")
        except (ValueError, KeyError, TypeError):
            return self._message({"id": None, "error": {"code": -32700, "message": "Parse error"}})
        self.methods.append(method)
        body = self._done(method, params)
        return b"" if number is None else self._message({"id": number, **body})

    def _done(self, method: str, params: Any) -> dict[str, Any]:
        match method:
            case "NoOp" | "Logon":
                return {"result": True}
            case "StatusGet":
                return {"result": STATUS}
            case "Control.Get" if all(name in self.controls for name in params):
                return {"result": [self._shown(name) for name in sorted(params)]}
            case "Control.Set" if params["Name"] in self.controls:
                low, high = RANGES[params["Name"].split(".")[1]]
                self.controls[params["Name"]] = min(max(float(params["Value"]), low), high)
                return {"result": self._shown(params["Name"])}
            case "Control.Get" | "Control.Set":
                return {"error": {"code": 8, "message": "Unknown control"}}
        return {"error": {"code": -32601, "message": "Method not found"}}

    def _shown(self, name: str) -> dict[str, Any]:
        value = self.controls[name]
        return {"Name": name, "Value": value, "String": f"{value:.1f}dB", "Position": 0.5}

    @staticmethod
    def _message(body: dict[str, Any]) -> bytes:
        return json.dumps({"jsonrpc": "2.0", **body}).encode() + b"\0"
