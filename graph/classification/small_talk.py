"""Recognises greetings, thanks and farewells: they are answered without asking any agent."""

import re
from typing import Final

from graph.classification.spelling import fold

_PHRASES: Final = r"""
    hi|hello|hey|hiya|howdy|yo|greetings|good\s+(?:morning|afternoon|evening|day|night)
    |thanks?(?:\s+(?:you|u))?|thank\s+you|thx|ty|cheers|much\s+appreciated|appreciate\s+it|ta
    |great|perfect|awesome|excellent|brilliant|lovely|wonderful|nice(?:\s+(?:one|work|job))?|cool|super|fine
    |ok(?:ay)?|got\s+it|understood|makes\s+sense|i\s+see|right|sure|alright|good|noted|yes|no|nope|yep|yup
    |bye|goodbye|good\s?bye|see\s+you|see\s+ya|later|take\s+care|talk\s+(?:soon|later)|cya
    |that'?s\s+(?:all|it|everything|great|perfect|fine|helpful|enough|what\s+i\s+needed)(?:\s+i\s+needed)?
    |that\s+(?:is|was)\s+(?:all|it|everything|great|helpful|perfect)|that\s+(?:helps|helped|works|will\s+do)
    |(?:no|nothing)\s+(?:more\s+questions|further\s+questions|else)|never\s*mind|nvm|i'?m\s+(?:done|good|fine)
    |you(?:'re|\s+are)\s+(?:great|awesome|the\s+best|welcome|helpful|a\s+(?:star|lifesaver))
    |how\s+are\s+you(?:\s+doing)?|how'?s\s+it\s+going|what'?s\s+up|nice\s+to\s+meet\s+you|how\s+do\s+you\s+do
    |have\s+a\s+(?:good|nice|great|lovely)\s+(?:day|one|evening|weekend|night)|who\s+are\s+you|are\s+you\s+(?:there|a\s+bot|human|real)
    |welcome|lol|haha+|well\s+done|good\s+(?:bot|job|work)|you\s+too|same\s+to\s+you|sorry|my\s+bad|oops
    |hallo|guten\s+(?:tag|morgen|abend)|moin|servus|danke(?:\s+schon)?|vielen\s+dank|tschuss|auf\s+wiedersehen
    |bonjour|salut|bonsoir|merci(?:\s+beaucoup)?|au\s+revoir|hola|buen[oa]s\s+(?:dias|tardes|noches)|(?:muchas\s+)?gracias|adios
    |ciao|buon\s*giorno|buona\s*sera|grazie(?:\s+mille)?|arrivederci|hoi|goedemorgen|goedemiddag|dank\s+(?:je|u)(?:\s+wel)?|bedankt|tot\s+ziens
    |ola|bom\s+dia|boa\s+(?:tarde|noite)|obrigad[oa]|tchau
"""
_PHRASE: Final = re.compile(rf"(?:{_PHRASES})\b", re.VERBOSE)
_FILLER: Final = re.compile(
    r"(?:very|so|really|a\s+lot|a\s+bunch|a\s+million|much|again|there|all|everyone|team|folks|guys|mate|buddy|friend"
    r"|scriptorium|assistant|bot|for\s+(?:now|today|everything|that|this|the\s+(?:help|info|information|answer|quick\s+\w+)|your\s+(?:help|time))"
    r"|your\s+help|from\s+me|and|then|to\s+you|it|that|you|oh|well|just|wanted\s+to\s+say|i|the\s+help|pour\s+tout|por\s+todo|fur\s+alles|today|now|dear)\b"
)


def is_small_talk(question: str) -> bool:
    """Tell whether a message is nothing but politeness."""
    rest = re.sub(r"[^\w\s']+", " ", fold(question)).strip()
    spoken = False
    while rest:
        found = _PHRASE.match(rest)
        spoken = spoken or found is not None
        found = found or _FILLER.match(rest)
        if found is None:
            return False
        rest = rest[found.end() :].strip()
    return spoken
