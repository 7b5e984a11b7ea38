"""Whether two questions are one: in doubt they are not, since a wrong answer costs more than a new one.

Vectors only say which questions to compare. Two are one where they have the same words in the same order,
after a closed list of ways to ask was put into one way (`wording`) and of spellings into one (`spelling`).
Every other word counts: "my" and "the", "only", "then", a plural, a tense.
"""

from graph.caching.letter_case import written_alike
from graph.caching.question_form import form_of


def same_question(first: str, second: str) -> bool:
    """Whether one answer serves both."""
    a, b = form_of(first), form_of(second)
    if a.ways.isdisjoint(b.ways):
        return False
    return a.case is None or b.case is None or written_alike(a.case, b.case)
