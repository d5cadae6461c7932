"""Faults at random upon real processes, and an audit of what came of it."""
