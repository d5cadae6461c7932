"""``almanac doctor``: looks at one set-up and says in plain words what is wrong with it."""

import platform
from collections.abc import Callable, Iterator, Mapping

from calendar_app import logs
from calendar_app.config import Config, ConfigError
from workers import examine_machine, examine_services
from workers.findings import Finding, Weight, good, wrong


def examine(environ: Mapping[str, str], say: Callable[[str], object]) -> int:
    """Say every finding; 1 when something is wrong, else 0. Nothing secret is ever said."""
    findings = []
    for finding in look_at(environ):
        findings.append(finding)
        say(logs.redact(str(finding)))
    count = sum(finding.weight is Weight.WRONG for finding in findings)
    say(f"\n{count} to mend." if count else "\nNothing is wrong.")
    return 1 if count else 0


def look_at(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every finding about the set-up that these variables describe."""
    yield good("Python", f"{platform.python_version()} on {platform.system()}.")
    try:
        config = Config.from_environ(environ)
    except ConfigError as error:
        yield wrong("Settings", str(error), "Change it, then run almanac doctor again.")
        return
    logs.hide(logs.secrets_of(config))
    yield from examine_machine.look_at(config, environ)
    yield from examine_services.look_at(config)
