"""A console that showctl has no module for, described by its own lines in the venue file: what sets a band, what asks for one,
what it answers. PURE: lines and bands <-> text.

In a line these are filled in; every other brace is the console's own:

    {freq} {freq:.0f}  Hz     {gain} {gain:.1f}  dB     {q} {q:.2f}     with so many decimals
    {band} {band:02}   from 1                           with so many digits
    {equaliser}        what the zone's `console` is
    {id}               a number that no other line has

An answer is one of two. A text is a line of the same kind, read backwards: numbers where the braces are, one or more spaces where
a space is. JSON has a pointer (RFC 6901) to each of freq, gain and q, and to `id`; a step `Name=main.freq.1` is the entry of a
list whose `Name` is that. There are no patterns that a console could make long work of. What is not such an answer is passed
over: consoles say many things.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from showctl.model import EqBand, WireError
from showctl.plan import PaTemplate
from showctl.wire.checked import a_number

LONGEST = 16_384  # characters of a line
MOST_ID = 2**31 - 1
FREQ, GAIN, Q = (10.0, 22_000.0), 60.0, (0.05, 100.0)  # Hz, dB to either side: what is beyond is no band of an equaliser
VALUES = ("freq", "gain", "q")
KNOWN = (*VALUES, "band", "equaliser", "id")
DECIMALS = {"freq": 1, "gain": 2, "q": 3}  # where none are written
LEAST = {"freq": 0, "gain": 1, "q": 2}  # or a band would not be what was fitted
_PLACE = re.compile(r"\{([a-z]{1,12})(?::([^{}\"]{0,8}))?\}")
_NUMBER = r"([+-]?[0-9]{1,12}(?:\.[0-9]{1,12})?)"
_READ = {"band": r"([0-9]{1,3})", "id": r"([0-9]{1,10})", "equaliser": r"([A-Za-z0-9_.:/-]{1,64})"}


@dataclass(frozen=True, slots=True)
class Place:
    """What is filled in."""

    name: str
    digits: int  # decimals of a value, digits of a band

    def text(self, value: float | int | str) -> str:
        """As it stands in the line."""
        if self.name in VALUES:
            return f"{value:.{self.digits}f}"
        return f"{value:0{self.digits}d}" if self.name == "band" else str(value)


@dataclass(frozen=True, slots=True)
class Line:
    """A line: text and places."""

    parts: tuple[str | Place, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What is filled in, in order."""
        return tuple(part.name for part in self.parts if isinstance(part, Place))

    def written(self, values: Mapping[str, float | int | str]) -> str:
        """The line with these values."""
        return "".join(part if isinstance(part, str) else part.text(values[part.name]) for part in self.parts)

    def reader(self) -> re.Pattern[str]:
        """What reads such a line. ValueError where two places touch, or one stands twice: nobody could tell them apart."""
        if len(set(self.names)) < len(self.names):
            raise ValueError("each of the braces stands once in an answer")
        made, before = "", ""
        for part in self.parts:
            if isinstance(part, str):
                made += "[ \\t]+".join(map(re.escape, re.split(r"[ \t]+", part)))
            elif isinstance(before, Place):
                raise ValueError(f"`{{{before.name}}}` and `{{{part.name}}}` touch: nobody could tell them apart")
            else:
                made += _READ.get(part.name, _NUMBER)
            before = part  # type: ignore[assignment]
        return re.compile(made)


def line(text: str) -> Line:
    """Read a line as the venue file has it. ValueError in words."""
    if len(text) > LONGEST:
        raise ValueError(f"a line has {LONGEST} characters at most")
    parts: list[str | Place] = []
    at = 0
    for match in _PLACE.finditer(text):
        parts += [text[at : match.start()]] if match.start() > at else []
        parts.append(_place(match))
        at = match.end()
    return Line((*parts, *([text[at:]] if at < len(text) else [])))


def _place(match: re.Match[str]) -> Place:
    name, form = match.groups()
    if name not in KNOWN:
        raise ValueError(f"`{match[0]}` is nothing that is filled in: there are {', '.join(f'{{{one}}}' for one in KNOWN)}")
    if form is None:
        return Place(name, DECIMALS.get(name, 0))
    wanted = r"\.([0-6])f" if name in VALUES else r"0([2-4])" if name == "band" else r"(?!)"
    if not (digits := re.fullmatch(wanted, form)):
        like = "{freq:.1f}" if name in VALUES else "{band:02}"
        raise ValueError(f"`{match[0]}`: digits are written like `{like}`")
    if name in VALUES and int(digits[1]) < LEAST[name]:
        raise ValueError(f"`{match[0]}`: a band would not be what was fitted; write `{{{name}:.{LEAST[name]}f}}` or more")
    return Place(name, int(digits[1]))


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says of one band (from 0) of an equaliser."""

    equaliser: str
    band: int
    values: Mapping[str, float]


class Script:
    """The lines of a template, read once; of one that `check` finds nothing wrong with. ValueError for a line that is none."""

    def __init__(self, template: PaTemplate) -> None:
        self.template = template
        self._set, self._ask = ([line(one) for one in some] for some in (template.set, template.ask))
        answers = [line(one) for one in template.answer]
        self._answer = [(one.names, one.reader()) for one in answers]
        self._pointers = {name: steps(pointer) for name, pointer in template.pointers}
        self.decimals = {
            name: min(part.digits for one in self._set for part in one.parts if isinstance(part, Place) and part.name == name)
            for name in VALUES
        }

    def sets(self, equaliser: str, index: int, band: EqBand, number: int) -> list[str]:
        """The lines that make a band (from 0) this. `number` is the first {id} of them."""
        values: dict[str, float | int | str] = {
            "freq": band.freq,
            "gain": band.gain,
            "q": band.q,
            "band": index + 1,
            "equaliser": equaliser,
        }
        return [one.written(values | {"id": number + i}) for i, one in enumerate(self._set)]

    def asks(self, equaliser: str, index: int, number: int) -> list[str]:
        """The lines that ask what a band is."""
        return [one.written({"band": index + 1, "equaliser": equaliser, "id": number + i}) for i, one in enumerate(self._ask)]

    def rounded(self, band: EqBand) -> EqBand:
        """The band that the lines can say."""
        freq, gain, q = (round(getattr(band, name), self.decimals[name]) for name in VALUES)
        return EqBand(band.kind, freq, gain + 0.0, max(q, 10.0 ** -self.decimals["q"]))

    def same(self, one: EqBand, other: EqBand) -> bool:
        """Whether two bands are the same to the lines."""
        return (
            abs(one.freq - other.freq) <= max(0.51 * 10.0 ** -self.decimals["freq"], 0.002 * one.freq)
            and abs(one.gain - other.gain) <= 0.051
            and abs(one.q - other.q) <= max(0.51 * 10.0 ** -self.decimals["q"], 0.01 * one.q)
        )

    def heard(self, text: str, asked: Mapping[int, tuple[str, int]], only: Sequence[str]) -> Said | None:
        """What a line of the console says; None where it is no answer. `asked` are the numbers of questions that are open, `only`
        the equalisers there are. WireError for an answer without sense."""
        if len(text) > LONGEST:
            raise WireError(f"a line of more than {LONGEST} characters")
        found = self._in_json(text, asked) if self._pointers else self._in_text(text)
        if found is None:
            return None
        number, name, band = (found.pop(key, None) for key in ("id", "equaliser", "band"))
        if number is not None:
            if number not in asked:
                return None
            name, band = asked[number]
        else:
            name, band = (only[0] if name is None else name), band - 1
        if name not in only or not 0 <= band < self.template.bands:
            return None
        return Said(name, band, {key: a_number(value) for key, value in found.items()})

    def _in_text(self, text: str) -> dict[str, Any] | None:
        for names, reader in self._answer:
            if match := reader.fullmatch(text.strip()):
                words = zip(names, match.groups(), strict=True)
                return {name: float(w) if name in VALUES else w if name == "equaliser" else int(w) for name, w in words}
        return None

    def _in_json(self, text: str, asked: Mapping[int, tuple[str, int]]) -> dict[str, Any] | None:
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError):
            return None
        number = _at(tree, self._pointers["id"], {})
        if type(number) is not int or number not in asked:
            return None
        name, band = asked[number]
        filled: dict[str, float | int | str] = {"equaliser": name, "band": band + 1, "id": number}
        found = {key: _at(tree, way, filled) for key, way in self._pointers.items() if key in VALUES}
        found = {key: _number(value) for key, value in found.items() if value is not None}
        return {"id": number, **found} if found else None


def steps(pointer: str) -> tuple[Line, ...]:
    """A pointer, step by step. ValueError in words."""
    if not pointer.startswith("/"):
        raise ValueError(f"`{pointer[:40]}` is no pointer: it begins with `/`, like `/result/0/Value`")
    return tuple(line(one.replace("~1", "/").replace("~0", "~")) for one in pointer[1:].split("/"))


def _at(tree: Any, way: tuple[Line, ...], filled: Mapping[str, float | int | str]) -> Any:
    """What stands at a pointer; None where there is nothing."""
    for step in way:
        word = step.written(filled)
        if isinstance(tree, dict):
            tree = tree.get(word)
        elif isinstance(tree, list) and "=" in word:
            key, _, wanted = word.partition("=")
            tree = next((one for one in tree if isinstance(one, dict) and one.get(key) == wanted), None)
        elif isinstance(tree, list) and re.fullmatch(r"[0-9]{1,4}", word, re.ASCII) and int(word) < len(tree):
            tree = tree[int(word)]
        else:
            return None
    return tree


def _number(value: Any) -> Any:
    """A number that is written as text is one, too."""
    return float(value) if isinstance(value, str) and re.fullmatch(_NUMBER, value.strip(), re.ASCII) else value


def a_band(values: Mapping[str, float]) -> EqBand:
    """The band of all its values. WireError for what is none."""
    freq, gain, q = (values[name] for name in VALUES)
    if not (FREQ[0] <= freq <= FREQ[1] and abs(gain) <= GAIN and Q[0] <= q <= Q[1]):
        raise WireError(f"{freq:g} Hz, {gain:g} dB, Q {q:g} is no band of an equaliser")
    return EqBand("peaking", freq, gain, q)


def check(template: PaTemplate, equalisers: int) -> tuple[str, str] | None:
    """Which key of a template whose lines are each well is wrong, and why; None where all belongs together."""
    named = {name for text in template.set for name in line(text).names}
    if missing := [name for name in (*VALUES, "band") if name not in named and (name != "band" or template.bands > 1)]:
        return "set", f"the lines of `set` lack `{{{missing[0]}}}`: what is not said cannot be set"
    if bool(template.ask) != bool(template.answer or template.pointers):
        return "ask", "`ask` belongs to `answer` or `json`: what is asked, and what is answered"
    if template.answer and template.pointers:
        return "answer", "an answer is text (`answer`) or JSON (`json`), not both"
    asks = [line(text).names for text in template.ask]
    if any(set(names) & set(VALUES) for names in asks):
        return "ask", "a question has no values: they are what is asked for"
    answers = [set(line(text).names) for text in template.answer] or [{name for name, _ in template.pointers}] * bool(asks)
    if answers and (gone := [name for name in VALUES if not any(name in names for names in answers)]):
        return "answer", f"no answer has `{{{gone[0]}}}`: what is not answered cannot be followed"
    for names in answers:
        which = "id" in names or "band" in names or template.bands == 1
        if not which or (equalisers > 1 and not names & {"id", "equaliser"}):
            text = "an answer says by `{id}` or `{band}` of which band it is, and by `{id}` or `{equaliser}` of which equaliser"
            return "answer", f"{text}: one that comes late would be taken for another one's"
        if "id" in names and any("id" not in asked for asked in asks):
            return "ask", "the answer has an `{id}`, so every question needs it, too"
    return None
