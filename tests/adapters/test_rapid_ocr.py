"""OCR on this machine: what it reads, how a page may lie, what it says of what it cannot read."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipeline.adapters.ocr.engine import RapidOcrEngine
from pipeline.domain.errors import CorruptDocument, OcrFailed
from pipeline.domain.ids import uuid7
from pipeline.domain.ocr import OcrDocument, OcrPage, OcrText, Picture
from tests.adapters.image_bytes import TEXT, page
from tests.paid import MemoryPaidWork

pytestmark = pytest.mark.slow

_SCALE = 1000 / 595


@pytest.fixture(scope="module")
def engine() -> Iterator[RapidOcrEngine]:
    """One for all: the models take a second to load."""
    made = RapidOcrEngine(processes=1, page_timeout_s=120, memory_mib=3072)
    yield made
    made.close()


def picture_of(image: Image.Image) -> Picture:
    return Picture(image.width, image.height, image.convert("L").tobytes(), _SCALE)


async def nowhere() -> str:
    raise AssertionError("it reads pictures, not objects")


def shows(*pictures: Picture | Exception) -> tuple[OcrDocument, list[int]]:
    """A document of these pages, and the numbers of those that were drawn."""
    drawn: list[int] = []

    async def picture(number: int) -> Picture:
        drawn.append(number)
        shown = pictures[number - 1]
        if isinstance(shown, Exception):
            raise shown
        return shown

    numbers = tuple(range(1, len(pictures) + 1))
    return OcrDocument("0" * 64, uuid7(), numbers, nowhere, picture), drawn


def read(engine: RapidOcrEngine, *images: Image.Image) -> OcrText:
    document, _ = shows(*map(picture_of, images))
    return asyncio.run(engine.read(document, MemoryPaidWork()))


def printed(one: OcrPage) -> list[str]:
    return [line.text for line in one.lines]


def test_a_page_is_read_line_by_line_with_boxes_and_ink(engine: RapidOcrEngine) -> None:
    """Words with boxes where they are printed, as fractions from the top left; how high their ink is, in points."""
    (one,) = read(engine, page()).pages
    assert printed(one) == list(TEXT)
    first = one.lines[0].words
    assert first[0].box.left == pytest.approx(0.08, abs=0.01)
    assert first[0].box.top == pytest.approx(80 / 700, abs=0.02)
    assert first[0].box.right < first[1].box.left
    assert all(word.confidence > 0.8 for word in first)
    assert one.ink is not None
    assert [len(ink.heights) for ink in one.ink] == [len(line.words) for line in one.lines]
    assert 10 < one.ink[0].heights[0] < 20
    assert one.ink[0].stroke > 1


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_lies_on_its_side_or_head_is_read_upright(engine: RapidOcrEngine, turn: int) -> None:
    """The boxes are those of the page as it is read, and `turned` says what was done to it."""
    (one,) = read(engine, page().rotate(turn, expand=True)).pages  # Pillow turns the other way round
    assert printed(one) == list(TEXT)
    assert one.turned == turn
    assert one.lines[0].box.left == pytest.approx(0.08, abs=0.02)


@pytest.mark.parametrize("tilt", [-7.0, 2.5])
def test_a_tilted_page_is_levelled(engine: RapidOcrEngine, tilt: float) -> None:
    """Words of one line stand at one height."""
    (one,) = read(engine, page().rotate(tilt, fillcolor=255, resample=Image.Resampling.BICUBIC)).pages
    assert printed(one) == list(TEXT)
    for line in one.lines:
        assert line.words[0].box.bottom == pytest.approx(line.words[-1].box.bottom, abs=0.012)


def test_what_stands_apart_in_a_row_is_two_lines(engine: RapidOcrEngine) -> None:
    """Columns survive: no line runs across a gap."""
    made = page(("Sankt Nirgendwo",))
    ImageDraw.Draw(made).text((700, 80), "since June 2019", fill=0, font=ImageFont.load_default(34))
    (one,) = read(engine, made).pages
    assert printed(one) == ["Sankt Nirgendwo", "since June 2019"]
    assert one.lines[0].box.bottom == pytest.approx(one.lines[1].box.bottom, abs=0.02)


def test_light_letters_on_a_dark_ground_are_read(engine: RapidOcrEngine) -> None:
    """A dark side bar is text like any other."""
    (one,) = read(engine, page().point(lambda value: 255 - value)).pages
    assert printed(one) == list(TEXT)


def test_a_blank_page_has_no_lines(engine: RapidOcrEngine) -> None:
    """And is neither unread nor foreign."""
    read_ = read(engine, Image.new("L", (1000, 700), 250))
    assert (read_.pages[0].lines, read_.unread, read_.foreign) == ((), (), ())


#: Text in scripts that the models do not know; DejaVu has the letters.
FOREIGN = {
    "Cyrillic": (
        "Анна Вымышленная, медицинская сестра отделения реанимации",
        "Работала в городской больнице двенадцать лет подряд",
        "Образование: медицинский колледж, Новосибирск",
    ),
    "Greek": (
        "Άννα Φανταστική, νοσηλεύτρια στη μονάδα εντατικής θεραπείας",
        "Εργάστηκε δώδεκα χρόνια στο δημοτικό νοσοκομείο",
        "Εκπαίδευση: Τμήμα Νοσηλευτικής, Θεσσαλονίκη",
    ),
    "Armenian": (
        "Աննա Հնարովի, բուժքույր վերակենդանացման բաժանմունքում",
        "Աշխատել է քաղաքային հիվանդանոցում տասներկու տարի",
        "Կրթություն՝ բժշկական քոլեջ, Երևան",
    ),
    "Hebrew": (
        "אנה בדיונית אחות ביחידה לטיפול נמרץ בבית החולים",
        "עבדה שתים עשרה שנים בבית החולים העירוני",
        "השכלה תואר ראשון בסיעוד ירושלים",
    ),
}


def set_in(font: Path, lines: Sequence[str]) -> Image.Image:
    made = Image.new("L", (1400, 500), 255)
    draw, face = ImageDraw.Draw(made), ImageFont.truetype(str(font), 34)
    for number, line in enumerate(lines):
        draw.text((60, 60 + 80 * number), line, fill=0, font=face)
    return made


def fonts_with(text: str) -> Iterator[Path]:
    """Fonts of this machine that have the letters."""
    from fontTools.ttLib import TTFont

    letters = {ord(char) for char in text if char.isalpha()}
    for folder in ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts"):
        for path in sorted(Path(folder).rglob("*.ttf")) if Path(folder).is_dir() else ():
            if letters <= set(TTFont(path, lazy=True).getBestCmap()):
                yield path


@pytest.mark.parametrize("script", FOREIGN)
def test_a_script_that_it_does_not_know_is_named_and_never_guessed(
    engine: RapidOcrEngine, script: str
) -> None:
    """No line of it is told; the pages beside it are read."""
    font = next(fonts_with("".join(FOREIGN[script])), None)
    if font is None:
        pytest.skip(f"no font of this machine has {script} letters")
    told = read(engine, set_in(font, FOREIGN[script]), page())
    assert told.foreign == (1,)
    assert told.pages[0].lines == ()
    assert printed(told.pages[1]) == list(TEXT)


def test_what_was_read_is_not_read_again(engine: RapidOcrEngine) -> None:
    """The second time its pages are not even drawn."""
    document, drawn = shows(picture_of(page()))
    paid = MemoryPaidWork()

    async def twice() -> tuple[OcrText, OcrText]:
        return await engine.read(document, paid), await engine.read(document, paid)

    first, second = asyncio.run(twice())
    assert first == second
    assert drawn == [1]
    assert (paid.asked, paid.bills) == ([], [])


def test_a_page_that_cannot_be_drawn_is_unread_and_the_others_are_read(engine: RapidOcrEngine) -> None:
    """One bad page costs nobody else."""
    document, _ = shows(CorruptDocument(), picture_of(page()))
    told = asyncio.run(engine.read(document, MemoryPaidWork()))
    assert told.unread == (1,)
    assert printed(told.pages[0]) == list(TEXT)
    assert told.pages[0].number == 2


@pytest.mark.parametrize(
    "limits", [{"page_timeout_s": 0.05, "memory_mib": 3072}, {"page_timeout_s": 60, "memory_mib": 1100}],
    ids=["time", "memory"],
)  # fmt: skip
def test_a_page_that_takes_more_than_a_page_is_given_fails_its_document(limits: dict[str, float]) -> None:
    """Where no page at all could be read; the child is gone, and so is what it held."""
    engine = RapidOcrEngine(processes=1, **limits)  # type: ignore[arg-type]
    long = page(
        ("A line that goes on for the whole width of the page it is printed on, and on",) * 30,
        width=2000,
        height=2400,
    )
    document, _ = shows(picture_of(long))
    try:
        with pytest.raises(OcrFailed):
            asyncio.run(engine.read(document, MemoryPaidWork()))
    finally:
        engine.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told to give back")
def test_the_child_gives_back_what_a_page_took(engine: RapidOcrEngine) -> None:
    """Between two pages it holds its models and little else: a page takes hundreds of MiB."""
    large = page().resize((1700, 2200))
    read(engine, large)
    (child,) = (
        process for process in psutil.Process().children() if "spawn_main" in " ".join(process.cmdline())
    )
    assert child.memory_info().rss < 300 * 1024 * 1024


def test_the_parents_process_loads_no_model() -> None:
    """OpenCV and ONNX Runtime are the child's alone."""
    code = (
        "import sys, pipeline.adapters.ocr.engine, pipeline.adapters.text_engines\n"
        "print([m for m in ('cv2', 'onnxruntime', 'rapidocr', 'PIL') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
