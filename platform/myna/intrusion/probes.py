"""Paths and parameters that no client of ours ever sends, and scanners always do."""

import re
from urllib.parse import unquote_to_bytes

MAX_CHARS = 4096
"""What is looked at of a path with its query."""

# One alternation of plain pieces: nothing in it can backtrack (no nested or adjacent repeats).
_PROBE = re.compile(
    rb"""\.\.[/\\]|/etc/passwd|/proc/self|\\windows\\
    |<script|javascript:|onerror=|onload=
    |union[ +/*]{1,8}(all[ +]{1,8})?select|'[ +]{0,4}or[ +]{1,4}'?\d|;[ +]{0,4}drop[ +]table|sleep\(\d|pg_sleep|waitfor[ +]delay
    |information_schema|xp_cmdshell
    |\$\{jndi:|\{\{7\*7|\$\{7\*7|<\?php|\x00
    |/wp-(login|admin|content|includes)|/xmlrpc\.php|/phpmyadmin|/cgi-bin/|/\.(env|git|svn|aws|ssh|htaccess|htpasswd)\b
    |/(actuator|vendor/phpunit|solr/admin|boaform|owa/auth)\b
    |\r|\n""",
    re.VERBOSE | re.IGNORECASE,
)


def is_probe(path: str, query: bytes) -> bool:
    """Whether a request's path or query looks like an attack. Texts that people write are never looked at."""
    raw = path.encode("utf-8", "surrogatepass")[:MAX_CHARS] + b"?" + query[:MAX_CHARS]
    once = unquote_to_bytes(raw.replace(b"+", b" "))
    # Twice, since encoding twice is how a probe passes a filter that decodes once.
    return any(_PROBE.search(each) for each in (once, unquote_to_bytes(once)))
