"""Verbs that begin a request, by what they ask for. The planner and the classifier share them."""

import re
from typing import Final


def any_of(words: str) -> str:
    """Return a pattern for any of the words, the longest first ('_' is a space)."""
    found = sorted(set(words.split()), key=len, reverse=True)
    return "(?:" + "|".join(re.escape(word).replace("_", r"\s+") for word in found) + ")"


# Seldom anything but a verb when a sentence begins with them.
PLAIN_CHANGES: Final = """
activate add adjust allocate alter amend anonymise anonymize append apply approve arrange assign
attach authorise authorize autoscale ban bring_back call_off cancel charge_back clean_up clear_out
commission configure connect convene create deactivate decline decommission decrease delegate delete
demote deny deploy deregister destroy detach disable disconnect discard dismiss dispatch distribute
eject email enable encrypt enforce enlist enqueue enrol enroll erase escalate evict execute expel
expire extend fire_off flush format forward generate_and_send grant hand_over hide hire import
increase ingest initialise initialize initiate insert install invalidate invite invoke issue kick_off
launch liquidate lower merge migrate modify mount mute notify onboard overwrite pause pin
place_an_order place_the_order place_order populate postpone prepend prioritise prioritize procure
promote prompt_everyone provision prune publish purchase purge quarantine raise_a re-embed re-enable
re-index re-run reactivate reallocate reassign rebalance rebase reboot rebuild recompute reconfigure
recreate redeploy redirect reembed refund refresh regenerate register reindex reinstall reinstate
reject reload remind remove rename renew reopen replace reply_to reprocess requeue rerun reschedule
reserve reset resize resolve respond_to restart restore resubmit resume retire retrain retry
revert revoke roll_back rollback roll_out rollout rotate scale_down scale_up scale send set_up
shut_down shutdown snapshot snooze spin_up spin_down submit subscribe suspend swap switch_off
switch_on switch_over sync synchronise synchronize take_down tear_down terminate throttle toggle
transmit trigger turn_off turn_on unarchive unassign unban unblock undeploy undo unenrol uninstall
unlock unmute unpause unpublish unregister unsubscribe update upgrade upload vacate void whitelist
wind_down wipe withdraw zip_and_send
"""

# Nouns as often as verbs: what follows decides.
NOUN_LIKE_CHANGES: Final = """
alert archive download export back_up backup bill block book broadcast buy call change charge clear close copy
credit debit document drop duplicate edit empty file fix flag fork freeze hire hold kick kill label
limit lock log mark message move open order park patch pay ping_everyone post print push put queue
record release rent report_it reverse run save schedule sell set share ship sign start stop store
switch tag tell transfer turn ask assign notify upsert warn wire write_to
"""

# After these a noun-like verb is the first half of a compound: "order number", "release date".
_COMPOUND: Final = any_of("""
number numbers date dates time times size sizes id ids address addresses fee fees price prices format
formats limit limits form forms list lists history office offices holder holders rate rates status
policy policies duration length code codes name names type types count counts hours day days deadline
deadlines frequency interval window windows notes note requirements rules procedure process guide
manual cost costs retention capacity schedule schedules version versions log logs file files format
results result report reports plan plans centre center desk line lines mode modes price station
ports port words word point points level levels value values
""")

_OBJECT: Final = r"(?:the|a|an|my|our|your|his|her|their|its|this|that|these|those|all|every|each|any|both|it|them|everyone|everybody|us|me|some|another|one|two|three|old|new|\d|\"|quoted|to|up|down|off|on|out|down)\b|quoted|[\"\d]"
_TOWARDS: Final = (
    r"\b(?:to|from|in|into|on|onto|as|for|with|until|at|by|about|via|through|off|now|again)\b"
)

# Asking, not doing: these look like changes but only produce words.
_NOT_A_CHANGE: Final = re.compile(
    r"(?:add|sum)\s+(?:up\s+)?(?:all\s+)?\d|(?:tell|ask|show|give|send|forward|remind)\s+me\s+"
    r"(?:about|the\s+(?:difference|reason|name|number|date|price)|how|what|who|why|when|where|which|if"
    r"|whether|more|again|something|everything|a\s+bit|again)\b"
    r"|tell\s+me\b|ask\s+(?:you|yourself|myself)\b|(?:run|walk|take|talk|go)\s+(?:(?:me|us)\s+)?through"
    r"|update\s+(?:on|about)\b|(?:query|change|update|record|release|order|call)\s+log\b"
    r"|call(?:ed|s)\b|run\s+the\s+numbers|put\s+(?:differently|simply|another\s+way)"
    r"|set\s+(?:aside\b.*\bwhat|theory)|(?:open|start|stop|close)\s+(?:to|with|at|by)\b"
    r"|open\s+(?:issues|tickets|positions|questions|source)\b|file\s+under|report\s+on\b"
    r"|extend(?:ed|s)\b|apply\s+for\s+what|drop\s+(?:in|rate)\b|change\s+(?:in|of|since)\b"
    r"|share\s+of\b|order\s+of\b|run\s+of\b|record\s+of\b|sign\s+of\b|schedule\s+of\b|list\b"
    r"|(?:archive|book|label|charge|call|log|copy|store|block|release|post|bill|file)\s+of\b"
)

_PLAIN: Final = re.compile(rf"((?:re-?)?{any_of(PLAIN_CHANGES)})\b(?!\s*(?:-|of\b|'s\b))")
_NOUN_LIKE: Final = re.compile(rf"({any_of(NOUN_LIKE_CHANGES)})\b(?!')")
_GIVING: Final = re.compile(
    r"(give|grant|hand|lend|offer|let)\s+(?!me\b|us\s+(?:a|the)\b).{1,60}?\b"
    r"(access|permissions?|rights?|roles?|admin|ownership|keys?|credit|know)\b"
)
_MAKING: Final = re.compile(
    r"(make)\s+(?:(?:a|an|the|another)\s+(?:\w+\s+){0,2}?(?:backup|booking|reservation|payment|copy|"
    r"appointment|purchase|order|entry|ticket|user|account|release|snapshot|change|announcement)"
    r"|.{1,40}?\b(?:public|private|admin|an\s+admin|default|visible|live|read-only|available|inactive))\b"
)
_DOING: Final = re.compile(
    r"(place|raise|open|file|lodge|put\s+in|log|issue|cut|ship)\s+(?:a|an|the|another|this)\s+"
    r"(?:\w+\s+){0,3}?(?:order|ticket|request|complaint|claim|issue|case|bug|report|release|invoice)\b"
)
_LIVE_RUN: Final = re.compile(
    r"(?:run|start|do)\s+(?:a|the)\s+(?:\w+\s+)?(?:health|status)\s?-?check"
)


def change_verb(text: str) -> str | None:
    """Return the verb when folded text begins with an order to change something."""
    if _NOT_A_CHANGE.match(text) or _LIVE_RUN.match(text):
        return None
    for pattern in (_GIVING, _MAKING, _DOING):
        if found := pattern.match(text):
            return " ".join(found.group(1).split())
    if found := _PLAIN.match(text):
        return None if _is_compound(text[found.end() :]) else " ".join(found.group(1).split())
    found = _NOUN_LIKE.match(text)
    return found.group(1) if found and _takes_object(text[found.end() :]) else None


def _is_compound(rest: str) -> bool:
    return bool(re.match(rf"\s+{_COMPOUND}\b(?!\s+(?:to|from|on|in|for|with)\b.)", rest)) and (
        len(rest.split()) <= 3
    )


def _takes_object(rest: str) -> bool:
    """Tell "order paper for the office" from "order number of the printer"."""
    rest = rest.strip()
    if not rest or re.match(rf"{_COMPOUND}\b", rest):
        return False
    if re.match(_OBJECT, rest):
        return True
    return (len(rest.split()) >= 3 and bool(re.search(_TOWARDS, rest))) or len(rest.split()) == 1


INFORMING: Final = """
tell show list name give find get fetch look_up lookup read search display retrieve see check count
enumerate pull bring identify determine quote cite locate
"""
EXPLAINING: Final = """
explain describe summarise summarize outline walk define clarify elaborate paraphrase recap recount
"""
CALCULATING: Final = """
calculate compute work_out figure_out add_up sum subtract multiply divide convert total average round
tally estimate
"""
COMPARING: Final = """
compare contrast rank weigh analyse analyze assess evaluate aggregate combine correlate consolidate
cross-reference reconcile synthesise synthesize benchmark
"""
WRITING: Final = """
draft preview compose write prepare propose suggest recommend advise rewrite rephrase translate
simulate formulate design brainstorm decide judge dry-run mock_up sketch
"""
USING: Final = "use take follow apply go_by consult"

ALL_VERBS: Final = " ".join((
    PLAIN_CHANGES, NOUN_LIKE_CHANGES, INFORMING, EXPLAINING, CALCULATING, COMPARING, WRITING, USING,
    "ping probe monitor test",
))  # fmt: skip
