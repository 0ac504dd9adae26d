"""Full text: how words are cut, the same for what is stored and for what is asked.

The configuration is PostgreSQL's `simple` in spirit (no stems, no stop words), but the words are cut here: a
server's own parser depends on its locale, splits "C++", and takes a Chinese sentence for one word. Scripts
that do not put spaces between words are cut into overlapping pairs of characters.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections import defaultdict

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
    "\U00020000-\U0003134f"
)
WORD = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+(?:\+\+|[+#](?!\w))?")
IS_UNSPACED = re.compile(rf"[{UNSPACED}]")
#: PostgreSQL's own limits: positions end at 16383 and a term keeps 255 of them.
POSITION_MAX = 16_383
POSITIONS_MAX = 255
TERM_MAX = 64
QUERY_TERMS_MAX = 64
#: English words that a question is made of but that no resume is found by.
NOISE_WORDS = (
    "a an and are as at be by can for from has have i in is it of on or our should that the their they "
    "this to we who will with you"
)
NOISE = frozenset(NOISE_WORDS.split())


def terms(text: str) -> list[str]:
    """The text's terms in order, in lower case; compatibility forms folded."""
    found: list[str] = []
    for word in WORD.findall(unicodedata.normalize("NFKC", text).lower()):
        if IS_UNSPACED.match(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        else:
            found.append(word[:TERM_MAX])
    return found


def tsvector(text: str) -> bytes:
    """The text as a tsvector in PostgreSQL's binary form: each term with its positions."""
    positions: dict[str, list[int]] = defaultdict(list)
    for position, term in enumerate(terms(text), start=1):
        if len(positions[term]) < POSITIONS_MAX and position <= POSITION_MAX:
            positions[term].append(position)
    pieces = [struct.pack("!i", len(positions))]
    for term in sorted(positions):
        places = positions[term]
        pieces.append(term.encode() + b"\0" + struct.pack(f"!H{len(places)}H", len(places), *places))
    return b"".join(pieces)


def tsquery(query: str) -> str | None:
    """Any of the query's terms, as a tsquery literal; None when it has none."""
    asked = list(dict.fromkeys(terms(query)))
    wanted = [term for term in asked if term not in NOISE] or asked
    return " | ".join(f"'{term}'" for term in wanted[:QUERY_TERMS_MAX]) or None
