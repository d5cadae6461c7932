"""A real WordPress on PHP's own web server and a MariaDB, all on loopback and in a folder that goes with the session."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.servers import HOST, ServerMissing, free_port, wait_until
from workers.processes import die_with_parent

HERE = Path(__file__).parent
UNPACKED = HERE.parents[2] / ".cache" / "wordpress" / "unpacked" / "usr" / "share" / "wordpress"
INSTALLED = Path("/usr/share/wordpress")
MARIADBD = ("mariadbd", "/usr/sbin/mariadbd")
CREATE = (
    "create database wordpress character set utf8mb4;\n"
    "create user wordpress@'127.0.0.1' identified by 'wordpress';\n"
    "grant all on wordpress.* to wordpress@'127.0.0.1';\n"
)
UPLOADS = ("upload_max_filesize=32M", "post_max_size=40M")


class WordPressServer:
    """A fresh site at ``url``; ``passwords`` are the application passwords of ana (administrator) and mei (contributor)."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="almanac-wordpress-"))
        self.site = self.folder / "site"
        self.passwords: dict[str, str] = {}
        self._port, self._database = free_port(), free_port()
        self.url = f"http://{HOST}:{self._port}"
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            self._copy_site()
            self._start_database()
            installed = self._run("php", str(HERE / "install.php"), str(self.site))
            self.passwords = json.loads(installed)
            settings = [part for setting in UPLOADS for part in ("-d", setting)]
            self._start("php", *settings, "-S", f"{HOST}:{self._port}", "-t", str(self.site))
            wait_until(self._answers, "WordPress", 30)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End both servers and remove all that they wrote."""
        for process in reversed(self._processes):
            process.kill()
            process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def switch_rest(self, *, on: bool) -> None:
        """Let a plugin take the API away, or give it back."""
        switch = self.site / "wp-content" / "rest-is-off"
        switch.unlink(missing_ok=True) if on else switch.touch()

    def _copy_site(self) -> None:
        source = UNPACKED if UNPACKED.exists() else INSTALLED
        if not source.exists():
            raise ServerMissing("The tests need WordPress. Run: .ci/system-packages")
        shutil.copytree(source, self.site, ignore=_dangling, copy_function=_linked)
        (self.site / "wp-config.php").unlink(missing_ok=True)
        shutil.copy(HERE / "config.php", self.site / "wp-config.php")
        plugins = self.site / "wp-content" / "mu-plugins"
        plugins.mkdir()
        shutil.copy(HERE / "switches.php", plugins)

    def _start_database(self) -> None:
        data, script = self.folder / "data", self.folder / "create.sql"
        script.write_text(CREATE)
        # It refuses to run as root unless it is told so.
        options = ["--no-defaults", f"--datadir={data}", *(["--user=root"] if os.getuid() == 0 else [])]
        self._run(
            "mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db"
        )
        server = next((found for name in MARIADBD if (found := shutil.which(name))), None)
        if server is None:
            raise ServerMissing("The tests need MariaDB. Run: .ci/system-packages")
        places = [f"--bind-address={HOST}", f"--port={self._database}", f"--socket={self.folder / 'socket'}"]
        thrift = ["--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]
        self._start(server, *options, *places, *thrift, "--skip-name-resolve", f"--init-file={script}")
        wait_until(self._database_listens, "MariaDB", 30)

    def _start(self, *command: str) -> None:
        with (self.folder / "log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    command,
                    cwd=self.folder,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=die_with_parent,  # noqa: PLW1509
                )
            )

    def _run(self, *command: str) -> str:
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, env=self._environment(), timeout=60
            )
        except FileNotFoundError:
            raise ServerMissing(f"The tests need {command[0]}. Run: .ci/system-packages") from None
        assert done.returncode == 0, f"{command[0]} failed: {done.stdout} {done.stderr}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "WORDPRESS_DATABASE": f"{HOST}:{self._database}",
            "WORDPRESS_URL": self.url,
        }

    def _database_listens(self) -> bool:
        self._assert_all_live()
        try:
            with socket.create_connection((HOST, self._database), timeout=1):
                return True
        except OSError:
            return False

    def _answers(self) -> bool:
        self._assert_all_live()
        try:
            return httpx.get(f"{self.url}/wp-json/", timeout=20).status_code == 200
        except httpx.HTTPError:
            return False

    def _assert_all_live(self) -> None:
        log = (self.folder / "log").read_text(errors="replace")[-3000:]
        assert all(process.poll() is None for process in self._processes), f"A server ended: {log}"


def _linked(source: str, place: str) -> None:
    """The same file under another name where that is possible: nobody writes to the 2500 of WordPress itself."""
    try:
        os.link(os.path.realpath(source), place)
    except OSError:
        shutil.copy(source, place)


def _dangling(folder: str, names: list[str]) -> list[str]:
    """Scripts of the admin pages are links to packages that nobody needs here."""
    return [name for name in names if not Path(folder, name).exists()]
