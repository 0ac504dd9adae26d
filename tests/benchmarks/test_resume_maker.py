"""The resume maker: what its users rely on."""

import json
import re
from pathlib import Path

import pypdfium2
import pytest

from benchmarks.resume_maker import (
    LAYOUTS,
    STYLES,
    Made,
    iter_resumes,
    library,
    locales,
    make_resume,
    occupations,
    samples,
)
from benchmarks.resume_maker.scans import LEVELS, scan

SAMPLES = Path(__file__).parents[2] / "samples"


def letters(text: str) -> str:
    """Letters and digits only, in lower case, with one i for Turkish."""
    return re.sub(r"[\W_]", "", text.casefold()).replace("ı", "i")


def read_in(page: pypdfium2.PdfTextPage, bbox: list[float]) -> str:
    """What PDFium reads inside a box of 0-1 from the top left, a point wider on each side."""
    width, height = page.page.get_size()
    text = page.get_text_bounded(
        left=bbox[0] * width - 1,
        right=bbox[2] * width + 1,
        top=height * (1 - bbox[1]) + 1,
        bottom=height * (1 - bbox[3]) - 1,
    )
    return letters(text)


def misread(made: Made) -> list[str]:
    """The words whose box PDFium does not find them in."""
    document = pypdfium2.PdfDocument(made.pdf)
    pages = [page.get_textpage() for page in document]
    return [
        w["text"] for w in made.words if letters(w["text"]) not in read_in(pages[w["page"] - 1], w["bbox"])
    ]


@pytest.fixture(scope="module")
def many() -> list[Made]:
    """Resumes of every kind."""
    return list(iter_resumes(80, seed=5))


@pytest.fixture(scope="module")
def committed() -> dict[str, Made]:
    """The samples, made anew."""
    return samples.made_samples()


def test_same_arguments_give_same_bytes():
    """A test may name a resume by its arguments alone."""
    first, second = (make_resume(7, "timeline", "modern", "de", "electrician") for _ in range(2))
    assert first.pdf == second.pdf
    assert first.truth == second.truth
    assert first.words == second.words


def test_other_seeds_give_other_documents(many: list[Made]):
    """A benchmark of n documents has n different ones, and n case ids."""
    assert len({m.pdf for m in many}) == len(many)
    assert len({m.truth["case_id"] for m in many}) == len(many)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_words_lie_where_pdfium_reads_them(layout: str):
    """The boxes are the true ones in every layout."""
    for seed, style in enumerate(STYLES[:4]):
        made = make_resume(seed, layout, style, "en-GB", "nurse")
        assert misread(made) == []


@pytest.mark.parametrize("locale", locales())
def test_words_of_every_locale_are_readable(locale: str):
    """No letter of a locale is missing from the fonts."""
    lang = library.locale(locale)["lang"]
    for number, occupation in enumerate(sorted(occupations(lang))[:3]):
        assert misread(make_resume(number, "single", STYLES[number], locale, occupation)) == []


def test_every_word_is_on_the_page(many: list[Made]):
    """Boxes stay inside the page: nothing runs over an edge."""
    for made in many:
        for word in made.words:
            x0, y0, x1, y1 = word["bbox"]
            assert 0 <= x0 < x1 <= 1, (made.truth["case_id"], word)
            assert 0 <= y0 < y1 <= 1, (made.truth["case_id"], word)
            assert 1 <= word["page"] <= made.truth["pages"]


def values(truth: dict) -> list[str]:
    """The printed texts of a truth: name, phone, employers, titles, schools, degrees, skills."""
    found = [truth["name"], *truth.get("skills", []), truth.get("phone", "")]
    found += [e[k] for e in truth.get("work", []) for k in ("company", "title")]
    return found + [e[k] for e in truth.get("education", []) for k in ("institution", "degree")]


def test_truth_is_printed(many: list[Made]):
    """Each word of a value in the truth is among the words drawn."""
    for made in many:
        drawn = {letters(w["text"]) for w in made.words}
        missing = [
            p for v in values(made.truth["truth"]) for p in v.split() if letters(p) not in drawn | {""}
        ]
        assert not missing, (made.truth["case_id"], missing)


def test_years_of_the_truth_are_printed(many: list[Made]):
    """Every date of the truth can be read from the page, with its century or without."""
    for made in many:
        text = " ".join(w["text"] for w in made.words)
        for entry in made.truth["truth"].get("work", []):
            for year in (entry["start"][:4], entry["end"][:4]):
                assert year == "pres" or year[2:] in text, (made.truth["case_id"], entry)


@pytest.mark.parametrize("level", LEVELS)
def test_a_scan_has_no_text_but_knows_its_words(level: str):
    """OCR is tested on pictures whose words and boxes are known."""
    made = make_resume(3, "single", "modern", "en-GB", "chef")
    scanned = scan(made, level)
    document = pypdfium2.PdfDocument(scanned.pdf)
    assert len(document) == made.truth["pages"]
    assert document[0].get_textpage().get_text_range() == ""
    assert [w["text"] for w in scanned.words] == [w["text"] for w in made.words]
    assert scanned.truth["truth"] == made.truth["truth"]


def test_boxes_of_a_tilted_scan_lie_on_ink():
    """Each word's box on the turned page holds dark dots."""
    scanned = scan(make_resume(4, "table", "plain", "en-GB", "chef"), "phone", seed=2)
    page = pypdfium2.PdfDocument(scanned.pdf)[0].render(scale=2, grayscale=True).to_numpy().squeeze()
    for word in scanned.words:
        x0, y0, x1, y1 = word["bbox"]
        height, width = page.shape
        cell = page[int(y0 * height) : int(y1 * height) + 1, int(x0 * width) : int(x1 * width) + 1]
        assert int(cell.max()) - int(cell.min()) > 60, word


def test_unknown_arguments_are_named():
    """A wrong name is refused with the names that exist."""
    with pytest.raises(ValueError, match="unknown layout 'spiral'"):
        make_resume(1, "spiral", "plain", "de", "nurse")
    with pytest.raises(ValueError, match="'astronaut' is not written in de"):
        make_resume(1, "single", "plain", "de", "astronaut")


def test_arguments_of_iter_resumes_can_be_fixed():
    """A benchmark may ask for one layout only."""
    assert {m.truth["layout"] for m in iter_resumes(5, seed=1, layout="table")} == {"table"}


def test_samples_are_what_the_maker_makes():
    """`python -m benchmarks.resume_maker --samples samples` changes nothing but pictures that PDFium drew."""
    stale = [n for n, data in samples.files().items() if (SAMPLES / n).read_bytes() != data]
    assert stale == []


def test_samples_cover_what_readers_meet(committed: dict[str, Made]):
    """Three pages, a side bar, a table, two columns, four languages."""
    truths = [m.truth for m in committed.values()]
    assert max(t["pages"] for t in truths) >= 3
    assert {t["lang"] for t in truths} >= {"en", "de", "fr", "es"}
    assert {t["layout"] for t in truths} >= {
        "single",
        "sidebar_left",
        "table",
        "academic",
        "minimal",
        "newspaper",
    }
    assert len({t["truth"]["name"] for t in truths}) == len(truths)


def test_searches_name_samples_and_quote_none_of_them(committed: dict[str, Made]):
    """A query finds its sample by meaning: no four words in a row are the resume's own."""
    for search in json.loads((SAMPLES / "searches.json").read_text("utf-8")):
        made = committed[search["top"].removesuffix(".pdf")]
        text = " ".join(w["text"] for w in made.words).casefold()
        words = search["query"].casefold().split()
        assert not [1 for i in range(len(words) - 3) if " ".join(words[i : i + 4]) in text]
