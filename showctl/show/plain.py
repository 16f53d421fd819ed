"""Values of the engine as plain data and back: what JSON carries, by the types that the dataclasses declare.

A float is a number, or a word where JSON has none ("inf"); a tuple, list or deque a list; a mapping a list of pairs; a
dataclass or named tuple an object of its fields (one of several that could stand there also says its `type`); an array its
dtype, shape and bytes (little endian, zlib, base64).

unpack(hint, pack(hint, value)) == value, to the bit. What does not fit is a ValueError that says where.
"""

from __future__ import annotations

import base64
import math
import types
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

LEVEL = 1  # of zlib: what is in an array is mostly zeros, or the same again
MOST_BYTES = 2**31  # of an array


@dataclass(frozen=True, slots=True)
class Plain:
    """Packs and unpacks. What the plan made is not data, and is left out or stands for itself by another type."""

    skip: Mapping[type, frozenset[str]] = field(default_factory=dict)  # fields that are left out, by class
    instead: Mapping[tuple[type, str], Any] = field(default_factory=dict)  # types of fields, where not as declared
    open: frozenset[type] = frozenset()  # dataclasses that are handed over as the dict of their fields

    def pack(self, hint: Any, value: Any) -> Any:
        """A value of this type as plain data."""
        origin, inner = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._pack_one_of(inner, value)
        if origin is tuple:
            hints = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
            return [self.pack(h, v) for h, v in zip(hints, value, strict=True)]
        if origin in (list, deque, set, frozenset):
            several = sorted(value) if origin in (set, frozenset) else value
            return [self.pack(inner[0], one) for one in several]
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return [[self.pack(inner[0], k), self.pack(inner[1], v)] for k, v in value.items()]
        if isinstance(value, np.ndarray):
            return pack_array(value)
        if hint in self.open:
            return {name: self.pack(of, value[name]) for name, of in self._fields(hint)}
        if _has_fields(type(value)):
            return {name: self.pack(of, getattr(value, name)) for name, of in self._fields(type(value))}
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, Decimal):
            return format(value, "f")
        return _pack_number(value) if isinstance(value, float) else value

    def _pack_one_of(self, hints: tuple[Any, ...], value: Any) -> Any:
        if value is None:
            return None
        several = [h for h in hints if _has_fields(h)]
        for hint in hints:
            if hint is not type(None) and isinstance(value, get_origin(hint) or hint):
                plain = self.pack(hint, value)
                return {"type": hint.__name__, **plain} if len(several) > 1 and hint in several else plain
        raise ValueError(f"{value!r:.60} is none of {hints}")

    def unpack(self, hint: Any, data: Any) -> Any:
        """The value that was packed. ValueError for what is not of this type."""
        origin, inner = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._unpack_one_of(inner, data)
        if origin is np.ndarray:
            return unpack_array(data)
        if _has_fields(hint):
            return self._unpack_fields(hint, data)
        if origin in (tuple, list, deque, set, frozenset) or (isinstance(origin, type) and issubclass(origin, Mapping)):
            return self._unpack_several(origin, inner, data)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return hint(data)
        if hint is Decimal:
            return Decimal(_expect(data, str))
        if hint is float:
            return _unpack_number(data)
        if origin is Literal:
            if data not in inner:
                raise ValueError(f"{data!r:.40} is none of {inner}")
            return data
        return _expect(data, hint)

    def _unpack_several(self, origin: Any, inner: tuple[Any, ...], data: Any) -> Any:
        _expect(data, list)
        if origin is tuple:
            hints = [inner[0]] * len(data) if inner[-1] is Ellipsis else inner
            return tuple(self.unpack(h, one) for h, one in zip(hints, data, strict=True))
        if origin in (list, deque, set, frozenset):
            return origin(self.unpack(inner[0], one) for one in data)
        return {self.unpack(inner[0], k): self.unpack(inner[1], v) for k, v in data}

    def _unpack_fields(self, cls: Any, data: Any) -> Any:
        _expect(data, dict)
        hints = self._fields(cls)
        if unknown := sorted(data.keys() - {name for name, _ in hints}):
            raise ValueError(f"{cls.__name__} has no {unknown[0]!r}")
        found = {}
        for name, hint in hints:
            if name in data:
                try:
                    found[name] = self.unpack(hint, data[name])
                except (ValueError, TypeError, KeyError, ArithmeticError) as error:
                    raise ValueError(f"{cls.__name__}.{name}: {error}") from error
        return found if cls in self.open else cls(**found)

    def _unpack_one_of(self, hints: tuple[Any, ...], data: Any) -> Any:
        if data is None and type(None) in hints:
            return None
        several: list[Any] = [h for h in hints if _has_fields(h)]
        if len(several) > 1 and isinstance(data, dict):
            name = data.get("type")
            hint = next((h for h in several if h.__name__ == name), None)
            if hint is None:
                raise ValueError(f"`type` is {name!r:.40}")
            return self.unpack(hint, {key: value for key, value in data.items() if key != "type"})
        rest = [h for h in hints if h is not type(None)]
        return self.unpack(next((h for h in rest if h in (int, str, bool) and type(data) is h), rest[0]), data)

    def _fields(self, cls: type) -> list[tuple[str, Any]]:
        skip = self.skip.get(cls, frozenset())
        return [(name, self.instead.get((cls, name), hint)) for name, hint in _hints(cls) if name not in skip]

    def learn(self, *classes: type) -> None:
        """Look up what these declare: the first time takes milliseconds."""
        for cls in classes:
            self._fields(cls)

    def taken(self, value: Any) -> dict[str, Any]:
        """The fields of a dataclass that are data."""
        return {name: getattr(value, name) for name, _ in self._fields(type(value))}


def _has_fields(hint: Any) -> bool:
    """Whether it is a dataclass or a named tuple."""
    return is_dataclass(hint) or (isinstance(hint, type) and hasattr(hint, "_fields"))


@cache
def _hints(cls: type) -> list[tuple[str, Any]]:
    hints = get_type_hints(cls)
    names = [f.name for f in fields(cls)] if is_dataclass(cls) else cls._fields  # type: ignore[attr-defined]
    return [(name, hints[name]) for name in names]


def _expect(data: Any, cls: type) -> Any:
    if type(data) is not cls:
        raise ValueError(f"{data!r:.40} is no {cls.__name__}")
    return data


def _pack_number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))


def _unpack_number(data: Any) -> float:
    if isinstance(data, bool) or not (isinstance(data, int | float) or data in ("inf", "-inf", "nan")):
        raise ValueError(f"{data!r:.40} is no number")
    return float(data)


def pack_array(array: NDArray[Any]) -> dict[str, Any]:
    """An array as plain data."""
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    data = base64.b64encode(zlib.compress(np.ascontiguousarray(little).tobytes(), LEVEL)).decode()
    return {"dtype": little.dtype.str, "shape": list(array.shape), "data": data}


def unpack_array(data: Any) -> NDArray[Any]:
    """The array that was packed, free to be changed. ValueError for what is none."""
    try:
        dtype, shape = np.dtype(data["dtype"]), tuple(int(n) for n in data["shape"])
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "biuf" or min(shape, default=0) < 0 or size > MOST_BYTES:
            raise ValueError(f"an array of {dtype} with the shape {shape}")
        unzip = zlib.decompressobj()
        raw = unzip.decompress(base64.b64decode(data["data"], validate=True), size + 1)
    except (KeyError, TypeError, zlib.error) as error:
        raise ValueError(f"no array: {error}") from error
    if len(raw) != size:
        raise ValueError(f"an array of {len(raw)} bytes instead of {size}")
    return np.frombuffer(raw, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="))
