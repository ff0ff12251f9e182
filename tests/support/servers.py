"""Private PostgreSQL, Redis and Chroma servers on free loopback ports, gone when their block ends."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support import processes


def postgres_bin() -> Path | None:
    """The folder with initdb and postgres, of the newest version that is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: float(each.parent.parent.name)
    )
    elsewhere = shutil.which("initdb")
    return found[-1].parent if found else Path(elsewhere).parent if elsewhere else None


def chroma_command() -> Path | None:
    """Chroma's command in this environment."""
    command = Path(sys.executable).parent / "chroma"
    return command if command.exists() else None


def chromium_path() -> Path | None:
    """Debian's Chromium, or another one on the PATH."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return Path(found)
    return None


def nginx_path() -> Path | None:
    """nginx, which Debian keeps outside an ordinary user's PATH."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else None


def modsecurity_path() -> Path | None:
    """nginx's module, if OWASP's Core Rule Set is there, too."""
    module = Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so")
    return module if module.exists() and Path("/usr/share/modsecurity-crs/rules").is_dir() else None


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running cluster whose only user is the superuser `myna`."""

    port: int
    bin: Path
    durable: bool

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://myna@127.0.0.1:{self.port}/{database}"

    def sql(self, command: str) -> str:
        """Runs one statement outside any transaction; its output, unaligned."""
        done = subprocess.run(
            [self.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", command, self.url("postgres")],
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout.strip()

    @contextmanager
    def database(self, name: str, template: str = "template0") -> Iterator[str]:
        """The address of a fresh database, empty or a copy of another one, which is dropped at the end."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self.url(name)
        finally:
            self.sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """A new cluster. Unless `durable`, it never waits for the disk, so that only power loss can harm it."""
    binaries = postgres_bin()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed.")
    # Not pytest's folder: PostgreSQL refuses to run as root, and another user may not enter that one.
    folder = Path(tempfile.mkdtemp(prefix="myna-postgres-"))
    user = "nobody" if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    log, data, port = folder / "log", folder / "data", processes.free_port()
    log.touch()
    try:
        made = processes.start(
            [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "myna",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
            log=log,
            user=user,
        )
        if made.wait(120) != 0:
            raise RuntimeError(f"initdb failed:\n{processes.tail(log)}")
        settings = {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(folder),
            "max_connections": "200",
            "shared_buffers": "32MB",
            "timezone": "UTC",
        }
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = processes.start(
            [binaries / "postgres", "-D", data, *options], log=log, user=user, death_signal="QUIT"
        )
        isready = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        try:
            processes.wait_until(
                lambda: subprocess.run(isready, check=False).returncode == 0, process=server, log=log
            )
            yield Postgres(port, binaries, durable)
        finally:
            processes.stop(server, first=signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis(folder: Path, *arguments: str) -> Iterator[str]:
    """The address of a Redis server that keeps nothing on disk, started with further arguments."""
    port, log = processes.free_port(), folder / "redis.log"
    server = processes.start(
        [
            "redis-server",
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            folder,
            *arguments,
        ],
        log=log,
    )
    try:
        processes.wait_until(lambda: processes.accepts(port), process=server, log=log)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        processes.stop(server)


@contextmanager
def chroma(folder: Path) -> Iterator[str]:
    """The address of a Chroma server with its data in `folder`."""
    command = chroma_command()
    if command is None:
        raise RuntimeError("Chroma's command is not installed.")
    port, log = processes.free_port(), folder / "chroma.log"
    server = processes.start(
        [command, "run", "--path", folder / "chroma", "--host", "127.0.0.1", "--port", str(port)],
        log=log,
        env=os.environ | {"ANONYMIZED_TELEMETRY": "False"},
    )
    try:
        processes.wait_until(lambda: processes.accepts(port), process=server, log=log)
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop(server)


@contextmanager
def nginx(folder: Path, config: str, port: int) -> Iterator[str]:
    """The address of an nginx that runs `config`, which must listen on `port` and keep its files in `folder`."""
    path = nginx_path()
    if path is None:
        raise RuntimeError("nginx is not installed.")
    file, log = folder / "nginx.conf", folder / "nginx.log"
    file.write_text(config)
    # Root's workers would become another user, who may not enter the tests' folder.
    extra = "daemon off;" + (" user root;" if os.getuid() == 0 else "")
    server = processes.start([path, "-e", "stderr", "-p", folder, "-c", file, "-g", extra], log=log)
    try:
        processes.wait_until(lambda: processes.accepts(port), process=server, log=log)
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop(server, first=signal.SIGQUIT, wait_s=3.0)
