"""Starting and finding processes: small helpers that need nothing but the standard library."""

import ctypes
import os
import signal
import socket
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Between fork and exec: have the kernel send SIGTERM when the parent is gone, even by SIGKILL.

    Linux only; elsewhere a killed parent leaves its children running.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def name_this_process(name: str) -> None:
    """What ``top`` and ``ps -o comm`` show, 15 characters at most (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode()[:15])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def signal_session(leader: int, signum: signal.Signals) -> None:
    """Signal every process of the session that ``leader`` began, also those outside its process group."""
    for pid in session_members(leader):
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            continue


def session_members(leader: int) -> list[int]:
    """The pids of a session, from /proc; where there is no /proc, the leader's alone."""
    if not Path("/proc/self/stat").exists():
        return [leader]
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _session_of(pid) == leader]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None
