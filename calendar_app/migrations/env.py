"""Runs the migrations over the app's own engine."""

from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Enum

from calendar_app.models._base import Instant

database = current_app.extensions["migrate"].db


def plain_type(kind, item, autogen_context):
    """Migrations name only SQLAlchemy's own types, so that they outlive our classes."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


@contextmanager
def unlinked(connection):
    """SQLite changes a table by making it anew, and dropping the old one must not take the rows that refer to it."""
    if connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    yield
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def run() -> None:
    with database.engine.connect() as connection, unlinked(connection):
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_item=plain_type,
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()


run()
