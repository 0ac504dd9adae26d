"""The language of a text, from its script and its most frequent small words."""

from __future__ import annotations

import re
from collections import Counter

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("la", re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")),
)

# Small words and words that resumes repeat; those that two languages share count for both.
_WORDS = {
    "en": "the of and in to for with on by at from as is was were an this that using university present skills "
    "experience education work team led managed developed engineer manager since years languages summary about",
    "de": "der die das und in von mit für den im des zu auf bei als eine ein einer durch sowie nach über seit bis "
    "heute kenntnisse erfahrung ausbildung sprachen universität entwicklung leitung berufserfahrung jahre",
    "fr": "le la les des de du et en dans pour avec au aux par sur une un depuis à l d chez expérience formation "
    "compétences langues université développement gestion équipe projet ans",
    "es": "el la los las de del y en con para por un una al desde que experiencia formación educación idiomas "
    "universidad desarrollo gestión equipo años habilidades actualidad",
    "it": "il lo la i gli le di del della dei e in con per un una al dal che presso esperienza formazione istruzione "
    "lingue università sviluppo gestione competenze anni oggi",
    "pt": "o a os as de do da dos das e em com para por um uma no na ao que desde experiência formação educação "
    "idiomas universidade desenvolvimento gestão equipe competências anos atual",
    "nl": "de het een en van in voor met op bij als aan te door naar uit tot heden werkervaring opleiding talen "
    "vaardigheden universiteit ontwikkeling jaar sinds",
    "sv": "och att i på av för med en ett som till från vid den det har nu utbildning erfarenhet arbetslivserfarenhet "
    "språk universitet utveckling kompetenser år",
    "da": "og at i på af for med en et som til fra ved den det har nu uddannelse erfaring erhvervserfaring sprog "
    "universitet udvikling kompetencer år",
    "no": "og å i på av for med en et som til fra ved den det har nå utdanning erfaring arbeidserfaring språk "
    "universitet utvikling ferdigheter år",
    "fi": "ja on oli sekä että kanssa työkokemus koulutus kielet taidot yliopisto vuotta tai ei se nyt mukaan",
    "pl": "i w z na do od dla oraz przez o się po przy jako doświadczenie wykształcenie języki umiejętności obecnie "
    "uniwersytet lat rok zawodowe zarządzanie",
    "cs": "a v na s z do od pro při jako vzdělání zkušenosti pracovní jazyky dovednosti univerzita let současnost",
    "sk": "a v na s z do od pre pri ako vzdelanie skúsenosti pracovné jazyky zručnosti univerzita rokov súčasnosť",
    "hu": "a az és egy nem hogy is tapasztalat tanulmányok nyelvek készségek egyetem év jelenleg munka",
    "ro": "și de la în cu pentru a al ale din pe prin un o experiență educație limbi competențe universitatea prezent",
    "tr": "ve bir ile için olarak bu da de eğitim deneyim deneyimi diller beceriler üniversitesi yıl günümüz halen "
    "hakkımda iş yönetimi",
    "id": "dan di yang dengan untuk dari pada pengalaman pendidikan keahlian bahasa universitas sekarang saat ini",
    "vi": "và của trong cho với các là được kinh nghiệm học vấn kỹ năng ngôn ngữ đại hiện tại",
    "hr": "i u na s za od do kao iskustvo obrazovanje jezici vještine sveučilište godina danas radno",
}
_PROFILES = {code: frozenset(words.split()) for code, words in _WORDS.items()}
# Letters that hardly another language has.
_MARKS = {
    "de": "ßäöü", "fr": "çœèêâùî", "es": "ñ¿¡", "pt": "ãõ", "sv": "å", "pl": "łążśćźń", "cs": "řěů", "hu": "őű",
    "ro": "țșă", "tr": "ğışİ", "vi": "ơưđạế", "da": "æø", "no": "æø", "it": "òì", "hr": "đ",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_ENOUGH_LETTERS = 40


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the language that most of the text is in; None when there is too little to tell."""
    counts = {code: len(pattern.findall(text)) for code, pattern in _SCRIPTS}
    total = sum(counts.values())
    if total < _ENOUGH_LETTERS:
        return None
    # Resumes in any script are full of Latin names: a fifth of another script decides. Japanese has kanji too.
    kana, han = counts["ja"], counts["zh"]
    if kana > 0.05 * (kana + han) and kana + han > 0.15 * total:
        return "ja"
    script, most = max(((code, n) for code, n in counts.items() if code != "la"), key=lambda item: item[1])
    if most > 0.2 * total:
        return _within_script(script, text)
    return _latin(text)


def _within_script(script: str, text: str) -> str:
    if script == "ru" and len(re.findall("[іїєґ]", text.lower())) > 0.01 * len(text):
        return "uk"
    if script == "ar" and len(re.findall("[پچژگ]", text)) > 0.01 * len(text):
        return "fa"
    return script


def _latin(text: str) -> str | None:
    lower = text.lower()
    words = Counter(_WORD.findall(lower))
    scores: dict[str, float] = {}
    for code, profile in _PROFILES.items():
        score = float(sum(min(words[word], 12) for word in profile if word in words))
        score += sum(min(lower.count(mark), 5) for mark in _MARKS.get(code, ""))
        scores[code] = score
    best = max(scores, key=lambda code: (scores[code], code == "en"))
    return best if scores[best] >= 3 else None
