"""Change one value in the text of a YAML file, and nothing else: every other byte stays as its owner wrote it.

A place is the way of keys to it. An existing scalar is replaced where it stands; a key that is missing is added behind its last
neighbour, in its style: `, key: value` in braces, a line of its own indented alike where the neighbours have one. Comments, blank
lines, quotes, line ends and the order of everything are not touched, because they are never read.

What cannot be done that way without a guess (an alias, a text over several lines, a list) is Bad, with what to do instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from showctl.config.values import Bad

_REST = re.compile(r"[ \t]*(,?)[ \t]*(?:[ \t]#.*)?")  # what may follow the last entry on its line
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Text:
    """The text of a file that `tree.parse` takes, and changes to it. `text` has no byte order mark."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def put(self, way: tuple[str, ...], value: str | Mapping[str, str]) -> None:
        """Put a scalar (or what else fits in a line, `{red: 50%}`), or a mapping, at the end of a way. Only the last key may be
        new, and only a new one takes a mapping: in lines if that is how its last neighbour is written, else in braces."""
        above = self._find(way[:-1])
        if not isinstance(above, yaml.MappingNode):
            raise Bad("E-write", f"`{'.'.join(way[:-1])}` is no mapping: change it by hand")
        for key, node in above.value:
            if key.value == way[-1] and isinstance(value, str):
                self._replace(key, node, value, ".".join(way))
                return
        self._add(above, way[-1], value)

    def keys(self, way: tuple[str, ...]) -> list[str]:
        """The keys of the mapping there; none where it is no mapping."""
        node = self._find(way)
        return [str(key.value) for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []

    def _find(self, way: tuple[str, ...]) -> Any:
        node = yaml.compose(self.text, Loader=_LOADER)
        behind = 0
        for step in way:
            found = [(k, v) for k, v in node.value if k.value == step] if isinstance(node, yaml.MappingNode) else []
            if not found:
                raise Bad("E-write", f"there is no `{step}` in `{'.'.join(way)}`")
            key, node = found[0]
            self._own(key, node, step, behind)
            behind = key.end_mark.index
        return node

    def _own(self, key: Any, node: Any, name: str, behind: int) -> None:
        """Bad unless a value is written where its key is, by itself: not an alias, no anchor and no tag."""
        here = self.text[node.start_mark.index : node.start_mark.index + 1]
        if key.start_mark.index < behind or node.start_mark.index < key.end_mark.index or here in ("&", "!"):
            raise Bad("E-write", f"`{name}` shares its value with another line (`&` or `*`): change it by hand")

    def _replace(self, key: Any, node: Any, value: str, name: str) -> None:
        self._own(key, node, name, 0)
        start, end = node.start_mark.index, node.end_mark.index
        scalar = isinstance(node, yaml.ScalarNode)
        if (scalar and not 0 < len(self.text[start:end].split("\n")[0]) == end - start) or not (scalar or node.flow_style):
            raise Bad("E-write", f"`{name}` is written over several lines: write it in one, or change it by hand")
        self.text = self.text[:start] + value + self.text[end:]

    def _entry(self, above: Any, key: str, value: str | Mapping[str, str]) -> str:
        if isinstance(value, str):
            return f"{key}: {value}"
        node = above.value[-1][1] if above.value else None
        if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
            return f"{key}: {{{', '.join(f'{name}: {text}' for name, text in value.items())}}}"
        line = node.value[0][0].start_mark
        indent = self.text[line.index - line.column : line.index]
        return f"{key}:" + "".join(f"{self.newline}{indent}{name}: {text}" for name, text in value.items())

    def _add(self, above: Any, key: str, value: str | Mapping[str, str]) -> None:
        entry = self._entry(above, key, value)
        if not above.value:
            if not above.flow_style:
                raise Bad("E-write", f"nothing stands beside `{key}` yet: write its first neighbour by hand")
            at = above.start_mark.index + 1
            self.text = self.text[:at] + entry + self.text[at:]
            return
        last, node = above.value[-1]
        self._own(last, node, str(last.value), above.start_mark.index)
        line = self.text.rfind("\n", 0, last.start_mark.index) + 1
        alone = not self.text[line : last.start_mark.index].strip()  # the key begins its line
        indent = self.text[line : last.start_mark.index] if alone else " " * last.start_mark.column
        end = _end(node)
        behind = (self.text + "\n").find("\n", end)
        behind -= self.text[behind - 1 : behind] == "\r"
        rest = _REST.fullmatch(self.text[end:behind])
        if not above.flow_style:
            self.text = self.text[:behind] + self.newline + indent + entry + self.text[behind:]
        elif alone and rest:  # a line for each entry, with a comment perhaps
            more = "" if rest[1] else ","
            self.text = f"{self.text[:end]}{more}{rest[0]}{self.newline}{indent}{entry}{rest[1]}{self.text[behind:]}"
        else:
            self.text = self.text[:end] + ", " + entry + self.text[end:]


def _end(node: Any) -> int:
    """Just behind the last character of a node; the end that a block has for itself lies behind the comments that follow it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(node, yaml.MappingNode) else last)
