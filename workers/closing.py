"""A process's last duty: closing what its app holds open."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from calendar_app.extensions import db


@contextmanager
def closing(app: Flask) -> Iterator[Flask]:
    """The app, its database connections closed at the end: SQLite then folds its log into the one file."""
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
