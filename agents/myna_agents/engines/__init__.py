"""Engines that make answers. Each is imported by the composition root only when a setting asks for it."""
