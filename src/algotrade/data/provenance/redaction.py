"""Changes of code without what looks like a secret."""

import re

REDACTED = "<redacted>"

_NAME = r"[\w.-]*(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|signing[_-]?key|credential)[\w.-]*"
_QUOTED = re.compile(rf"(?i)({_NAME}[\"']?\s*[:=]\s*)(?P<quote>[\"'])(?!\$\{{)[^\"'\n]+(?P=quote)")
_BARE = re.compile(rf"(?i)^([+ -]\s*{_NAME}\s*[:=]\s*)(?![\"'$<{{\[])\S[^\n#]*")
_IN_URL = re.compile(r"(://)[^/\s:@\"'${}]+:[^/\s@\"'${}]+(@)")
_PEM = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)")
# Most lines speak of nothing secret, and a look at them is quicker than three expressions.
_HINTS = ("pass", "secret", "token", "key", "credential", "://")
_FILE = re.compile(r"^\+\+\+ (?:b/)?(.+)$")


def redacted(diff: str) -> tuple[str, int]:
    r"""A diff whose secrets are replaced, and how many were.

    Replaced are literals assigned to names that speak of secrets, user and password in URLs, and private keys. In
    configuration files such a value needs no quotes to count; in code, without quotes, it is a name, not a value.

    >>> redacted('+++ b/conf/base/x.yml\n+db_password: hunter2\n')
    ('+++ b/conf/base/x.yml\n+db_password: <redacted>\n', 1)
    >>> redacted('+++ b/src/x.py\n+token = next(tokens)\n')[1]
    0
    """
    text, count = _PEM.subn(rf"\1{REDACTED}\2", diff)
    lines, is_code = [], False
    for line in text.split("\n"):
        named = _FILE.match(line)
        is_code = named.group(1).endswith(".py") if named else is_code
        lowered = line.lower()
        if not any(hint in lowered for hint in _HINTS):
            lines.append(line)
            continue
        cleaned, quoted = _QUOTED.subn(rf"\1\g<quote>{REDACTED}\g<quote>", line)
        cleaned, in_urls = _IN_URL.subn(rf"\1{REDACTED}\2", cleaned)
        bare = 0
        if not is_code:
            cleaned, bare = _BARE.subn(rf"\1{REDACTED}", cleaned)
        lines.append(cleaned)
        count += quoted + in_urls + bare
    return "\n".join(lines), count
