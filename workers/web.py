"""``almanac web``: gunicorn with threads, set up in code so that one command serves demo and production."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from werkzeug.middleware.proxy_fix import ProxyFix

from calendar_app import create_app
from calendar_app.config import Config
from calendar_app.database import forget_connections_after_fork
from calendar_app.logs import set_up
from workers.closing import closing

SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Serving:
    """Where and how widely to serve. One process of 8 threads suits a team; more processes share the load."""

    host: str = "127.0.0.1"
    port: int = 8100
    workers: int = 1
    threads: int = 8
    access_log: bool = False


class QuietLogger(Logger):
    """Leaves handlers and formats to ``calendar_app.logs``; an access line is an event, without its query."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.propagate = self.access_log.propagate = True

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        if self.cfg.accesslog:
            structlog.get_logger("access").info(
                f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
                status=resp.status_code,
                bytes=getattr(resp, "sent", None),
                milliseconds=round(request_time.total_seconds() * 1000),
                client=environ.get("REMOTE_ADDR"),
            )


class Server(BaseApplication):
    """gunicorn around one app, made before it forks so that its processes share their memory."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self.app = app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.app


def serve(config: Config, serving: Serving) -> None:
    """Serve until SIGTERM; does not return (gunicorn ends the process)."""
    set_up(config, "web")
    with closing(create_app(config)) as app:
        forget_connections_after_fork(app)
        if config.trusted_proxies:
            count = config.trusted_proxies
            app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
        Server(app, options(serving)).run()


def options(serving: Serving) -> dict[str, Any]:
    """gunicorn's settings. A request has 120 s, enough for a large upload over a slow line."""
    return {
        "bind": f"{serving.host}:{serving.port}",
        "workers": serving.workers,
        "worker_class": "gthread",
        "threads": serving.threads,
        "preload_app": True,
        "timeout": 120,
        "graceful_timeout": 15,
        "keepalive": 15,
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
        "logger_class": QuietLogger,
        "accesslog": "-" if serving.access_log else None,
        "forwarded_allow_ips": "",
        "proc_name": "almanac web",
        "control_socket_disable": True,
    }
