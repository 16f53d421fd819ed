"""`showctl fmt FILE...`: the files in the one way they are written, with every comment where it was.

`--check` only says which files would change (exit code 1 if any), `--diff` prints what would. A file with mistakes that keep it
from being read is left alone and reported, like one that could not be written anew without another meaning; the others are
done. A new text takes the place of the old one at once: a plug that is pulled leaves the one or the other.

`--upgrade` brings files of an older version to the one that this program knows. There is only version 1 yet.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import tempfile
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `fmt` takes."""
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="venue and show files, and those they include")
    parser.add_argument("--check", action="store_true", help="change nothing; 1 if any file is written otherwise")
    parser.add_argument("--diff", action="store_true", help="change nothing; print what would")
    parser.add_argument("--upgrade", action="store_true", help="bring files of an older version to this one as well")


def run(args: argparse.Namespace) -> int:
    """Write the files anew; 1 if one cannot be read or written, or with --check would change."""
    from showctl.config.format import tidy
    from showctl.config.tree import Report, content

    failed = changed = 0
    for path in args.files:
        report = Report()
        data = content(path, report)
        text = None if data is None else tidy(data, str(path), report)
        if data is not None and text is not None and args.upgrade and not _newest(data, path, report):
            text = None
        for problem in report.problems:
            print(problem)
        if data is None or text is None:
            failed += 1
        elif text.encode() != data:
            changed += 1
            failed += not _one(path, data, text, args)
    if args.check or failed:
        print(f"showctl fmt: {changed} of {len(args.files)} to be written otherwise, {failed} left alone", file=sys.stderr)
    return int(failed > 0 or (args.check and changed > 0))


def _one(path: Path, data: bytes, text: str, args: argparse.Namespace) -> bool:
    """Print or write one file; whether that was possible."""
    if args.diff:
        old = data.decode("utf-8-sig").splitlines(keepends=True)
        sys.stdout.writelines(difflib.unified_diff(old, text.splitlines(keepends=True), str(path), str(path)))
    if args.check:
        print(f"{path} would be written otherwise", file=sys.stderr)
    if args.check or args.diff:
        return True
    try:
        replace(path, text.encode())
    except OSError as error:
        print(f"showctl fmt: {path}: {error.strerror}: it is left as it was", file=sys.stderr)
        return False
    print(f"showctl: wrote {path}")
    return True


def replace(path: Path, data: bytes) -> None:
    """The new content in the place of the old, whole or not at all, with its owner's rights. Raises OSError."""
    real = Path(os.path.realpath(path))
    handle, temporary = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        status = real.stat()
        os.chmod(temporary, status.st_mode & 0o7777)
        if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(temporary, status.st_uid, status.st_gid)
        os.replace(temporary, real)
    except BaseException:
        os.unlink(temporary)
        raise


def _newest(data: bytes, path: Path, report: object) -> bool:
    """Whether the file is of the one version there is; nothing else can be brought there yet."""
    from showctl.config.sources import VERSION
    from showctl.config.tree import Report, parse

    assert isinstance(report, Report)
    root = parse(data, str(path), report)
    version = root.child("showctl") if root is not None else None
    if root is None or version is None or version.value != VERSION:
        mark = version.mark if version is not None else root.mark if root is not None else None
        assert mark is not None
        report.error(mark, "E-version", f"only files of `showctl: {VERSION}` are known: there is no older version to come from")
        return False
    print(f"{path} is of version {VERSION}, the newest there is", file=sys.stderr)
    return True
