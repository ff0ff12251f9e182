"""A short name for the program behind a request, for the list of devices. It is shown and never decides anything."""

import re

MAX_CHARS = 80
_BROWSERS = (
    ("Edge", re.compile(r"\bEdgA?/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Firefox", re.compile(r"\b(Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(Chrome|CriOS)/")),
    ("Safari", re.compile(r"\bVersion/[\d.]+ .*Safari/")),
)
_SYSTEMS = (
    ("Android", re.compile("Android")),
    ("iOS", re.compile("iPhone|iPad")),
    ("Windows", re.compile("Windows NT")),
    ("macOS", re.compile("Mac OS X")),
    ("ChromeOS", re.compile("CrOS")),
    ("Linux", re.compile("Linux")),
)


def device_name(user_agent: str) -> str:
    """`Firefox, Windows` for browsers, the program's own first word for others; "" when it says nothing."""
    browser = next((name for name, found in _BROWSERS if found.search(user_agent)), None)
    system = next((name for name, found in _SYSTEMS if found.search(user_agent)), None)
    if browser is None:
        first = user_agent.split(" ", 1)[0][:MAX_CHARS]
        return first if first.isprintable() else ""
    return browser if system is None else f"{browser}, {system}"
