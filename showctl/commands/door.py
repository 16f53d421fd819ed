"""The daemon's own HTTP door, for the commands that talk to a show that runs."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from showctl.config.schema import Web

DONE, REFUSED, WRONG_USE, MISSING = 0, 1, 2, 69
USUAL = "127.0.0.1:8080"
ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # listeners on every address are here, too
TIMEOUT_S = 15.0
MOST_BYTES = 4_000_000  # of an answer


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where the daemon is, and the token that it asks for."""
    text = f"where the daemon's page is (else where VENUE.yaml says, where the command takes one; else http://{USUAL})"
    parser.add_argument("--to", metavar="URL", help=text)
    parser.add_argument(
        "--token", default=os.environ.get("SHOWCTL_TOKEN"), help="of the venue file (else SHOWCTL_TOKEN is taken)"
    )


def of_venue(args: argparse.Namespace, web: Web) -> None:
    """Where nothing else was said: the page as the venue file has it, on this machine, with the first token of that file."""
    if args.to is None:
        host, _, port = (web.listen or USUAL).rpartition(":")
        args.to = f"http://{ANY.get(host, host)}:{port}"
        args.token = args.token or next(iter(web.tokens), None)


def ask(to: str | None, token: str | None, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any], str]:
    """GET a path, or POST a body to it: exit code, the answer, and what is to be said where there is none."""
    import http.client
    import urllib.error
    import urllib.parse
    import urllib.request

    to = to or f"http://{USUAL}"
    if urllib.parse.urlsplit(to).scheme not in ("http", "https"):
        return WRONG_USE, {}, f"--to {to}: write where the page is, like http://127.0.0.1:8080"
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(to.rstrip("/") + path, data, headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the daemon is near: no proxy stands between
    try:
        with direct.open(request, timeout=TIMEOUT_S) as answer:
            said = json.loads(answer.read(MOST_BYTES))
            return (DONE, said, "") if isinstance(said, dict) else (MISSING, {}, f"{to} is no daemon of showctl")
    except urllib.error.HTTPError as error:
        with error:
            text = error.read(4096).decode("utf-8", "replace").strip()
        hint = " (--token, or SHOWCTL_TOKEN)" if error.code == 401 else ""
        return REFUSED, {}, (text or f"the daemon answers {error.code}") + hint
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return MISSING, {}, f"no daemon answers at {to} ({reason}): is `showctl run` running, and is that where its page is?"
