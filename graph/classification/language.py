"""Guesses the language of a question by its small words; English unless another one is plain."""

import re
from typing import Final

from graph.classification.spelling import fold

_WORDS: Final = {
    "en": "the a an of is are was were do does did what which who when where why how in on for to and or i we you it my our this that there any can could would should have has with from at by not please me",
    "de": "der die das den dem des ein eine einen ist sind war wird wie was wer wann wo warum welche welcher welches und oder ich wir sie es mein unser nicht mit von zu im am auf fur bei uber hat haben gibt kann bitte beiden zwischen laut alle wieso zum zur vom",
    "fr": "l d qu le la les un une des du de est sont quel quelle quels quelles qui que quand ou comment pourquoi combien et je nous vous il elle mon notre dans sur pour avec pas au aux dit selon entre sont-elles ce cette",
    "es": "el la los las un una del de es son que cual cuales quien cuando donde como por cuanto cuantos cuantas y yo nosotros en con para no hay segun entre se al tiene tienen mi nuestro todos",
    "it": "il lo la i gli le un una del della dei delle di e sono che cosa quale quali chi quando dove come perche quanto quanti quante ha in con per non ci nel nella al secondo tra fra se mi nostro",
    "nl": "de het een van is zijn was wat wie wanneer waar waarom hoe welke welk en ik wij we je u niet met voor op in aan bij er volgens tussen twee onze mijn naar uit kan wordt zit staan staat",
    "pt": "o a os as um uma do da dos das de e sao que qual quais quem quando onde como por porque quanto quantos quantas em no na com para nao ha segundo entre se meu nosso ao tem existem esta",
}  # fmt: skip
SMALL_WORDS: Final = {code: frozenset(words.split()) for code, words in _WORDS.items()}
_MARKS: Final = {"ß": "de", "¿": "es", "ñ": "es", "ã": "pt", "õ": "pt", "ç": "fr", "œ": "fr", "ê": "fr", "ä": "de", "ü": "de", "ö": "de", "è": "fr", "ò": "it", "ì": "it", "ù": "it"}  # fmt: skip


_ENGLISH_ONLY: Final = SMALL_WORDS["en"].difference(
    *(known for code, known in SMALL_WORDS.items() if code != "en")
)
UNSURE: Final = "xx"


def language_of(question: str) -> str:
    """Return a two-letter code, or 'xx' when the few small words would fit several."""
    words = re.findall(r"[a-z']+", fold(question).replace("'", " "))
    scores = {
        code: sum(word in known for word in words) + 0.0 for code, known in SMALL_WORDS.items()
    }
    for mark, code in _MARKS.items():
        scores[code] += 0.6 * (mark in question.lower())
    best = max(scores, key=lambda code: scores[code])
    # "per", "de" and the like stand in English too: one small word among many is not enough.
    plain = scores[best] >= min(2.0, 0.25 * len(words)) and scores[best] > scores["en"]
    if plain:
        return best
    foreign = max(score for code, score in scores.items() if code != "en")
    return (
        UNSURE if foreign and scores["en"] < 2 and not _ENGLISH_ONLY.intersection(words) else "en"
    )
