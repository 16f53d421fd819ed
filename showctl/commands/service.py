"""`showctl service install|status`: the two systemd units, with the paths of this installation and of your files.

The units run as a user that systemd makes for them, and see no home folders. A clone or a show that lives in a home folder
is bound into their view, read only; nothing is copied, no user is added, and only the two unit files are written.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
UNITS = ("showctl.service", "showctl-output.service")
SYSTEM = Path("/etc/systemd/system")
FILES = Path("/etc/showctl")
HIDDEN = tuple(Path(p) for p in ("/home", "/root", "/run/user", "/tmp", "/var/tmp"))  # by ProtectHome and PrivateTmp
PLAIN = re.compile(r"[\w./+@-]+")  # what a unit file can name without quoting
WRONG, MISSING = 2, 69


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `service` takes."""
    parser.add_argument(
        "action", choices=("install", "status"), metavar="install|status", help="write the units, or say how they are"
    )
    parser.add_argument("venue", nargs="?", type=Path, default=FILES / "venue.yaml", metavar="VENUE.yaml")
    parser.add_argument("show", nargs="?", type=Path, default=FILES / "show.yaml", metavar="CUES.yaml")
    parser.add_argument("--dry-run", action="store_true", help="print the units instead of writing them")
    parser.add_argument("--now", action="store_true", help="start them, too, now and at every boot")


def run(args: argparse.Namespace) -> int:
    """Install or report."""
    return status() if args.action == "status" else install(args)


def install(args: argparse.Namespace) -> int:
    """Write the units; 2 if the files or the paths will not do, 69 without systemd."""
    venue, show = args.venue.absolute(), args.show.absolute()
    wrong = unusable(venue, show)
    if wrong:
        print(f"showctl service: {wrong}", file=sys.stderr)
        return WRONG
    texts = {name: unit(name, venue, show) for name in UNITS}
    if args.dry_run:
        for name, text in texts.items():
            print(f"# {SYSTEM / name}\n{text}")
        return 0
    if not SYSTEM.is_dir() or shutil.which("systemctl") is None:
        print("showctl service: there is no systemd here; run showctl in the foreground: showctl run VENUE CUES", file=sys.stderr)
        return MISSING
    if os.geteuid():
        command = f"sudo {Path(sys.prefix) / 'bin' / 'showctl'} service install {venue} {show}"
        print(f"showctl service: writing units needs root. Type: {command}", file=sys.stderr)
        return 1
    for name, text in texts.items():
        write(SYSTEM / name, text)
    commands = (["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", *UNITS])
    if args.now:
        return max(subprocess.run(command).returncode for command in commands)
    print("To start them, now and at every boot:  " + " && ".join(" ".join(command) for command in commands))
    return 0


def unusable(venue: Path, show: Path) -> str:
    """Why a service could not run these files from here, in words; empty if it could."""
    for path in (venue, show):
        if not path.is_file():
            return f"there is no file {path}. Type: showctl service install VENUE.yaml CUES.yaml"
    for path in (venue, show, Path(sys.prefix)):
        if not PLAIN.fullmatch(str(path)):
            return f"{path}: a unit file cannot name this path; move it to one without spaces and signs, like /opt/showctl"
    folders = needed(venue, show)
    for path in (venue, show, *folders):
        shut = closed(path, folders)
        if shut:
            return f"the service's own user cannot read {shut}. Type: chmod o+rX {shut}"
    return ""


def needed(venue: Path, show: Path) -> list[Path]:
    """The folders that the service reads: the package, its .venv, the Python that made it, your files."""
    folders = {PACKAGE.parent, Path(sys.prefix), Path(sys.base_prefix), venue.parent, show.parent}
    return sorted(folder for folder in folders if not any(other in folder.parents for other in folders))


def hidden(path: Path) -> bool:
    """Whether a unit does not see this path unless it is bound into its view."""
    return any(home in path.parents for home in HIDDEN)


def closed(path: Path, folders: list[Path]) -> Path | None:
    """What on the way to a path keeps strangers out."""
    for step in (path, *path.parents):
        if not step.stat().st_mode & (0o001 if step.is_dir() else 0o004):
            return step
        if step in folders and hidden(step):
            return None  # what lies above a bound folder is made by systemd itself
    return None


def template(name: str) -> str:
    """The text of a unit: beside the package in a clone, inside it in a wheel."""
    folder = next(folder for folder in (PACKAGE.parent / "systemd", PACKAGE / "systemd") if folder.is_dir())
    return (folder / name).read_text()


def unit(name: str, venue: Path, show: Path) -> str:
    """A unit with this installation's paths."""
    text = template(name).replace("/opt/showctl/.venv", sys.prefix).replace("/opt/showctl", str(PACKAGE.parent))
    text = text.replace(str(FILES / "venue.yaml"), str(venue)).replace(str(FILES / "show.yaml"), str(show))
    bound = [str(folder) for folder in needed(venue, show) if hidden(folder)]
    if not bound:
        return text
    return text.replace("ProtectHome=tmpfs\n", f"ProtectHome=tmpfs\nBindReadOnlyPaths={' '.join(bound)}\n")


def write(path: Path, text: str) -> None:
    """Whole or not at all, and only where something changes."""
    if path.is_file() and path.read_text() == text:
        print(f"{path} is as it should be")
        return
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o644)
    new.replace(path)
    print(f"wrote {path}")


def status() -> int:
    """How the units are; 0 if both are active."""
    if shutil.which("systemctl") is None:
        print("showctl service: there is no systemd here", file=sys.stderr)
        return MISSING
    active = True
    for name in UNITS:
        query = ["systemctl", "show", "-p", "LoadState,ActiveState,SubState,StatusText,NRestarts", name]
        answer = subprocess.run(query, capture_output=True, text=True)
        if answer.returncode:
            print(f"showctl service: systemd does not answer: {answer.stderr.strip()}", file=sys.stderr)
            return MISSING
        state = dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)
        print(f"{name:<24} {in_words(state)}")
        active &= state.get("ActiveState") == "active"
    if not active:
        print("More: journalctl -u showctl -u showctl-output -e")
    return int(not active)


def in_words(state: dict[str, str]) -> str:
    """One line from what systemd knows of a unit."""
    if state.get("LoadState") != "loaded":
        return "not installed (sudo showctl service install VENUE.yaml CUES.yaml)"
    restarts = int(state.get("NRestarts") or 0)
    words = [f"{state.get('ActiveState')} ({state.get('SubState')})", state.get("StatusText", "")]
    words.append(f"started again {restarts} times" if restarts else "")
    return ", ".join(filter(None, words))
