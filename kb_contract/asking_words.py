"""Words that only ask, and those that tell what about."""

import re
from typing import Final

from kb_contract.sparse_words import Weights, question_weights

# Words that ask; an answer does not repeat them.
_ASKING: Final = re.compile(
    r"\b(?:how|what|when|where|which|who|whom|whose|why|often|many|much|long|must|should|shall|may"
    r"|can|could|would|need|needs|do|does|did|tell|say|says|said|explain|describe|show|give|list"
    r"|please|me|us|i|we|you|my|our|your|mean|means|happen|happens|according|summari[sz]e|use|used"
    # What kind of text or of answer is wanted, not what about.
    r"|rules?|polic(?:y|ies)|procedures?|guidelines?|overview|summary|details?|information|exact(?:ly)?"
    r"|handbooks?|manuals?|guides?|documents?|documentation|docs|chapters?|sections?|according"
    r"|(?:good|bad|best|better|right|wrong|first|main)\s+(?:ideas?|ways?|thing|reasons?|steps?)|ideas?|ways?|reasons?|steps?"
    r"|difference|between|allowed|possible|briefly|quickly)\b",
    re.IGNORECASE,
)


def telling_words(question: str) -> Weights:
    """Return the words that an answer should hold; all of them where every word only asks."""
    return question_weights(_ASKING.sub(" ", question)) or question_weights(question)


def only_asks(text: str) -> bool:
    """Whether no word of a text tells what about."""
    return not question_weights(_ASKING.sub(" ", text))
