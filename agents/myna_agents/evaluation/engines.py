"""The engine that an evaluation asks."""

from myna_agents.answers.engine import Engine


def open_engine(url: str, key: str = "") -> Engine:
    """The engine of `offline:` or `openai:MODEL@URL`; close it after use.

    Raises:
        MynaError: the text has another form.
    """
    from myna_agents.engines.langchain import Endpoint, LangChainEngine
    from myna_agents.engines.offline import OfflineEngine

    return OfflineEngine() if url == "offline:" else LangChainEngine(Endpoint.parse(url), key)
