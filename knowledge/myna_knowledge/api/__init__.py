"""The HTTP face of knowledge."""

from myna_knowledge.api.routes import router

__all__ = ["router"]
