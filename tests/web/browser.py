"""A test client that sends the CSRF token, as a page's forms do."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

WRITES = {"POST", "PUT", "PATCH", "DELETE"}


class Browser(FlaskClient):
    """Gives every write the token of its own session; ``forged=True`` leaves it out."""

    def open(self, *args: Any, forged: bool = False, **kwargs: Any) -> TestResponse:
        if kwargs.get("method", "GET").upper() in WRITES and not forged:
            kwargs["headers"] = {"X-CSRFToken": self._token(), **dict(kwargs.get("headers") or {})}
        return super().open(*args, **kwargs)

    def _token(self) -> str:
        with self.application.test_request_context(), self.session_transaction() as session:
            from flask import session as request_session

            request_session.update(session)
            token = generate_csrf()
            session["csrf_token"] = request_session["csrf_token"]
            return str(token)
