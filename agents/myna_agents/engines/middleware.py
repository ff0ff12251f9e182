# pyright: basic
"""What Myna puts around a LangChain agent's model: it writes down what the model took."""

from typing import Any

from langchain.agents.middleware import AgentMiddleware

from myna_agents.ledger import Usage


class _Tracing(AgentMiddleware):  # type: ignore[misc]  # the library is not typed here
    """Adds what each call of the model read and wrote, as the provider says."""

    def __init__(self, model: str, usage: list[Usage]) -> None:
        super().__init__()
        self._model, self._usage = model, usage

    async def aafter_model(self, state: Any, runtime: Any) -> None:
        """One call of the model has ended."""
        found: Any = getattr(state["messages"][-1], "usage_metadata", None)
        if found:
            cached = (found.get("input_token_details") or {}).get("cache_read", 0)
            self._usage.append(Usage(self._model, found["input_tokens"], cached or 0, found["output_tokens"]))


def tracing(model: str, usage: list[Usage]) -> Any:
    """Middleware that adds to `usage`."""
    return _Tracing(model, usage)
