"""What ELIZA says: keywords, the shapes of sentences that they look for, and the answers.

Written for this project in the manner of Joseph Weizenbaum's script DOCTOR; the rules are our own.
In an answer `{0}` stands for what the pattern's first group found, said from the other side.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

__all__ = ["GREETING", "MEMORIES", "NOTHING_FOUND", "REFLECTIONS", "RULES", "Rule"]


@attrs.frozen
class Rule:
    """Answer sentences of one shape.

    Attributes:
        rank: The rule of the highest rank that fits answers; the first of equals.
        pattern: The shape.
        answers: Taken in turn.
    """

    rank: int
    pattern: re.Pattern[str]
    answers: tuple[str, ...]


def _rule(rank: int, pattern: str, *answers: str) -> Rule:
    return Rule(rank, re.compile(pattern, re.IGNORECASE), answers)


GREETING: Final = "How do you do. Please tell me what is on your mind."

REFLECTIONS: Final = {
    "i": "you",
    "i'm": "you are",
    "i've": "you have",
    "i'd": "you would",
    "i'll": "you will",
    "me": "you",
    "my": "your",
    "mine": "yours",
    "myself": "yourself",
    "am": "are",
    "was": "were",
    "you": "I",
    "you're": "I am",
    "your": "my",
    "yours": "mine",
    "yourself": "myself",
}

RULES: Final = (
    _rule(
        9,
        r"\b(?:computer|machine|program|robot|language model|ai)s?\b",
        "Do machines worry you?",
        "I am a small program with a script, no language model. What makes you bring that up?",
        "What do you think machines have to do with it?",
    ),
    _rule(
        8,
        r"\bi (?:remember|recall) (.+)",
        "Do you often think of {0}?",
        "What does thinking of {0} bring to mind?",
        "Why do you remember {0} just now?",
    ),
    _rule(
        8,
        r"\bi (?:dreamt|dreamed|dream) (?:of |about |that )?(.+)",
        "What does that dream suggest to you: {0}?",
        "Do you dream often?",
        "Who appears in your dreams?",
    ),
    _rule(
        7,
        r"\bif (.+)",
        "Do you think it likely that {0}?",
        "What would you do if {0}?",
        "Do you wish that {0}?",
    ),
    _rule(
        6,
        r"\bi(?: am|'m)(?: so| very| really| a bit)? "
        r"(sad|unhappy|depressed|tired|lonely|afraid|anxious|stressed|sick)\b",
        "I am sorry to hear that you are {0}.",
        "How long have you been {0}?",
        "Do you think that talking will help you not to be {0}?",
    ),
    _rule(
        6,
        r"\bi(?: am|'m)(?: so| very| really)? (happy|glad|better|proud|excited)\b",
        "What made you {0}?",
        "Are you {0} often?",
        "Can you say why you are {0} just now?",
    ),
    _rule(
        5,
        r"\bmy (mother|father|mum|dad|sister|brother|wife|husband|son|daughter|family|parents)\b",
        "Tell me more about your family.",
        "How do you get on with your {0}?",
        "What else comes to mind when you think of your {0}?",
    ),
    _rule(
        5,
        r"\bi (?:need|want|would like|wish for) (?:to )?(.+)",
        "What would it mean to you: {0}?",
        "Why do you want that: {0}?",
        "Suppose you got it soon: {0}. What then?",
    ),
    _rule(
        4,
        r"\bi feel (.+)",
        "Tell me more about feeling {0}.",
        "Do you often feel {0}?",
        "When did you begin to feel {0}?",
    ),
    _rule(
        4,
        r"\bi(?: am|'m) (.+)",
        "Is it because you are {0} that you came to me?",
        "How long have you been {0}?",
        "Do you believe it is normal to be {0}?",
    ),
    _rule(
        4,
        r"\bi (?:can't|cannot|can not) (.+)",
        "How do you know that you cannot {0}?",
        "Have you tried to {0}?",
        "Perhaps you could {0} now.",
    ),
    _rule(
        4,
        r"\bi (?:don't|do not) (.+)",
        "Do you really not {0}?",
        "Do you wish to {0}?",
        "What keeps you from it: to {0}?",
    ),
    _rule(
        3,
        r"\byou are (.+)|\byou're (.+)",
        "What makes you think that I am {0}?",
        "Does it please you to believe that I am {0}?",
    ),
    _rule(
        3,
        r"\bwhy (?:don't|won't|can't) you (.+)",
        "Do you believe that I should {0}?",
        "Perhaps I will {0} in good time.",
    ),
    _rule(
        2,
        r"\bbecause (.+)",
        "Is that the real reason?",
        "What other reasons might there be?",
        "Does that reason explain anything else?",
    ),
    _rule(
        2,
        r"\b(?:always|never|everyone|everybody|nobody|no one)\b",
        "Can you think of an example?",
        "Who in particular are you thinking of?",
        "Really, without exception?",
    ),
    _rule(
        2,
        r"\b(?:sorry|apologi[sz]e)\b",
        "There is no need to apologise.",
        "What feelings do you have when you apologise?",
    ),
    _rule(
        1,
        r"\b(?:hello|hi|hey|good (?:morning|evening|day))\b",
        GREETING,
        "Hello. How are you feeling today?",
    ),
    _rule(
        1,
        r"\b(?:what|how|who|when|where|which|why)\b.*\?",
        "Why do you ask?",
        "What answer would please you most?",
        "What comes to your mind when you ask that?",
    ),
    _rule(1, r"\b(?:yes|yeah|sure)\b", "You seem quite certain.", "I see. Please go on."),
    _rule(
        1, r"\bno\b", "Why not?", "You are being a bit negative.", "Are you saying no on purpose?"
    ),
)

MEMORIES: Final = (
    "Earlier you spoke of your {0}. Does that have to do with this?",
    "Let us come back to your {0}.",
    "But your {0}?",
)

NOTHING_FOUND: Final = (
    "Please go on.",
    "I am not sure I understand you fully.",
    "What does that suggest to you?",
    "Do you feel strongly about discussing such things?",
)
