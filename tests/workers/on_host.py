"""``almanac`` as on a machine of another name: python -m tests.workers.on_host NAME COMMAND..."""

import socket
import sys

from workers.__main__ import main

name = sys.argv.pop(1)
socket.gethostname = lambda: name
main()
