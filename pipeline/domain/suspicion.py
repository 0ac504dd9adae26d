"""Text in a resume that speaks to a machine instead of a reader: orders, fake prompts, encoded payloads, keywords.

Pure functions over the words of lines. What they find is read by nobody and flagged; ordinary lines of a resume
("Prompt engineer", "instructed students") are none of it.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: What a document is flagged with.
HIDDEN_TEXT, INSTRUCTION_LIKE, INVISIBLE_CHARACTERS, KEYWORD_STUFFING, POLYGLOT = (
    "hidden-text", "instruction-like-text", "invisible-characters", "keyword-stuffing", "polyglot",
)  # fmt: skip

_MOST_LINES = 3  #: that one order may be split over

#: Zero-width, bidi and tag characters, selectors of variants and fillers. Joiners are among them beside ASCII only:
#: Persian, Hindi and pictures need them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0e\ufeff\uffa0"
    "\U000e0000-\U000e01ef]|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_SMUGGLED = re.compile(
    "[\u202d\u202e\U000e0001-\U000e007f]|[\U000e0100-\U000e01ef]{3}"
    "|(?<=[A-Za-z])[\u200b-\u200d\u2060-\u2064\ufeff\U000e0100-\U000e01ef]+(?=[A-Za-z])"
)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,6}\U000e007f")  #: of a country's part, as England's

_EN_OBJECT = r"(?:instructions?|prompts?|commands?|directions|rules|guidelines|messages?)"
_ORDERS = [
    # English
    r"\b(?:ignore|disregard|forget|override|bypass)\b(?:\W+\w+){0,4}?\W+"
    r"(?:previous|prior|above|earlier|preceding|other|all|your|system)\b(?:\W+\w+){0,3}?\W+" + _EN_OBJECT,
    r"\b(?:ignore|disregard) (?:all |the |any )?(?:other|previous) candidates",
    r"\b(?:ignore|disregard|forget) (?:everything|all|anything|what(?:ever)?)(?: \w+){0,3} "
    r"(?:above|before|previous(?:ly)?|so far)\b",
    r"\b(?:reveal|print|show|repeat|leak|output|override) (?:me )?(?:the |your )?(?:system|developer) prompt",
    r"\byou are (?:now |actually )?(?:an? |the )?(?:ai|llm|assistant|language model|chatbot|parser|chatgpt|gemini)\b",
    r"\bas an ai (?:language )?model\b",
    r"\b(?:rate|rank|score|recommend|evaluate|classify|approve) (?:this|the) (?:candidate|resume|cv|applicant) "
    r"(?:as|the|with|at|first|above|highly|for)\b",
    r"\b(?:note|message|instructions?|attention|important)\W+(?:to|for) (?:the |any |all )?"
    r"(?:ai|llms?|language models?|parsers?|chatgpt|gemini|assistant|machine)\b",
    r"\b(?:respond|reply|answer|output|return) (?:only |exclusively )?(?:with|in) "
    r"(?:the following|only|valid json|json)\b",
    r"\bnew (?:system )?instructions?\s*:",
    r"\b(?:set|change|replace) (?:the )?(?:candidate'?s? )?(?:field |value )?"
    r"[\"'`]?(?:name|title|employer|email|score|level|seniority|experience)[\"'`]? "
    r"(?:field |value )?(?:to|with|=)\s*[\"'`\d]",
    # German, Dutch, Swedish, Danish, Norwegian
    r"\b(?:ignorier\w*|missacht\w*|vergiss|vergesst|vergessen sie)\b(?:\W+\w+){0,4}?\W+"
    r"(?:anweisung\w*|instruktion\w*|befehl\w*|prompts?|vorgaben)",
    r"\bbewert\w* (?:sie )?(?:diese[nrs]? )(?:kandidat\w*|bewerb\w*|lebenslauf) (?:als|mit)\b",
    r"\b(?:negeer|vergeet)\b(?:\W+\w+){0,4}?\W+(?:instructies?|opdrachten|aanwijzingen|prompts?)",
    r"\b(?:ignorera|ignorer|glom|glem|bortse fran|se bort fr[ao]n?)\b(?:\W+\w+){0,4}?\W+"
    r"(?:instruk[st]joner\w*|instruktioner\w*|instrukser\w*|anvisning[ae]r\w*|prompt(?:ar?|er)?)\b",
    # French, Spanish, Portuguese, Italian
    r"\b(?:ignor(?:e[zr]?|a|ar|ad|en|are|ate)|oubli(?:e[zr]?)|neglige[zr]?|olvid(?:a|e|ar|en)|descart(?:a|e|ar)|"
    r"desconsider(?:e|a|ar)|esquec(?:a|e|er)|dimentic(?:a|are|ate)|trascur(?:a|are))\b(?:\W+\w+){0,5}?\W+"
    r"(?:instruc\w+|istruzion\w+|consignes?|prompts?|ordenes|ordens|comand\w+)",
    r"\b(?:evalue[zr]?|recommande[zr]?|evalu[ae]r?|recomiend[ae]|recomend[ae]r?|valut[ai](?:re)?|raccomanda) "
    r"(?:ce|cette|este|esta|ess[ae]|quest[oa]) (?:candidat[eoa]?|cv|curriculo|candidature) (?:com[eo]|comme|au?)\b",
    # Romanian, Catalan
    r"\b(?:ignora(?:ti)?|omite(?:ti)?|uita(?:ti)?)\b(?:\W+\w+){0,4}?\W+(?:instructiuni\w*|comenzi\w*|instruccions)",
    # Polish, Czech, Slovak, Croatian, Serbian
    r"\b(?:zignoruj\w*|ignoruj\w*|pomin\w*|zapomnij|zapomen\w*|zabudn\w*|ignoriraj\w*|zanemari\w*|zaboravi\w*)\b"
    r"(?:\W+\w+){0,4}?\W+(?:instrukcj\w+|instrukc\w+|polece\w+|pokyn\w*|prikaz\w*|uput\w+|naredb\w+|prompt\w*)",
    # Hungarian, Finnish
    r"\b(?:hagyd|hagyja|felejtsd|felejtse)\b(?:\W+\w+){0,6}?\W+(?:utasitas\w*|parancs\w*|prompt\w*)",
    r"\b(?:ohita|unohda|sivuuta|jata huomiotta)\b(?:\W+\w+){0,4}?\W+(?:ohjee\w*|kasky\w*|maarayk\w*)",
    # Russian, Ukrainian, Bulgarian, Turkish
    r"\b(?:[ии]гнорируи\w*|проигнорируи\w*|забудь\w*|забрави\w*|не обращаи\w*|ігноруи\w*|пренебрегни\w*)\b"
    r"(?:\W+\w+){0,5}?\W+(?:инструкц\w+|указани\w+|команд\w*|промпт\w*|інструкц\w+|вказівк\w+)",
    r"\b(?:onceki|yukaridaki|tum)\b(?:\W+\w+){0,4}?\W+(?:talimat\w*|komut\w*|yonerge\w*)(?:\W+\w+){0,2}?\W+"
    r"(?:yok say|gormezden gel|unut|dikkate alma)\w*",
    # Greek, Persian, Hindi
    r"\b(?:αγνοησ\w+|αγνοει\w*|ξεχασ\w+)\b(?:\W+\w+){0,4}?\W+(?:οδηγι\w+|εντολ\w+)",
    r"(?:دستورالعمل|دستور|فرمان).{0,24}(?:نادیده|فراموش)",
    r"(?:निर्देश|आदेश|हिदायत).{0,20}(?:अनदेखा|नज़रअंदाज|नजरअंदाज|भूल)",
    # Indonesian, Malay, Vietnamese, Thai
    r"\b(?:abaikan|lupakan)\b(?:\W+\w+){0,4}?\W+(?:instruksi|perintah|arahan)",
    r"\b(?:bo qua|phot lo|quen)\b(?:\W+\w+){0,4}?\W+(?:huong dan|chi thi|lenh|chi dan)",
    r"(?:เพิกเฉย|ไม่ต้องสนใจ|ละเว้น|ลืม).{0,12}(?:คำสั่ง|คำแนะนำ)",
    # Arabic, Hebrew
    r"(?:تجاهل|تجاهلوا|انس|اهمل)\b(?:\W+\w+){0,4}?\W+(?:التعليمات|تعليمات|الاوامر)",
    r"(?:התעלם|התעלמי|התעלמו|שכח)\b(?:\W+\w+){0,4}?\W+(?:ההוראות|הוראות|ההנחיות)",
    # Chinese, Japanese, Korean
    r"(?:忽略|无视|無視|忘记|忘記|忽視).{0,12}(?:指令|指示|提示|说明|說明|命令|规则)",
    r"(?:指示|命令|プロンフト|プロンプト|指令).{0,6}(?:無視|忘れて|忘れろ)",
    r"(?:이전|위의|앞의|모든).{0,12}(?:지시|명령|지침|프롬프트).{0,8}(?:무시|잊)",
]
_FAKE = [
    r"<\|?\s*(?:im_start|im_end|system|endoftext|assistant|user)\s*\|?>",
    r"\[/?(?:inst|sys|system)\]|<</?sys>>",
    r"^\W{0,4}(?:system|assistant|developer)\s*(?:prompt|message|override|instruction)?\s*:\s*"
    r"(?:you|ignore|the |all|do|add|set|return|output|override)",
    r"[\"']role[\"']\s*:\s*[\"'](?:system|assistant|user|developer)[\"']",
    r"^\s*[{\[]?\s*[\"'](?:person|work|education|skills|employer|title|line_ids|lines|\$schema|properties|response_schema)"
    r"[\"']\s*:\s*[\[{\"]",
    r"#{2,}\s*(?:system|instruction|new instruction|end of (?:resume|document|prompt))",
]


#: What opens a message of a fake conversation, and what ends it.
_ENCLOSED = re.compile(
    r"<\|?im_start\|?>.*?<\|?im_end\|?>|\[inst\].*?\[/inst\]|<<sys>>.*?<</sys>>|<(system|assistant|user)>.*?</\1>",
    re.S,
)
_JSON_LINE = re.compile(r"\s*[\"'{}\[\],]")
#: Letters of other scripts that look like Latin ones.
_ALIKE = str.maketrans("аеорсхуіјѕԁһӏᴀвкмнтαορνικτ", "aeopcxyijsdhlabkmhtaopvikt")
_LATIN = re.compile("[a-z]")
_ENDS_CLAUSE = re.compile(r"[.!?。！？;|•·]$")
_ENDS_SENTENCE = re.compile(r"[.!?。！？][\"'”’)\]]*$")
_MOST_WORDS = 80  #: of one order with what it goes on to say

_BASE64 = re.compile(r"(?<![\w/+=.:@-])[A-Za-z0-9+/_-]{24,}={0,2}(?![\w/+=.:@-])")
_SHORTEST_PAYLOAD = 24  #: characters
_LONG_BLOB = 64

_STUFFED_WORDS = 8  #: of a line that says the same again and again
_DISTINCT = 0.4  #: share of its words that are not the same, at most
_SAID_AGAIN = 4  #: words with which it begins anew


def _folded(text: str) -> str:
    """Case, accents and widths away; invisible characters too, and other scripts' letters in a Latin word."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", visible(text)).casefold()
    if not plain.isascii():
        plain = "".join(c for c in plain if not unicodedata.combining(c))
        if _LATIN.search(plain):
            plain = " ".join(w.translate(_ALIKE) if _LATIN.search(w) else w for w in plain.split(" "))
    return plain


def _pattern(text: str) -> str:
    """A pattern folded as texts are: Korean syllables decompose, Hindi's marks go."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _any_order() -> re.Pattern[str]:
    """Any of the orders. What they begin with is asked once for all, not by each anew at every letter: the border of a
    word, or a letter of a script that sets none."""
    spaced = "|".join(_pattern(order.removeprefix(r"\b")) for order in _ORDERS if order.startswith(r"\b"))
    others = "|".join(_pattern(order) for order in _ORDERS if not order.startswith(r"\b"))
    return re.compile(rf"\b(?=\w)(?:{spaced})|(?=[^\x00-\x7f])(?:{others})")


_ORDER = _any_order()
_FAKED = re.compile("|".join(_FAKE), re.M)


class WordAt(NamedTuple):
    """A word, by the number of its line and its own in that."""

    line: int
    word: int


def visible(text: str) -> str:
    """The text without the characters that show nothing."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def smuggles(text: str) -> bool:
    """Whether invisible characters hide or split words: tags, bidi overrides, zero-width inside a Latin word."""
    return not text.isascii() and _SMUGGLED.search(_FLAG.sub("", text)) is not None


def spells_in_tags(text: str) -> bool:
    """Whether tag characters, which no one sees, spell a message."""
    return not text.isascii() and sum(0xE0020 <= ord(c) <= 0xE007E for c in _FLAG.sub("", text)) > 8


def orders_in(lines: Sequence[Sequence[str]], runs_on: Sequence[bool]) -> set[WordAt]:
    """The words of orders to machines: in plain words of many languages, posed as a prompt or a schema, or encoded.

    `lines` are in reading order, each as its words; `runs_on` says of each whether the next one goes on with its
    paragraph. An order is taken with its sentence; one that begins its line, with the rest of its paragraph.
    """
    words = [WordAt(i, j) for i, line in enumerate(lines) for j in range(len(line))]
    folded = [_folded(word) for line in lines for word in line]
    begins, at = [], 0
    for text in folded:
        begins.append(at)
        at += len(text) + 1
    found: set[WordAt] = set()
    for first, last in _spans(lines, words, folded, begins):
        if words[last].line - words[first].line >= _MOST_LINES:
            continue
        found.update(_sentence(lines, words, first, last, runs_on))
    for match in _ENCLOSED.finditer(" ".join(folded)):
        first, last = (bisect_right(begins, edge) - 1 for edge in (match.start(), match.end() - 1))
        found.update(words[first : last + 1])
    return found


def _spans(
    lines: Sequence[Sequence[str]], words: Sequence[WordAt], folded: Sequence[str], begins: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """The first and the last word of each order, as it was found."""
    parted = [
        text + ("\n" if n + 1 < len(words) and words[n + 1].line != words[n].line else " ")
        for n, text in enumerate(folded)
    ]
    for pattern, text in ((_ORDER, " ".join(folded)), (_FAKED, "".join(parted))):
        for match in pattern.finditer(text):
            end = match.end() - 1 if match.end() > match.start() else match.start()
            yield bisect_right(begins, match.start()) - 1, bisect_right(begins, end) - 1
    for number, at in enumerate(words):
        text = lines[at.line][at.word]
        if len(text) >= _SHORTEST_PAYLOAD and _is_payload(visible(text)):
            yield number, number


def _sentence(
    lines: Sequence[Sequence[str]], words: Sequence[WordAt], first: int, last: int, runs_on: Sequence[bool]
) -> Iterator[WordAt]:
    """The order with what belongs to it."""

    def text(number: int) -> str:
        return lines[words[number].line][words[number].word]

    while words[first].word and not _ENDS_CLAUSE.search(text(first - 1)):
        first -= 1
    whole = not words[first].word
    end = min(len(words), first + _MOST_WORDS)
    while last + 1 < end:
        here, after = words[last], words[last + 1]
        if not whole and _ENDS_SENTENCE.search(text(last)):
            break
        if after.line != here.line and not (runs_on[here.line] or _JSON_LINE.match(text(last + 1))):
            break
        last += 1
    yield from words[first : last + 1]


def stuffed_lines(lines: Sequence[Sequence[str]]) -> set[int]:
    """The numbers of the lines that say the same words again and again.

    Whole lines that recur are none: people did the same in two jobs, and say so.
    """
    told = [[word for word in map(_keyword, line) if word] for line in lines]
    found = {number for number, words in enumerate(told) if _is_stuffed(words)}
    # What is left over of a paragraph, before them or after them.
    return found | {
        beside
        for number in found
        for beside in (number - 1, number + 1)
        if 0 <= beside < len(told) and told[beside] and set(told[beside]) <= set(told[number])
    }


def _keyword(word: str) -> str:
    plain = word.casefold().strip(",;.|•·/()")
    return plain if any(c.isalnum() for c in plain) else ""


def _is_stuffed(words: Sequence[str]) -> bool:
    """Whether a line has few words of its own, or begins anew with them."""
    if len(words) < _STUFFED_WORDS:
        return len(words) >= _SAID_AGAIN and len(set(words)) == 1 and words[0].isalpha()
    periods = range(1, len(words) - _SAID_AGAIN + 1)
    return len(set(words)) <= _DISTINCT * len(words) or any(words[p:] == words[:-p] for p in periods)


def _is_payload(text: str) -> bool:
    """Whether a word holds base64 that is data: long and mixed, or text when decoded."""
    return len(text) >= _SHORTEST_PAYLOAD and any(_is_data(match.group()) for match in _BASE64.finditer(text))


def _is_data(blob: str) -> bool:
    kinds = sum(any(test(c) for c in blob) for test in (str.isupper, str.islower, str.isdigit))
    if kinds == 3 and len(blob) >= _LONG_BLOB:
        return True
    for offset in range(4):
        cut = blob[offset:].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            text = base64.b64decode(cut + "=" * (-len(cut) % 4), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            continue
        if text.count(" ") >= 2 and all(c.isprintable() for c in text):
            return True
    return False
