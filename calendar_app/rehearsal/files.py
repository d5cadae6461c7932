"""Files for the simulated platforms that fetch them: served on this machine, at the addresses that posts name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, abort, send_file
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from calendar_app import public_files, store

POLL = 0.05


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the app's own files on a free port; the base URL. Set up ``app`` before anything is asked for."""

    @app.get("/m/<token>")
    def file(token: str) -> Response:
        found = public_files.opened(token) or public_files.opened(token.rpartition(".")[0])
        if found is None:
            abort(404)
        sha256, mime = found
        return send_file(store.path_of(sha256), mimetype=mime)

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""
