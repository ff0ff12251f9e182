"""docker-compose.yml and deploy/nginx.conf as data, and as they would be on one machine without containers."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from support.backends import ROOT

COMPOSE = ROOT / "docker-compose.yml"
NGINX = ROOT / "deploy" / "nginx.conf"
ENV_EXAMPLE = ROOT / "deploy" / "env.example"

_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


def variables() -> dict[str, str | None]:
    """What compose.yml takes from the environment, with the default of each; None: it must be set."""
    return {
        name: default if kind == "-" else None
        for name, kind, default in _VARIABLE.findall(COMPOSE.read_text())
    }


def interpolate(text: str, env: Mapping[str, str]) -> str:
    """The text as compose reads it: `${NAME:-default}` and `${NAME:?message}` filled in, empty counting as unset.

    Raises:
        KeyError: a variable without default is not set.
    """

    def value(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        if env.get(name):
            return env[name]
        if kind == "-":
            return str(default)
        raise KeyError(name)

    return _VARIABLE.sub(value, text)


def load(env: Mapping[str, str]) -> dict[str, Any]:
    """The composition with `env` filled in."""

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        return interpolate(value, env) if isinstance(value, str) else value

    loaded: dict[str, Any] = filled(yaml.safe_load(COMPOSE.read_text()))
    return loaded


def servers(composition: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The services that run `myna serve`, each with its environment."""
    return {
        name: service["environment"]
        for name, service in composition["services"].items()
        if service.get("command") == ["serve"]
    }


def replaced(text: str, addresses: Mapping[str, str]) -> str:
    """The text with every `service:port` replaced by an address of this machine."""
    for inside, here in addresses.items():
        text = re.sub(rf"(?<![\w.-]){re.escape(inside)}(?!\d)", here, text)
    return text


MODULE = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so"
RULES = ROOT / "deploy" / "modsecurity" / "myna.conf"


def guarded(config: str) -> str:
    """A configuration with ModSecurity before everything, as the guide to operations says."""
    loaded = f"load_module {MODULE};\n{config}"
    return loaded.replace(
        "server_name _;", f"server_name _;\n        modsecurity on;\n        modsecurity_rules_file {RULES};"
    )


def local_nginx(addresses: Mapping[str, str], *, port: int, folder: str) -> str:
    """deploy/nginx.conf for this machine: other addresses, files in `folder`, everything else unchanged."""
    text = replaced(NGINX.read_text(), addresses)
    text = re.sub(r"(?<=\s)/tmp/", f"{folder}/", text)
    text = text.replace("access_log /dev/stdout", f"access_log {folder}/access.log")
    return text.replace("listen 8080;", f"listen 127.0.0.1:{port};")
