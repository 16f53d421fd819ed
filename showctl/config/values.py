"""What a person writes -> a value: times, levels, angles, colours, numbers of cues, addresses.

A unit is always written, because `in: 2` could be seconds, beats or a mistake. Every function takes the text and returns the
value, or raises Bad with a code and a sentence that says what to write instead. Digits are the ASCII ones.

    time     2s  500ms  1:30  1/2 beat  4 bars          -> Span (seconds, beats or bars)
    level    70%  full  out                             -> 0..1
    angle    -25deg                                     -> degrees
    colour   "#c00010"  2900K  gel L201  xy(0.3, 0.3)   -> Tint (see `colour`)
    cue      12.5                                       -> Decimal, 0.001..9999.999
    address  1/101                                      -> (universe, slot)
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from showctl.config import colour, gels
from showctl.plan import Span

T = TypeVar("T")

MAX_SECONDS = 86_400.0
MAX_BEATS = 100_000.0
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_SECONDS = re.compile(rf"(-?{_NUMBER}) ?(ms|s)")
_CODE = re.compile(r"(?:([0-9]{1,2}):)?([0-9]{1,2}):([0-9]{1,2})(\.[0-9]{1,6})?")
_FRAMES = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})[:;]([0-9]{1,2})")
_CLOCK = re.compile(r"([0-9]{1,4}):([0-5][0-9](?:\.[0-9]{1,3})?)")
_MUSIC = re.compile(rf"(-?{_NUMBER})(?:/([0-9]{{1,4}}))? ?(beat|bar)s?")
_PERCENT = re.compile(rf"({_NUMBER}) ?%")
_ANGLE = re.compile(rf"(-?{_NUMBER}) ?deg")
_KELVIN = re.compile(r"([0-9]{1,6}) ?K")
_XY = re.compile(r"xy\( ?([0-9.]{1,12}) ?, ?([0-9.]{1,12}) ?\)")
_HEX = re.compile(r"#([0-9a-fA-F]{6})")
_CUE = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?")
_ADDRESS = re.compile(r"([0-9]{1,6})/([0-9]{1,4})")
_METRES = re.compile(rf"(-?{_NUMBER}) ?m?")
_NAME = re.compile(r"[\w-]{1,64}")
_BARE = re.compile(rf"-?{_NUMBER}")
_TEMPO = re.compile(rf"({_NUMBER})(?: ?- ?({_NUMBER}))? ?bpm")
SLOWEST, FASTEST = 20.0, 400.0  # bpm that a cue may say
LATEST = 0.5  # s of latency: what is later than that is another mistake


class Bad(ValueError):
    """A text that is no such value: code and sentence."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def time(text: str, *, negative: bool = False) -> Span:
    """`2s 500ms 1:30 1/2 beat 4 bars`; below zero only where `negative` allows it."""
    if match := _SECONDS.fullmatch(text):
        span = Span(float(match[1]) / (1000 if match[2] == "ms" else 1))
    elif match := _CLOCK.fullmatch(text):
        span = Span(int(match[1]) * 60 + float(match[2]))
    elif match := _MUSIC.fullmatch(text):
        if match[2] is not None and int(match[2]) == 0:
            raise Bad("E-time", f"`{text}` divides by zero")
        span = Span(float(match[1]) / int(match[2] or 1), "bar" if match[3] == "bar" else "beat")
    elif _BARE.fullmatch(text):
        raise Bad("E-unit", f"a time needs a unit: write `{text}s`, or `{text} beats`")
    else:
        raise Bad("E-time", f"`{text}` is no time: write `2s`, `500ms`, `1:30`, `1/2 beat` or `4 bars`")
    if span.amount < 0 and not negative:
        raise Bad("E-range", f"`{text}` is below zero: a time here cannot be")
    if abs(span.amount) > (MAX_SECONDS if span.unit == "s" else MAX_BEATS):
        raise Bad("E-range", f"`{text}` is too long: at most a day, or {MAX_BEATS:.0f} beats")
    return span


def seconds(text: str) -> float:
    """A time that must be in seconds."""
    if (span := time(text)).unit != "s":
        raise Bad("E-unit", f"`{text}` is counted in music: this time must be in seconds, like `2s`")
    return span.amount


def latency(text: str) -> float:
    """Seconds that something takes, at most half of one."""
    return _late(text, negative=False)


def sound_latency(text: str) -> float:
    """The same, below zero for an ear that hears before the audience does."""
    return _late(text, negative=True)


def _late(text: str, negative: bool) -> float:
    span = time(text, negative=negative)
    if span.unit != "s":
        raise Bad("E-unit", f"`{text}` is counted in music: a latency is in seconds, like `25ms`")
    if abs(span.amount) > LATEST:
        raise Bad("E-range", f"`{text}` is too long: a latency is at most {LATEST * 1000:.0f}ms; was it meant in ms?")
    return span.amount


def tempo(text: str) -> tuple[float, float]:
    """`80-110 bpm`, `128 bpm` -> lowest and highest, in beats a minute."""
    if not (match := _TEMPO.fullmatch(text)):
        raise Bad("E-tempo", f"`{text}` is no tempo: write `80-110 bpm`, or `128 bpm`")
    low, high = float(match[1]), float(match[2] or match[1])
    if not SLOWEST <= low <= high <= FASTEST:
        raise Bad("E-tempo", f"`{text}`: a tempo goes from {SLOWEST:.0f} to {FASTEST:.0f} bpm, the lower one first")
    return low, high


class Code(NamedTuple):
    """What a clock of time code shows: with frames, or with a fraction of a second."""

    hours: int
    minutes: int
    seconds: int
    fraction: float = 0.0
    frames: int | None = None

    def __str__(self) -> str:
        return f"`{self.hours:02d}:{self.minutes:02d}:{self.seconds:02d}:{self.frames or 0:02d}`"


def code(text: str) -> Code:
    """`00:01:02:03` (hours to frames), `1:02:03.5`, `1:02.5`, `62.5s`."""
    if match := _SECONDS.fullmatch(text):
        whole = float(match[1]) / (1000 if match[2] == "ms" else 1)
        found = Code(int(whole) // 3600, int(whole) // 60 % 60, int(whole) % 60, whole % 1.0)
    elif match := _CODE.fullmatch(text):
        found = Code(int(match[1] or 0), int(match[2]), int(match[3]), float(match[4] or 0))
    elif match := _FRAMES.fullmatch(text):
        found = Code(int(match[1]), int(match[2]), int(match[3]), frames=int(match[4]))
    else:
        raise Bad("E-time", f"`{text[:40]}` is no time code: write `00:01:02:03` (hours to frames), `1:02:03.5` or `1:02.5`")
    if not (0 <= found.hours < 24 and found.minutes < 60 and found.seconds < 60) or text.startswith("-"):
        raise Bad("E-range", f"`{text[:40]}` is no time of a clock: 24 hours of 60 minutes of 60 seconds")
    return found


def level(text: str) -> float:
    """`70%`, `full`, `out` -> 0..1."""
    if text in ("full", "out"):
        return 1.0 if text == "full" else 0.0
    if match := _PERCENT.fullmatch(text):
        if (value := float(match[1])) > 100:
            raise Bad("E-range", f"`{text}` is above 100%")
        return value / 100
    if _BARE.fullmatch(text):
        if 100 < (value := float(text)) <= 255:
            raise Bad("E-unit", f"a level needs a unit: write `{value / 2.55:.0f}%` if {text} of 255 is meant")
        raise Bad("E-unit", f"a level needs a unit: write `{_percent(text)}`")
    raise Bad("E-level", f"`{text}` is no level: write `70%`, `full` or `out`")


def rate(text: str) -> float:
    """`50%` of the speed, 0 to 2000 % -> 0..20."""
    if not (match := _PERCENT.fullmatch(text)):
        if _BARE.fullmatch(text):
            raise Bad("E-unit", f"a rate needs a unit: write `{_percent(text)}`")
        raise Bad("E-rate", f"`{text}` is no rate: write `50%` to take twice as long")
    if (value := float(match[1])) > 2000:
        raise Bad("E-range", f"`{text}` is above 2000%")
    return value / 100


def _percent(text: str) -> str:
    """What a bare number was probably meant to be: `0.5` is half, `50` is 50 of a hundred."""
    return f"{float(text) * 100:g}%" if "." in text and float(text) <= 1 else f"{text}%"


def angle(text: str) -> float:
    """`-25deg` -> degrees."""
    if match := _ANGLE.fullmatch(text):
        return float(match[1])
    if _BARE.fullmatch(text):
        raise Bad("E-unit", f"an angle needs a unit: write `{text}deg`")
    raise Bad("E-angle", f"`{text}` is no angle: write `25deg`")


def metres(text: str) -> float:
    """`-2.5m` or `-2.5` -> metres: a place is always in metres."""
    if (match := _METRES.fullmatch(text)) and abs(value := float(match[1])) <= 10_000:
        return value
    raise Bad("E-place", f"`{text}` is no place in metres: write `2.5m`")


def hertz(text: str) -> float:
    """`40Hz` -> 1..44, frames a second of a universe."""
    match = re.fullmatch(rf"({_NUMBER}) ?Hz", text)
    if not match:
        raise Bad("E-unit", f"`{text}` is no rate: write `40Hz`")
    if not 1 <= (value := float(match[1])) <= 44:
        raise Bad("E-range", f"`{text}`: a universe is sent 1 to 44 times a second")
    return value


def is_colour(text: str) -> bool:
    """Whether this is written as a colour, rather than as the name of one."""
    return text.startswith(("#", "xy(", "gel ")) or bool(_KELVIN.fullmatch(text))


def tint(text: str) -> colour.Tint:
    """`"#c00010"`, `2900K`, `gel L201`, `xy(0.3, 0.3)` -> what is to be seen."""
    if match := _HEX.fullmatch(text):
        return colour.from_digits(match[1])
    if match := _KELVIN.fullmatch(text):
        if not 1000 <= (kelvin := float(match[1])) <= 25_000:
            raise Bad("E-range", f"`{text}`: colour temperatures go from 1000K to 25000K")
        return colour.Tint(levels := colour.from_kelvin(kelvin), levels, kelvin)
    if match := _XY.fullmatch(text):
        try:
            x, y = float(match[1]), float(match[2])
        except ValueError:
            x = y = -1.0
        if not (x >= 0 and y > 0 and x + y <= 1):
            raise Bad("E-colour", f"`{text}` lies outside the chromaticity diagram: x from 0, y above 0, x + y at most 1")
        return colour.Tint(levels := colour.from_xy(x, y), levels)
    if text.startswith("gel "):
        return _gel(text)
    if not text:
        raise Bad("E-colour", 'no colour here: a colour with # must be in quotes, like "#c00010", or YAML takes it for a comment')
    raise Bad("E-colour", f'`{text}` is no colour: write "#c00010", `2900K`, `gel L201`, `xy(0.3, 0.3)` or the name of a palette')


def _gel(text: str) -> colour.Tint:
    if (found := gels.find(text[4:].strip())) is not None:
        return colour.Tint(levels := colour.from_xy(*found), levels)
    if near := gels.near(text[4:].strip()):
        raise Bad("E-gel", f"`{text}` is not among the filters that are known here: near it are {near}; or write its `xy(x, y)`")
    raise Bad("E-gel", f"`{text[:40]}` is no filter: write `gel L201` (LEE) or `gel R80` (Roscolux)")


def cue_number(text: str) -> Decimal:
    """`12.5` -> Decimal; 1.10 is 1.1, as decimals are."""
    if not _CUE.fullmatch(text) or not Decimal(text):
        raise Bad("E-cue-number", f"`{text}` is no cue number: write 0.001 to 9999.999")
    return plain(Decimal(text))


def plain(number: Decimal) -> Decimal:
    """The same number without needless zeros, and never as 1E+1."""
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def address(text: str) -> tuple[int, int]:
    """`1/101` -> (universe 1..63999, slot 1..512)."""
    if not (match := _ADDRESS.fullmatch(text)):
        raise Bad("E-address", f"`{text}` is no address: write `universe/slot`, like `1/101`")
    universe, slot = int(match[1]), int(match[2])
    if not 1 <= universe <= 63999:
        raise Bad("E-universe", f"`{text}`: there is no universe {universe}, sACN has 1 to 63999")
    if not 1 <= slot <= 512:
        raise Bad("E-slot", f"`{text}`: there is no slot {slot}, a universe has 1 to 512")
    return universe, slot


def universe(text: str) -> int:
    """`1` -> 1..63999."""
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= 63999:
        raise Bad("E-universe", f"`{text}` is no universe: sACN has 1 to 63999")
    return int(text)


def whole(first: int, last: int) -> Callable[[str], int]:
    """A parser of whole numbers from first to last."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,12}", text) or not first <= int(text) <= last:
            raise Bad("E-number", f"`{text}`: write a whole number from {first} to {last}")
        return int(text)

    return parse


def truth(text: str) -> bool:
    """`true` or `false`; the many other spellings of YAML 1.1 are words like any other."""
    if text not in ("true", "false"):
        raise Bad("E-truth", f"`{text}`: write `true` or `false`")
    return text == "true"


def choice(*words: str) -> Callable[[str], Any]:
    """A parser of one word out of a few."""

    def parse(text: str) -> str:
        if text not in words:
            raise Bad("E-choice", f"`{text}`: write one of {', '.join(words)}{did_you_mean(text, words)}")
        return text

    return parse


def name(text: str) -> str:
    """The name of a fixture, group, palette, effect..."""
    if not _NAME.fullmatch(text):
        raise Bad("E-name", f"`{text[:80]}` is no name: letters, digits, `-` and `_`, at most 64")
    return text


def label(text: str) -> str:
    """A title for people: any text in one line."""
    if len(text) > 200 or "\n" in text:
        raise Bad("E-name", "a title is one line of at most 200 characters")
    return text


def interface(text: str) -> str:
    """A network interface by its name (as long as the kernel's may be) or its IPv4 address."""
    if not re.fullmatch(r"[^\s/]{1,15}", text) or len(text.encode()) > 15:
        raise Bad("E-interface", f"`{text[:40]}` is no network interface: write its name, as `ip link` shows it")
    return text


def listener(text: str) -> str:
    """`127.0.0.1:8000` -> the same, looked at."""
    host_port(text)
    return text


def host_port(text: str) -> tuple[str, int]:
    """`127.0.0.1:8000` or `[::1]:8000` -> (host, port)."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise Bad("E-listen", f"`{text}` is no address to listen on: write `127.0.0.1:8000`")
    try:
        ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise Bad("E-ip", f"`{text}`: `{host}` is no IP address, write `127.0.0.1:{port}`") from None
    return host, int(port)


def ipv4(text: str) -> str:
    """An IPv4 address to send to."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise Bad("E-ip", f"`{text}` is no IPv4 address: write one like `10.0.0.5`, or `multicast`") from None


def network(text: str) -> str:
    """`10.0.0.0/24` or one address -> CIDR text."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise Bad("E-ip", f"`{text}` is no network: write `10.0.0.0/24` or one IP address") from None


def did_you_mean(word: str, known: Any) -> str:
    """` (did you mean ...?)`, or nothing where nothing is near."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean `{near[0]}`?)" if near else ""
