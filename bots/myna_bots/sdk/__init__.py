"""The SDK: what bot developers write against. Its public face is `myna_bots`."""
