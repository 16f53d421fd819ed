"""showctl: a show-control daemon for live venues. Read `model` first, then `plan`, then the folders from left to right."""

__version__ = "0.1.0"
