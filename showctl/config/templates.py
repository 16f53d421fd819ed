"""The `consoles` of a venue file: consoles that showctl has no type for, by the lines they take -> PaTemplate.

a line      set {equaliser} {band} freq {freq:.0f}      what is filled in: `wire.console_template`
a pointer   /result/0/Value                             where a number stands in an answer of JSON
an end      lf  crlf  cr  nul  none                     of every line
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from showctl.config.tree import Node, Report, Where
from showctl.config.values import Bad, did_you_mean
from showctl.plan import PaTemplate
from showctl.wire import console_template

if TYPE_CHECKING:
    from showctl.config import schema

ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r", "nul": "\0", "none": ""}
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,64}", re.ASCII)


def template_line(text: str) -> str:
    """A line, checked."""
    return _checked(text, console_template.line)


def template_answer(text: str) -> str:
    """A line of an answer, which is read backwards."""
    return _checked(text, lambda one: console_template.line(one).reader())


def template_pointer(text: str) -> str:
    """A pointer into an answer of JSON."""
    return _checked(text, console_template.steps)


def _checked(text: str, read: Callable[[str], object]) -> str:
    if not text.strip():
        raise Bad("E-empty", "a line is missing here")
    try:
        read(text)
    except ValueError as wrong:
        raise Bad("E-template", str(wrong)) from None
    return text


def equaliser(name: str) -> tuple[str, int]:
    """What a zone's `console` may be: what is filled in for {equaliser}. ValueError in words."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"`{name[:40]}`: the equaliser of a template is letters, digits and `_ . : / -`")
    return name, 0


def compile_template(venue: schema.Venue, root: Node, cut: frozenset[int], equalisers: int, report: Report) -> PaTemplate | None:
    """The template that the venue's console names, None where it names none; mistakes go to the report. `equalisers` are the
    zones that have one, `cut` is that of the Source."""
    found = {
        name: _template(name, one, root, equalisers, report)
        for name, one in venue.consoles.items()
        if id(root.find(("consoles", name))[0]) not in cut  # else what is missing may be what was cut out
    }
    pa = venue.pa
    if pa is None or pa.console is None or pa.console.template is None:
        return None
    if (name := pa.console.template) not in found:
        if root.find(("consoles", name))[1] != ("consoles", name):
            text = f"there is no `{name}` under `consoles`{did_you_mean(name, list(found))}"
            report.error(root.at("pa", "console", "template"), "E-template", text)
        return None
    one, written = found[name], venue.consoles[name]
    if one is not None and id(root.find(("pa",))[0]) not in cut:
        _limits(pa, written, root, report)
        if not one.ask and pa.mode == "auto":
            text = "`mode: auto` needs a console that can be asked, or it would write over hands that it cannot see: write `ask`"
            report.error(root.at("pa", "mode"), "E-clash", f"{text} and `answer` under `consoles`, or `mode: advise`")
    return one


def _template(name: str, one: schema.ConsoleTemplate, root: Node, equalisers: int, report: Report) -> PaTemplate | None:
    where: Where = ("consoles", name)
    made = PaTemplate(
        one.transport,
        one.bands,
        tuple(one.set),
        tuple(one.ask),
        tuple(one.answer),
        () if one.pointers is None else tuple(one.pointers.model_dump().items()),
        tuple(one.hello),
        tuple(one.alive),
        one.every,
        ENDS[one.end],
    )
    wrong = console_template.check(made, equalisers)
    if wrong is None and made.transport == "tcp" and not made.end:
        wrong = "end", "a stream needs an end of its lines: lf, crlf, cr or nul"
    if wrong is not None:
        key = "json" if wrong[0] == "answer" and made.pointers else wrong[0]
        report.error(root.at(*where, key), "E-template", wrong[1])
        return None
    return made


def _limits(pa: schema.Pa, one: schema.ConsoleTemplate, root: Node, report: Report) -> None:
    """What the venue allows has to be what the console takes: what is sent is what was fitted."""
    for key, unit, may in (("gain", "dB", one.gain), ("q", "", one.q)):
        low, high = getattr(pa.limits, key)
        if not may[0] <= low <= high <= may[1]:
            text = f"the console takes {may[0]:g}{unit} to {may[1]:g}{unit}: write `limits: {{{key}: [...]}}` within that"
            report.error(root.at("pa", "limits", key), "E-clash", text)
