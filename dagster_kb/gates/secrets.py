"""Secrets: keys, tokens and passwords, as detect-secrets knows them."""

import re
from collections.abc import Iterator
from threading import Lock
from typing import Final

from dagster_kb.gates.evidence import Evidence
from dagster_kb.gates.needles import folded, has_any
from dagster_kb.gates.scanning import Findings, Hit, allow_list, scan
from dagster_kb.gates.verdicts import Verdict, switched_off

# Those that take plain prose for a secret (high entropy) are left out.
PLUGINS: Final = (
    "AWSKeyDetector", "GitHubTokenDetector", "GitLabTokenDetector", "PrivateKeyDetector",
    "KeywordDetector", "JwtTokenDetector", "SlackDetector", "BasicAuthDetector",
    "OpenAIDetector", "StripeDetector", "NpmDetector", "PypiTokenDetector", "SendGridDetector",
    "AzureStorageKeyDetector", "TwilioKeyDetector", "DiscordBotTokenDetector",
    "TelegramBotTokenDetector", "MailchimpDetector",
)  # fmt: skip
# A line without any of these is nothing to any of them; most lines end here.
_SUSPECT: Final = re.compile(
    r"A3T|AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ABIA|ACCA|gh[pousr]_|gl[a-z]+-|GR1348|eyJ|xox"
    r"|sk[-_]|rk_|_authToken|pypi-|:\/\/[^\s/]+:"
    r"|SG\.|AC[a-z0-9]{32}|SK[a-z0-9]{32}|[MNO][\w-]{23,25}\.|\d{8,10}:[\w-]{35}|-us\d"
    r"|AIza|hf_|github_pat_|(?i:token)"
    r"|(?i:aws|key|pass|pwd|secret|contrase|hooks\.slack)"
)
# A text without any of these, and without a long word, has no such line.
_NEEDLES: Final = (
    "token", "key", "pass", "secret", "aws", "pwd", "contrase", "hooks.slack", "://",
    "a3t", "akia", "asia", "agpa", "aida", "aroa", "aipa", "anpa", "anva", "abia", "acca",
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "gr1348", "eyj", "xox", "sk-", "sk_", "rk_",
    "pypi-", "sg.", "-us", "aiza", "hf_", "github_pat_",
)  # fmt: skip
_LONG_WORD: Final = 24
_GITLAB: Final = re.compile(r"gl[a-z]+-")
# Forms that those do not know: new ones, and what stands in a file of variables without quotes.
_FORMS: Final = re.compile(
    r"(?P<known>\b(?:AIza[\w-]{35}|hf_[A-Za-z0-9]{34}|sk-(?:ant|proj)-[\w-]{24,}|github_pat_\w{30,})"
    r"|(?i:aws_secret_access_key)[\s\"']*[=:]\s*[\"']?(?P<aws>[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=]))"
    r"|\b[A-Z][A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|ACCESS_KEY)="
    r"(?=[^\s\"']*[a-z])(?=[^\s\"']*[A-Z])(?=[^\s\"']*\d)(?P<set>[^\s\"'`|,;]{8,}))"
)
_SETTING_UP: Final = Lock()
_TELLING: Final = Findings(
    setting="secrets",
    what="secrets",
    cure="rotate it, then take it out of the document: who can read git still has it",
)
_LINE: Final = re.compile(r"[^\r\n]+")
# What documentation writes where a secret would stand.
_PLACEHOLDER: Final = re.compile(
    r"(?i:example|changeme|change_me|placeholder|your[-_ ]|my[-_ ]?(?:secret|password|key)|x{3,}"
    r"|\.\.\.|\u2026|\*{3,}|dummy|redacted|not[-_ ]?a[-_ ]?secret)|(?i:[-_ ]here\b|p[a@]ssw[o0]rd)"
    r"|\$\{|\$\(|\{\{|<%|<[^<>]*>|\{[A-Za-z_][\w.]*\}|%\(\w+\)|^\$[\w\[\]'\"().>-]+$|^%\w+%?$"
    r"|^(?i:pass|passwd|password|pwd|secret|token|key|user|username|admin|root|guest|test|demo|string|postgres|minioadmin|super[-_]?secret|hunter2|letmein|foo|bar)\d{0,4}$"
)
# A page that tells what a key file begins with: no key follows the closing mark.
_NAMED_HEADER: Final = re.compile(r"`-*BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-*`")
_HEADER: Final = re.compile(r"PRIVATE KEY|PuTTY-User-Key")
_OWN_MACHINE: Final = re.compile(
    r"://[^\s/:@]*:[^\s/@]*@(?:localhost|127\.0\.0\.1|\[::1\]|host\b|hostname\b|[\w.-]*\bexample\.)"
)


def no_secrets(evidence: Evidence) -> Verdict:
    """No passage that is new holds a key, a token or a password."""
    gate = evidence.gate()
    if gate.secrets == "off":
        return switched_off("secrets")
    allowed = allow_list(evidence.agent(), gate.allow.secrets)
    found = scan(secrets_in, evidence.suspects("secrets"), evidence.line, allowed)
    return _TELLING.verdict(gate.secrets, found)


def _set_up() -> None:
    """Name the detectors, once for the process: its settings are those of every thread."""
    from detect_secrets.settings import get_settings  # noqa: PLC0415 - imports `requests`

    with _SETTING_UP:
        settings = get_settings()
        if settings.plugins.keys() != {*PLUGINS}:
            settings.plugins.clear()
            settings.configure_plugins([{"name": one} for one in PLUGINS])


def may_hold_secrets(text: str) -> bool:
    """Whether any line of the text is worth a look; a plain text is told in microseconds."""
    if has_any(folded(text), _NEEDLES):
        return True
    longest = max(map(len, text.split()), default=0)
    return longest >= _LONG_WORD or bool(_GITLAB.search(text))


def secrets_in(text: str) -> Iterator[Hit]:
    """Find secrets, each as the whole of its line."""
    from detect_secrets.core.scan import scan_line  # noqa: PLC0415 - imports `requests`

    if not may_hold_secrets(text):
        return
    _set_up()
    for line in _LINE.finditer(text):
        if not _SUSPECT.search(line[0]):
            continue
        kinds = {one.type for one in scan_line(line[0])
                 if not _is_placeholder(one.type, one.secret_value or "", line[0])}  # fmt: skip
        kinds |= {"Secret of a known form" for one in _FORMS.finditer(line[0])
                  if not _PLACEHOLDER.search(one["aws"] or one["set"] or one["known"])}  # fmt: skip
        for kind in sorted(kinds):
            yield Hit(kind, line.start(), line.end())


def _is_placeholder(kind: str, value: str, line: str) -> bool:
    if kind == "Private Key":
        return not _HEADER.search(_NAMED_HEADER.sub("", line))
    if kind == "Basic Auth Credentials" and _OWN_MACHINE.search(line):
        return True
    return bool(_PLACEHOLDER.search(value))
