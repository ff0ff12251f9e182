"""The engines that the settings name."""

from myna.errors import MynaError
from myna_agents.answers.engine import Engine, Writer
from myna_agents.engines.chosen import OFFLINE, ChosenEngine
from myna_agents.engines.langchain import Endpoint, LangChainEngine
from myna_agents.engines.offline import OfflineEngine


def open_engines(models: str, keys: str) -> tuple[Engine, Writer | None]:
    """The engine of `offline:` or of `openai:NAME@URL,openai:NAME@URL,…` in the order in which they stand in for each other,
    and the first model as a writer. `keys` is one key for all, or as many as there are models.

    Raises:
        MynaError: the text has another form; nothing was opened.
    """
    offline = OfflineEngine()
    wanted = [each.strip() for each in models.split(",") if each.strip()]
    if wanted in ([], [OFFLINE]):
        return offline, None
    endpoints = [Endpoint.parse(each) for each in wanted if each != OFFLINE]
    if len({each.model for each in endpoints}) < len(endpoints):
        raise MynaError("Two models have the same name; agents choose by name.", code="bad_setting")
    given = [each.strip() for each in keys.split(",")]
    if len(given) not in {1, len(endpoints)}:
        raise MynaError(
            f"There are {len(given)} keys for {len(endpoints)} models; give one, or one for each.",
            code="bad_setting",
        )
    if len(given) == 1:
        given *= len(endpoints)
    opened = [LangChainEngine(endpoint, key) for endpoint, key in zip(endpoints, given, strict=True)]
    return ChosenEngine(opened, offline), opened[0]
