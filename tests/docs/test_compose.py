"""The composition agrees with the settings, the locks, the image and the proxy."""

import fnmatch
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from myna.settings import Settings
from support import backends, compose, servers
from support.backends import ROOT

ENV = {"POSTGRES_PASSWORD": "pg0secret", "REDIS_PASSWORD": "redis0secret"}
COMPOSITION = compose.load(ENV)
SERVICES: dict[str, dict[str, Any]] = COMPOSITION["services"]
SERVERS = compose.servers(COMPOSITION)
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
NGINX = compose.NGINX.read_text()


def test_two_processes_serve_with_the_same_settings() -> None:
    assert len(SERVERS) == 2
    first, second = SERVERS.values()
    assert first == second


@pytest.mark.parametrize("name", sorted(name for name, each in SERVICES.items() if "build" in each))
def test_each_setting_is_one_that_myna_knows(name: str) -> None:
    settings = Settings.from_env(SERVICES[name]["environment"])
    assert settings.database_url.startswith("postgresql://")
    assert settings.bus.startswith("redis://")
    assert settings.index_url.startswith("http://")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_reaches_is_a_service_on_one_of_its_networks(name: str) -> None:
    service = SERVICES[name]
    reached = set(service.get("depends_on", {}))
    for key, value in service.get("environment", {}).items():
        if key in {"MYNA_DATABASE", "MYNA_BUS", "MYNA_INDEX"}:
            reached.add(urlsplit(value).hostname)
    for other in reached:
        assert set(service["networks"]) & set(SERVICES[other]["networks"]), f"{name} cannot reach {other}"


def test_data_stores_are_reached_from_inside_only() -> None:
    assert COMPOSITION["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis", "chroma"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_volumes_are_declared_or_files_of_this_checkout(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSITION["volumes"] or (source.startswith("./") and (ROOT / source).exists())


def test_every_declared_volume_is_used() -> None:
    used = {volume.split(":")[0] for each in SERVICES.values() for volume in each.get("volumes", [])}
    assert set(COMPOSITION["volumes"]) <= used


@pytest.mark.parametrize(
    "image", [each["image"] for each in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
)
def test_each_image_names_a_version(image: str) -> None:
    tag = image.rpartition(":")[2]
    assert re.match(r"\d+\.?\d*", tag), image


def test_the_chroma_server_is_the_locked_version() -> None:
    locked = re.search(r"^chromadb==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)
    assert locked is not None
    assert SERVICES["chroma"]["image"] == f"chromadb/chroma:{locked[1]}"


def test_the_image_of_this_version_is_built() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert SERVICES["myna-1"]["image"] == f"myna:{project['version']}"


def test_the_example_sets_what_compose_asks_for() -> None:
    example = dict(
        line.split("=", 1)
        for line in compose.ENV_EXAMPLE.read_text().splitlines()
        if line and not line.startswith("#")
    )
    defaults = {name: default or "" for name, default in compose.variables().items()}
    assert example == defaults


def test_a_forgotten_password_stops_the_start() -> None:
    with pytest.raises(KeyError, match="POSTGRES_PASSWORD"):
        compose.load({"REDIS_PASSWORD": "redis0secret"})


def test_the_proxy_knows_each_server_by_its_port() -> None:
    upstream = re.search(r"upstream myna \{(.*?)\}", NGINX, re.S)
    assert upstream is not None
    expected = {f"{name}:{env['MYNA_PORT']}" for name, env in SERVERS.items()}
    assert set(re.findall(r"server (\S+)", upstream[1])) == expected
    assert set(re.findall(r"proxy_pass (\S+);", NGINX)) == {"http://myna"}


def test_the_proxy_listens_where_it_is_published() -> None:
    listens = re.findall(r"listen (\d+);", NGINX)
    assert SERVICES["nginx"]["ports"] == [f"127.0.0.1:8080:{port}" for port in listens]


def test_the_image_exposes_the_port_that_servers_listen_on() -> None:
    assert re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.M) == [SERVERS["myna-1"]["MYNA_PORT"]]


def test_the_image_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M) == ["myna"]


def test_the_image_gets_every_file_that_it_copies() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, each) for each in kept), f"{source} is in .dockerignore"


def test_the_image_gets_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = {source for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.M) for source in line.split()}
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert package in copied or package.split("/")[0] in copied


def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    backends.require("nginx")
    addresses = {f"{name}:8000": f"127.0.0.1:{9000 + number}" for number, name in enumerate(SERVERS)}
    config = tmp_path / "nginx.conf"
    config.write_text(compose.local_nginx(addresses, port=8999, folder=str(tmp_path)))
    assert "myna-1" not in config.read_text()
    nginx = servers.nginx_path()
    assert nginx is not None
    done = subprocess.run(
        [nginx, "-t", "-q", "-e", "stderr", "-c", config, "-p", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (done.returncode, done.stderr) == (0, "")
