"""A supervisor over a few small processes, run as a program so that it can be signalled.

python -m tests.workers.small_house SCENARIO FOLDER
"""

import os
import signal
import sys
from pathlib import Path

from workers.children import Program
from workers.output import Output
from workers.supervisor import StartFailed, StopRequested, Supervisor
from workers.up import sole_owner, start_redis

RESIDENT = Path(__file__).with_name("resident.py")
STOP_ORDER = (("door",), ("bell",), ("hands", "feet"), ("cellar",))


def resident(folder: Path, name: str, *manner: str, grace: float = 30) -> Program:
    command = (sys.executable, "-S", str(RESIDENT), name, str(folder / "journal"), *manner)
    return Program(name, command, grace)


def whole_house(supervisor: Supervisor, folder: Path) -> None:
    for name in ("cellar", "hands", "feet", "bell", "door"):
        supervisor.start(resident(folder, name))


def stubborn(supervisor: Supervisor, folder: Path) -> None:
    supervisor.start(resident(folder, "hands", "stubborn", "with-helper"))


def stubborn_for_a_moment(supervisor: Supervisor, folder: Path) -> None:
    supervisor.start(resident(folder, "hands", "stubborn", "with-helper", grace=0.2))


def broken_start(supervisor: Supervisor, folder: Path) -> None:
    supervisor.start(resident(folder, "cellar"), ready=lambda: (folder / "journal").exists())
    supervisor.start(resident(folder, "bell", "ends", "3"), ready=lambda: False)


def broken_errand(supervisor: Supervisor, folder: Path) -> None:
    supervisor.run(resident(folder, "errand", "ends", "4"))


def talkative(supervisor: Supervisor, folder: Path) -> None:
    supervisor.start(resident(folder, "bell", "says", "ding"))


def forked(supervisor: Supervisor, folder: Path) -> None:
    """A process made by forking, with a lock that its parent holds."""

    def live() -> None:
        with open(folder / "journal", "a", encoding="ascii") as file:
            file.write(f"fork started {os.getpid()}\n")
        print(os.environ["GREETING"], flush=True)
        signal.pause()

    supervisor.environ["GREETING"] = "hello from the fork"
    with sole_owner(folder):
        supervisor.start(Program("fork", live))
        supervisor.output.say("open")
        supervisor.watch()


def broken_fork(supervisor: Supervisor, folder: Path) -> None:
    def fail() -> None:
        raise ValueError(f"no such tea in {folder.name}")

    supervisor.run(Program("fork", fail))


def redis(supervisor: Supervisor, folder: Path) -> None:
    start_redis(supervisor, folder / "redis")


def main(scenario: str, folder: Path) -> int:
    with Supervisor(Output(), os.environ, STOP_ORDER) as supervisor:
        try:
            globals()[scenario](supervisor, folder)
            supervisor.output.say("open")
            supervisor.watch()
        except StopRequested:
            return 0
        except StartFailed as error:
            supervisor.output.say(str(error))
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
