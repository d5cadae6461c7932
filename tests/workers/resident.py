"""A process to be supervised: writes into a journal when it starts, is asked to stop, and stops.

python resident.py NAME JOURNAL [stubborn | with-helper | says LINE | ends STATUS]
"""

import os
import signal
import sys
import time

name, journal, manner = sys.argv[1], sys.argv[2], sys.argv[3:]


def note(event: str) -> None:
    with open(journal, "a", encoding="ascii") as file:
        file.write(f"{name} {event} {os.getpid()}\n")


def stop(_signum: int, _frame: object) -> None:
    note("asked")
    if "stubborn" not in manner:
        time.sleep(0.05)
        note("stopped")
        sys.exit(0)


signal.signal(signal.SIGTERM, stop)
if "with-helper" in manner and os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("helper")
if "says" in manner:
    print(manner[1], flush=True)
note("started")
if "ends" in manner:
    sys.exit(int(manner[1]))
while True:
    time.sleep(0.1)  # not pause(): a signal that comes just before it would be seen only with the next
