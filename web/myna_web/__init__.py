"""The built web pages and the routes that serve them."""

from myna_web.pages import FrameAncestors, mount, routes

__all__ = ["FrameAncestors", "mount", "routes"]
