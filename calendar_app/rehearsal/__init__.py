"""The coming week, played through in seconds: what would fail, be late or be held is found while it can be mended.

A copy of what the week needs goes into a database of its own, each channel is joined to a fresh account on a simulated
platform, and the house's own verbs run through it with a clock that jumps from one instant to the next. No real row is
touched, no real credential is opened, and no call leaves this machine.
"""

from calendar_app.rehearsal.house import rehearse
from calendar_app.rehearsal.report import Cause, Finding, Report
from calendar_app.rehearsal.week import Week, gather

__all__ = ["Cause", "Finding", "Report", "Week", "gather", "rehearse"]
