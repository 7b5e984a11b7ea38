"""Words for changing something: verbs as they are, as something done, and as an activity."""

from functools import lru_cache
from typing import Final

from graph.classification import verbs

# Orders whatever follows them.
ALWAYS: Final = """
blacklist block_off bounce bump bump_up call_back chase_up circulate close_down close_out cross_out crank_up
dial_down dial_up do_away_with drop_a_line email e-mail escalate evict fail_over failover fire_up get_rid_of
hand_in hand_off hand_out hotfix lay_off lock_up log_out nuke pass_along pass_on pay_back pay_off phase_out
plug_in power_cycle power_down power_off power_on power_up put_on_hold push_back put_back put_off put_out
reach_out_to relocate reorder rebook replenish restock rip_out sack scrap send_off send_out set_back sign_off
sign_up start_up strike_out swap_out take_offline take_off text_message throw_away throw_out top_up trash
turn_down turn_up tweet unfollow unfreeze unlink unplug unpin unshare unstar untag whatsapp write_off zero_out
allowlist blocklist unblacklist waive refinance repay overhaul deduplicate defragment debit_and_credit
requisition accept announce appoint apply_for calibrate compensate disarm donate elect expedite fill_in
fill_out finalise finalize inform nominate reimburse remit rescind restrict retract revise rewire tear_up
tidy_up tighten truncate unload unsend silence vaccinate wake_up wrap_up deliver recruit redact advertise
"""
# Order a change when they have something to change after them: "raise the limit", not "raise money".
WITH_OBJECT: Final = """
arm assign audit bind bin cap chase clone collect commit confirm contact correct courier crawl cut deduct
deposit display_on double dump edit end enter exchange extend fine finish fire gift halve hide hike hurry_up
invest invoice keep_on lease let_go lift link loosen mail map mend pack page phone pick_up pin place plant
pull raise rate recall reclaim reduce register relax relay release repair replace report request retweet
return ring rotate save scan seal secure set settle shift shorten shut sign skip slow_down speed_up
split squash star stage strike strip sue text top trade train transcribe treat trim tune tweak wake warm water
write_down
"""
# Said apart: "turn the heating off", "roll it back".
APART: Final = (
    r"turn|switch|shut|power|dial|crank|wind|take|put|set|sign|call|move|push|pull|kick|scale|spin"
    r"|log|lock|cut|hand|pass|throw|tear|rip|roll|strip|bring|back|close|fire|start|swap|mark|block|fill|phase|knock|pay|send|scroll|tone"
)
APART_END: Final = r"(?:off|down|back|out|offline|online|live|forward|away|aside|up|on\s+hold|on(?=$|\s+(?:at|for|from|until|now|again|to|by|and)\b))"

# Only find out, reckon, weigh or word something: none of them changes anything.
HARMLESS: Final = """
show tell explain describe list find get give name identify check see look lookup read search review summarise
summarize outline compare contrast calculate compute analyse analyze assess evaluate draft write compose
suggest recommend propose translate rephrase paraphrase convert measure count estimate extract determine
define clarify discuss consider remember think imagine suppose assume note use using take follow combine
multiply subtract divide say state mention quote cite illustrate demonstrate teach guide help walk break
interpret examine investigate inspect explore study verify validate test prove predict forecast project
prepare make sketch design brainstorm generate figure work rank weigh rate score sort group classify
categorise categorize detail elaborate enumerate fetch retrieve pull bring gather collect compile consult
browse skim scan judge decide choose pick select advise highlight specify present display visualise visualize
plot chart draw simulate model average sum total add round tally deduce derive infer conclude argue discover
detect spot observe monitor track watch query probe ping poll preview recap recount reword simplify expand
polish proofread spell pronounce sing rhyme narrate trace locate distinguish differentiate relate understand
learn know wonder ask answer confirm clear tabulate itemise itemize cross-check double-check reconcile
match grade juxtapose annualise annualize formulate phrase word gimme
correlate benchmark synthesise synthesize consolidate aggregate do does have want need like try hope guess
believe mind go come wait sit stay turn hear feel seem mean refer contain cover include involve affect cost
last
"""
# Stand before "the" without being verbs.
NO_VERBS: Final = """
in on at by for from of with without to into onto about above after before during under over between among
against per via within since until till according given considering regarding concerning besides except like
unlike as than if when while because although though whether and or but so then all both each any some every
half only just even not no is are was were be been am do does did has have had can could will would shall
should may might must who whom whose what which where why how that there here it he she they we i you this
these those maybe perhaps please also too very quite same such where's what's who's how's beyond beneath
behind beside across along around near off out up down through throughout upon despite versus vs plus minus
times once twice more less most least else ever never always often again today tomorrow yesterday now later
soon yes ok okay hi hello hey thanks sorry dear anything something nothing everything regardless the a an my
our your his her their its thing things part parts number time day days year years nor neither either unless
separately namely therefore however moreover below still already mainly roughly approximately got found saw
heard thx blame bitte favore
whatever whichever whoever inside outside toward towards amid following including und oder der die das ein
eine de la le el il los las les un une una e y et o os het een van en da
"""
_IRREGULAR: Final = {
    "send": "sent", "resend": "resent", "rerun": "rerun", "re-run": "re-run", "run": "run", "shut": "shut", "put": "put",
    "set": "set", "reset": "reset", "write": "written", "rewrite": "rewritten", "overwrite": "overwritten", "take": "taken",
    "bring": "brought", "sell": "sold", "buy": "bought", "pay": "paid", "make": "made", "hold": "held", "hide": "hidden",
    "give": "given", "withdraw": "withdrawn", "undo": "undone", "build": "built", "rebuild": "rebuilt", "tell": "told",
    "freeze": "frozen", "unfreeze": "unfrozen", "let": "let", "cut": "cut", "spin": "spun", "wind": "wound", "tear": "torn",
    "throw": "thrown", "get": "got", "drop": "dropped", "stop": "stopped", "ship": "shipped", "swap": "swapped",
    "tag": "tagged", "flag": "flagged", "log": "logged", "ban": "banned", "plug": "plugged", "unplug": "unplugged",
    "scrap": "scrapped", "wrap": "wrapped", "trim": "trimmed", "strip": "stripped", "rip": "ripped", "pin": "pinned",
    "unpin": "unpinned", "cap": "capped", "map": "mapped", "evict": "evicted", "refer": "referred", "transfer": "transferred",
    "submit": "submitted", "permit": "permitted", "cancel": "cancelled", "label": "labelled", "strike": "struck", "lay": "laid",
    "shrink": "shrunk", "ring": "rung", "wake": "woken", "split": "split", "unsubscribe": "unsubscribed", "bin": "binned",
    "enrol": "enrolled", "expel": "expelled", "zip": "zipped", "rebook": "rebooked", "go": "gone", "unban": "unbanned",
    "hand": "handed", "keep": "kept", "leave": "left", "fly": "flown", "scan": "scanned", "commit": "committed", "fire": "fired",
}  # fmt: skip
_MORE_DONE: Final = """
gone done fixed changed canceled labeled emailed dealt_with sorted_out cleaned cleaned_up notified informed
"""


@lru_cache(maxsize=1)
def every_verb() -> tuple[str, ...]:
    """Return all verbs of change, '_' for a blank."""
    plain = verbs.PLAIN_CHANGES.split() + verbs.NOUN_LIKE_CHANGES.split()
    return tuple(dict.fromkeys([*plain, *ALWAYS.split(), *WITH_OBJECT.split()]))


@lru_cache(maxsize=1)
def done_words() -> str:
    """Return a pattern for something changed: "sent", "switched off"."""
    return verbs.any_of(" ".join([*(_done(one) for one in every_verb()), *_MORE_DONE.split()]))


@lru_cache(maxsize=1)
def known_as_no_order() -> frozenset[str]:
    """Return first words that order nothing, whatever follows them."""
    return frozenset(f"{HARMLESS} {NO_VERBS}".split())


@lru_cache(maxsize=1)
def activities() -> dict[str, str]:
    """Return verbs by their "-ing" form."""
    return {_activity(one): one.replace("_", " ") for one in every_verb()}


def _done(verb: str) -> str:
    first, rest = _parted(verb)
    return _IRREGULAR.get(first, _regular(first)) + rest


def _regular(word: str) -> str:
    if word.endswith("e"):
        return f"{word}d"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ied"
    return f"{word}ed"


def _activity(verb: str) -> str:
    first, rest = _parted(verb)
    done = _IRREGULAR.get(first, _regular(first))
    doubled = done.endswith(f"{first[-1]}{first[-1]}ed") or first in {"run", "rerun", "re-run", "set", "reset", "put", "shut", "let", "cut", "get", "spin", "split"}  # fmt: skip
    if first.endswith("e") and not first.endswith(("ee", "ye")):
        return f"{first[:-1]}ing{rest}".replace("_", " ")
    return f"{first}{first[-1] if doubled else ''}ing{rest}".replace("_", " ")


def _parted(verb: str) -> tuple[str, str]:
    first, _, rest = verb.partition("_")
    return first, f"_{rest}" if rest else ""
