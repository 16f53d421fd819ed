"""One way to write a file: `showctl fmt`. Spaces, indentation and quotes as they are in our documents; nothing else changes.

A file belongs to who wrote it. Comments, blank lines, the order of keys, the lines a list is spread over and the choice between
`{a: b}` and lines of `a: b` stay as they are; two spaces a level, one before a comment, quotes only where YAML needs them.

It works on the tokens of the file, not on what they mean: between two tokens lies white space, which is written anew, and
comments, which are kept with the block that they are indented like. What it has written is read again and compared; a file
whose values or comments would not be the same is left alone and reported, so that a mistake in here costs nobody a show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import yaml

from showctl.config.tree import Mark, Node, Report, parse

STEP = 2  # spaces a level


@dataclass(frozen=True, slots=True)
class Block:
    """A block mapping or list that is open: the column of its entries as it was, and as it becomes."""

    kind: Literal["mapping", "list", "loose"]  # loose: a list that stands in the column of the key above it
    was: int
    column: int


Blocks: TypeAlias = tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A token that is seen, with what is open around it."""

    token: Any
    start: int  # in the text
    end: int  # just behind its last character
    blocks: Blocks
    flow: int  # brackets open before it (for a closing one: after it)
    entry: bool  # whether it begins an entry of the innermost block


class Unformatted(Exception):
    """(mark, code, text): a file that is left as it is."""


def tidy(data: bytes, name: str, report: Report) -> str | None:
    """The text as it should be written; None (and a report) for a file that cannot be read or written anew."""
    before = parse(data, name, report)
    if before is None or report.failed:
        return None
    text = re.sub("\r\n?", "\n", data.decode("utf-8-sig"))
    try:
        pieces = _pieces(text, name)
        written = _write(text, pieces)
        after = parse(written.encode(), name, check := Report())
        if after is None or check.failed or not _alike(before, after) or _comments(text, pieces) != _again(written, name):
            raise Unformatted(Mark(name), "E-format", "this file cannot be formatted without changing it; it is left alone")
    except Unformatted as left:
        report.error(*left.args)
        return None
    return written


# --- reading ---------------------------------------------------------------------------------------------------------

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_OPEN = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
_CLOSE = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)


def _pieces(text: str, name: str) -> list[Piece]:
    """Every token that is seen; those without width only open and close blocks."""
    found: list[Piece] = []
    blocks: Blocks = ()
    flow, key = 0, False
    for token in yaml.scan(text, Loader=_LOADER):
        start, end = token.start_mark.index, token.end_mark.index
        if isinstance(token, yaml.KeyToken):
            if end > start:
                mark = Mark(name, token.start_mark.line + 1, token.start_mark.column + 1)
                raise Unformatted(mark, "E-format", "keys with `? ` are not formatted: write `key: value`")
            if not flow and blocks and blocks[-1].kind == "loose":
                blocks = blocks[:-1]
            key = True
        elif isinstance(token, yaml.BlockMappingStartToken | yaml.BlockSequenceStartToken):
            kind: Literal["mapping", "list"] = "mapping" if isinstance(token, yaml.BlockMappingStartToken) else "list"
            blocks = (*blocks, Block(kind, token.start_mark.column, _inside(blocks)))
        elif isinstance(token, yaml.BlockEndToken):
            blocks = blocks[:-2] if blocks[-1].kind == "loose" else blocks[:-1]
        elif end > start:
            dash = isinstance(token, yaml.BlockEntryToken)
            if dash and blocks[-1].kind == "mapping":
                blocks = (*blocks, Block("loose", token.start_mark.column, _inside(blocks)))
            flow -= isinstance(token, _CLOSE)
            end = _last(text, token, blocks)
            found.append(Piece(token, start, end, blocks, flow, dash or (key and not flow)))
            flow += isinstance(token, _OPEN)
            key = False
    return found


def _inside(blocks: Blocks) -> int:
    """The column of what stands within the innermost block."""
    return blocks[-1].column + STEP if blocks else 0


def _block_scalar(token: Any) -> bool:
    return isinstance(token, yaml.ScalarToken) and token.style in ("|", ">")


def _last(text: str, token: Any, blocks: Blocks) -> int:
    """The end of a token; a block of text is said to end behind the empty lines that follow it, which belong to nobody."""
    end = int(token.end_mark.index)
    if not _block_scalar(token):
        return end
    start = token.start_mark.index
    lines = text[start:end].split("\n")
    indent = _text_indent(lines, blocks)
    while len(lines) > 1 and not lines[-1][indent:] and not lines[-1].strip(" "):
        lines.pop()
    return int(start + len("\n".join(lines)))


def _text_indent(lines: list[str], blocks: Blocks) -> int:
    """Columns before the text of a block of text, as it is written: said in its head, or those of its first line."""
    if said := re.search("[1-9]", lines[0].partition("#")[0]):
        real = [block for block in blocks if block.kind != "loose"]
        return (real[-1].was if real else 0) + int(said[0])
    return next((len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip(" ")), 0)


# --- writing ---------------------------------------------------------------------------------------------------------


def _write(text: str, pieces: list[Piece]) -> str:
    out: list[str] = []
    before: Piece | None = None
    for piece in pieces:
        _gap(text, before, piece, out)
        out.append(_text(text, piece))
        before = piece
    _gap(text, before, None, out)
    whole = "".join(out).lstrip("\n")
    kept = before is not None and _block_scalar(before.token) and "+" in re.split("[\n#]", text[before.start : before.end])[0]
    return whole if kept else whole.rstrip("\n") + "\n"


def _gap(text: str, before: Piece | None, after: Piece | None, out: list[str]) -> None:
    """What stands between two tokens: comments and empty lines, or the space that belongs there."""
    first, *lines = text[before.end if before else 0 : after.start if after else len(text)].split("\n")
    if comment := first.strip():
        out.append(f" {comment}" if before else comment)
    if not lines:
        out.append(_space(before, after) if before and after else "")
        return
    between = lines[:-1] if after else lines
    out += ["\n" + (" " * _beside(line, before, after) + line.strip() if line.strip() else "") for line in between]
    if after:
        out.append("\n" + " " * _column(after))


def _column(piece: Piece) -> int:
    """Where a token stands that is the first of its line."""
    if piece.entry:
        return piece.blocks[-1].column
    if isinstance(piece.token, yaml.DocumentStartToken | yaml.DocumentEndToken | yaml.DirectiveToken):
        return 0
    return _inside(piece.blocks) + STEP * piece.flow


def _beside(line: str, before: Piece | None, after: Piece | None) -> int:
    """Where a comment stands that has a line of its own: with the block that it is indented like, else with what follows."""
    if after is not None and (after.flow or isinstance(after.token, _CLOSE)):
        return _inside(after.blocks) + STEP * (after.flow + isinstance(after.token, _CLOSE))
    was = len(line) - len(line.lstrip())
    open_ = {block.was: block.column for piece in (before, after) if piece is not None for block in piece.blocks}
    fitting = [column for column in open_ if column <= was]
    return open_[max(fitting)] if fitting else 0


def _space(before: Piece, after: Piece) -> str:
    """What stands between two tokens of one line."""
    if isinstance(before.token, yaml.ValueToken):
        return " "
    if isinstance(before.token, _OPEN) or isinstance(after.token, (*_CLOSE, yaml.FlowEntryToken)):
        return ""
    if isinstance(after.token, yaml.ValueToken):
        return " " if isinstance(before.token, yaml.AliasToken) else ""
    return " "


def _text(text: str, piece: Piece) -> str:
    """A token as it is written anew."""
    raw, token = text[piece.start : piece.end], piece.token
    if not isinstance(token, yaml.ScalarToken):
        return raw
    if _block_scalar(token):
        return _block_text(raw, piece.blocks)
    if "\n" in raw:
        first, *lines = _unindented(raw, token.style)
        indent = " " * (_inside(piece.blocks) + STEP * piece.flow)
        return "\n".join([first, *(indent + line if line else "" for line in lines)])
    return _quoted(raw, token.value) if token.style else raw


def _block_text(raw: str, blocks: Blocks) -> str:
    head, *lines = raw.split("\n")
    was = _text_indent([head, *lines], blocks)
    said = re.search("[1-9]", head.partition("#")[0])
    column = (blocks[-1].column if blocks else 0) + int(said[0]) if said else max(STEP, _inside(blocks))
    mark, _, comment = head.partition("#")
    head = mark.rstrip() + (f" #{comment.rstrip()}" if comment else "")
    return "\n".join([head, *(" " * column + line[was:] if line[was:] else "" for line in lines)])


def _unindented(raw: str, style: str | None) -> list[str]:
    """The lines of a text that is folded: white space at their ends means nothing, unless a backslash says so."""
    lines = raw.split("\n")
    lines = [line if style == '"' and re.search(r"\\\s*$", line) else line.rstrip() for line in lines]
    return [lines[0], *(line.lstrip() for line in lines[1:])]


_SAFE = re.compile(r"(?:[^\W_]|[_/.(])(?:[\w ./()%+-]*[\w./()%+-])?")
_RESOLVER: Any = yaml.resolver.Resolver()
_TEXT = "tag:yaml.org,2002:str"


def _quoted(raw: str, value: str) -> str:
    """A text in quotes, without them where every reader of YAML takes it for the same text."""
    if _SAFE.fullmatch(value) and len(value) < 200 and not surprising(value):
        return value
    if raw.startswith("'") and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return raw


def surprising(value: str) -> bool:
    """Whether readers of YAML 1.1 or 1.2 take these letters, without quotes, for something else than text."""
    if value.casefold() in ("y", "n") or re.match("0[oO]", value):
        return True
    try:
        float(value)
    except ValueError:
        return bool(_RESOLVER.resolve(yaml.ScalarNode, value, (True, False)) != _TEXT)
    return True


# --- the proof -------------------------------------------------------------------------------------------------------


def _alike(one: Node, other: Node) -> bool:
    return bool(one.plain() == other.plain()) and _order(one) == _order(other)


def _order(node: Node) -> list[str]:
    """Every key in the order in which it is written."""
    if isinstance(node.value, dict):
        return [word for key, below in node.value.items() for word in (key, *_order(below))]
    return [word for below in node.value for word in _order(below)] if isinstance(node.value, list) else []


def _comments(text: str, pieces: list[Piece]) -> list[str]:
    edges = [0, *(edge for piece in pieces for edge in (piece.start, piece.end)), len(text)]
    gaps = (text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))
    return [line.strip() for gap in gaps for line in gap.split("\n") if line.strip()]


def _again(written: str, name: str) -> list[str]:
    return _comments(written, _pieces(written, name))
