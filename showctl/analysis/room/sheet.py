"""The sheet that the room's pictures are drawn on: dark, for a dark room. SVG."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape


def sheet(width: int, height: int, drawn: Iterable[str]) -> str:
    """A picture of so many pixels, with what is drawn on it."""
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    paper = f'<rect width="{width}" height="{height}" fill="#181818"/><g fill="#ddd">'
    return "\n".join([begin, paper, *drawn, "</g></svg>"]) + "\n"


def title(left: int, y: int, words: str) -> str:
    """The line above a picture, safe as XML."""
    return f'<text x="{left}" y="{y}" font-size="14">{escape(words)}</text>'
