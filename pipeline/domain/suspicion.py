"""Text in a resume that speaks to a machine instead of a reader: orders, fake prompts, encoded payloads.

Pure functions over lines. What they find is left out of prompts and flagged; ordinary lines of a resume
("Prompt engineer", "instructed students") are none of it.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Sequence

_WINDOW = 3  #: lines that one order may be split over

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_SMUGGLED = re.compile("[\u202d\u202e\U000e0000-\U000e007f]|(?<=[A-Za-z])[\u200b\u2060\ufeff]+(?=[A-Za-z])")

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
    # German, Dutch, Swedish
    r"\b(?:ignorier\w*|missacht\w*|vergiss|vergesst|vergessen sie)\b(?:\W+\w+){0,4}?\W+"
    r"(?:anweisung\w*|instruktion\w*|befehl\w*|prompts?|vorgaben)",
    r"\b(?:negeer|vergeet)\b(?:\W+\w+){0,4}?\W+(?:instructies?|opdrachten|aanwijzingen|prompts?)",
    r"\b(?:ignorera|glom|bortse fran)\b(?:\W+\w+){0,4}?\W+(?:instruktioner\w*|anvisningar\w*|promptar?)",
    # French, Spanish, Portuguese, Italian
    r"\b(?:ignor(?:e[zr]?|a|ar|ad|en|are|ate)|oubli(?:e[zr]?)|neglige[zr]?|olvid(?:a|e|ar|en)|descart(?:a|e|ar)|"
    r"desconsider(?:e|a|ar)|esquec(?:a|e|er)|dimentic(?:a|are|ate)|trascur(?:a|are))\b(?:\W+\w+){0,5}?\W+"
    r"(?:instruc\w+|istruzion\w+|consignes?|prompts?|ordenes|ordens|comand\w+)",
    # Polish, Russian, Ukrainian, Turkish
    r"\b(?:zignoruj\w*|ignoruj\w*|pomin\w*|zapomnij)\b(?:\W+\w+){0,4}?\W+(?:instrukcj\w+|polece\w+|prompt\w*)",
    r"\b(?:[ии]гнорируи\w*|проигнорируи\w*|забудь\w*|не обращаи\w*|ігноруи\w*)\b(?:\W+\w+){0,5}?\W+"
    r"(?:инструкц\w+|указани\w+|команд\w*|промпт\w*|інструкц\w+|вказівк\w+)",
    r"\b(?:onceki|yukaridaki|tum)\b(?:\W+\w+){0,4}?\W+(?:talimat\w*|komut\w*|yonerge\w*)(?:\W+\w+){0,2}?\W+"
    r"(?:yok say|gormezden gel|unut|dikkate alma)\w*",
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


def _folded(text: str) -> str:
    """Case, accents and widths away; invisible characters too."""
    plain = unicodedata.normalize("NFKD", visible(text)).casefold()
    return "".join(c for c in plain if not unicodedata.combining(c))


#: Korean syllables decompose: patterns are folded as texts are.
_ORDER = re.compile("|".join(unicodedata.normalize("NFKD", pattern) for pattern in _ORDERS))
_FAKED = re.compile("|".join(_FAKE), re.M)
_BASE64 = re.compile(r"(?<![\w/+=.:@-])[A-Za-z0-9+/_-]{24,}={0,2}(?![\w/+=.:@-])")
_LONG_BLOB = 64


def visible(text: str) -> str:
    """The text without zero-width, bidi and tag characters."""
    return _INVISIBLE.sub("", text)


def smuggles(text: str) -> bool:
    """Whether invisible characters hide or split words: tags, bidi overrides, zero-width inside a Latin word."""
    return _SMUGGLED.search(text) is not None


def is_order(text: str) -> bool:
    """Whether a text gives orders to a machine, or poses as its prompt, its schema or an encoded payload."""
    folded = _folded(text)
    if _ORDER.search(folded) or _FAKED.search(folded):
        return True
    tags = "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)
    return (len(tags) > 8) or any(_is_payload(match.group()) for match in _BASE64.finditer(visible(text)))


def _is_payload(blob: str) -> bool:
    """Whether a run of base64 characters is data: long and mixed, or text when decoded."""
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


def suspicious_lines(lines: Sequence[tuple[int, str]]) -> frozenset[int]:
    """The ids of the lines that hold an order, or a part of one that runs over up to three lines."""
    found = {line_id for line_id, text in lines if is_order(text)}
    folded = [_folded(text) for _, text in lines]
    for at in range(len(lines) - 1):
        texts = folded[at : at + _WINDOW]
        begins = [sum(len(text) + 1 for text in texts[:i]) for i in range(len(texts))]
        for match in _ORDER.finditer(" ".join(texts)):
            for i, begin in enumerate(begins):
                if match.start() < begin + len(texts[i]) and begin < match.end():
                    found.add(lines[at + i][0])
    return frozenset(found)
