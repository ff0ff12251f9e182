"""docker-compose.yml as plain processes on this machine."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from support import compose, myna_server, processes, servers
from support.myna_server import MynaServer

ENV = {"POSTGRES_PASSWORD": "pg0secret", "REDIS_PASSWORD": "redis0secret"}


@dataclass(frozen=True, slots=True)
class Topology:
    """Two processes of Myna on shared backends, and the proxy before them."""

    proxy: str
    """The address that clients use."""
    processes: dict[str, tuple[subprocess.Popen[bytes], MynaServer]]
    """Each process by its name in the composition."""
    data: Path


@contextmanager
def running(folder: Path, *, guarded: bool = False) -> Iterator[Topology]:
    """Everything that the composition starts, in its order and with its environment; only addresses differ.

    `guarded`: with ModSecurity in the proxy.
    """
    composition = compose.load(ENV)
    services = composition["services"]
    redis_command = services["redis"]["command"]
    with ExitStack() as stack:
        cluster = stack.enter_context(servers.postgres())
        stack.enter_context(cluster.database(services["postgres"]["environment"]["POSTGRES_DB"]))
        redis_url = stack.enter_context(servers.redis(folder, *redis_command[1:]))
        chroma_url = stack.enter_context(servers.chroma(folder))
        addresses = {
            "postgres:5432": f"127.0.0.1:{cluster.port}",
            "redis:6379": urlsplit(redis_url).netloc,
            "chroma:8000": urlsplit(chroma_url).netloc,
        }
        ports = {name: processes.free_port() for name in compose.servers(composition)}
        data = folder / "data"
        here = {
            name: {key: compose.replaced(value, addresses) for key, value in environment.items()}
            | {"MYNA_DATA": str(data), "MYNA_HOST": "127.0.0.1", "MYNA_PORT": str(ports[name])}
            for name, environment in compose.servers(composition).items()
        }
        data.mkdir()
        subprocess.run(
            [*myna_server.COMMAND, *services["migrate"]["command"]],
            env=myna_server.environment(next(iter(here.values()))),
            check=True,
            capture_output=True,
            timeout=60,
        )
        started = {}
        for name, settings in here.items():
            (folder / name).mkdir()
            process, server = myna_server.launch(folder / name, settings=settings)
            stack.callback(processes.stop, process)
            started[name] = (process, server)
        for process, server in started.values():
            myna_server.wait_for(process, server)
        port = processes.free_port()
        upstreams = {f"{name}:8000": f"127.0.0.1:{ports[name]}" for name in ports}
        config = compose.local_nginx(upstreams, port=port, folder=str(folder))
        proxy = stack.enter_context(
            servers.nginx(folder, compose.guarded(config) if guarded else config, port)
        )
        yield Topology(proxy, started, data)
