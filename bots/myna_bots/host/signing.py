"""Signatures of webhooks, as the core makes them."""

from myna.signing import HEADER, TOLERANCE_S, signature, verify

__all__ = ["HEADER", "TOLERANCE_S", "signature", "verify"]
