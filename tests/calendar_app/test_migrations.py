"""The tables change with every row kept, forwards and back."""

import flask_migrate
from flask import Flask
from sqlalchemy import text

from calendar_app.database import MIGRATIONS
from calendar_app.extensions import db
from tests.people import a_channel, an_approved_post, gather


def test_a_step_back_and_forth_keeps_every_row(app: Flask) -> None:
    with app.app_context():
        cast = gather()
        an_approved_post(cast, a_channel(cast.tea))
        db.session.commit()
        before = rows()
        db.session.remove()
        flask_migrate.downgrade(directory=str(MIGRATIONS), revision="0001")
        flask_migrate.upgrade(directory=str(MIGRATIONS))
        assert rows() == before
        assert before["delivery"] == before["post"] == 1


def test_rows_still_go_with_what_they_belong_to_after_the_tables_changed(app: Flask) -> None:
    with app.app_context():
        cast = gather()
        an_approved_post(cast, a_channel(cast.tea))
        db.session.commit()
        db.session.remove()
        flask_migrate.downgrade(directory=str(MIGRATIONS), revision="0001")
        flask_migrate.upgrade(directory=str(MIGRATIONS))
        db.session.execute(text("DELETE FROM post"))
        assert rows()["delivery"] == 0


def rows() -> dict[str, int]:
    """How many rows each table has."""
    return {name: db.session.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in db.metadata.tables}
