"""Names in ZIP archives of other systems: the code page that all of them tell together."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from pipeline.stages.unpacking.zip_names import NameSample
from tests.stages.unpacking.archives import codes, everything, listed
from tests.stages.unpacking.forging import Forged, forged

#: What a few people's resumes are called, and the code page that zip programs of their systems write.
NAMES = {
    "cp866": ["Резюме Иванов Пётр.pdf", "Анна Кузнецова, инженер.pdf", "Щербаков.docx"],
    "cp1251": ["Резюме Иванов Пётр.pdf", "Анна Кузнецова, инженер.pdf", "Щербаков.docx"],
    "cp852": ["Życiorys Małgorzata Wójcik.pdf", "Jiří Dvořák životopis.pdf", "Paweł Dąbrowski.docx"],
    "cp1250": ["Życiorys Małgorzata Wiśniewska.pdf", "Jiří Dvořák životopis.pdf", "Paweł Dąbrowski.docx"],
    "cp850": ["Currículo João Araújo.pdf", "Íris Conceição.pdf", "Inês Guimarães.docx"],
    "cp1252": ["Lebenslauf Jürgen Weiß.pdf", "Résumé Hélène Lévesque.pdf", "Iñaki Muñoz.docx"],
    "cp437": ["Lebenslauf Jürgen Weiß.pdf", "Résumé Hélène Lévesque.pdf", "Iñaki Muñoz.docx"],
    "cp737": ["Βιογραφικό Μαρία Παπαδοπούλου.pdf", "Γιώργος Νικολάου.docx"],
    "cp857": ["Özgeçmiş Ayşe Yılmaz.pdf", "Çağlar Şahin.docx", "İbrahim Doğan.pdf"],
    "gbk": ["简历/王伟.pdf", "个人简历_李秀英.docx", "张志强 软件工程师.pdf"],
    "big5": ["履歷表_陳志明.pdf", "林淑芬 自傳.docx", "許功蓋.pdf"],
    "shift_jis": ["職務経歴書_佐藤太郎.pdf", "履歴書/鈴木花子.pdf", "表ソフィア.docx"],
    "euc_kr": ["이력서_김민준.pdf", "박서연 자기소개서.docx", "최지훈.pdf"],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.zip"


def names(path: Path) -> list[str]:
    return [member.name for member in listed(path)]


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("page", NAMES)
def test_names_are_read_in_the_code_page_that_they_are_written_in(path: Path, page: str, far: bool) -> None:
    """Whichever of the pages that zip programs write; and each member's bytes are found."""
    forged(path, [Forged(name.encode(page), name.encode()) for name in NAMES[page]] + [Forged(b"plain.pdf")])
    assert everything(path, far=far) == [
        *((name, name.encode()) for name in NAMES[page]),
        ("plain.pdf", b"content"),
    ]


@pytest.mark.parametrize("name", ["Müller.pdf", "Ångström Ñuñez.pdf", "ß.pdf", "Résumé.pdf", "Ö.pdf"])
def test_a_lone_western_name_is_of_the_oldest_page(path: Path, name: str) -> None:
    """A detector alone takes "Müller" for Hungarian."""
    forged(path, [Forged(name.encode("cp437")), Forged(b"plain.pdf")])
    assert names(path) == [name, "plain.pdf"]


def test_utf8_is_utf8_beside_names_of_another_page(path: Path) -> None:
    """With its flag and without."""
    russian = NAMES["cp866"]
    forged(
        path,
        [
            *(Forged(name.encode("cp866")) for name in russian),
            Forged("Łukasz 王伟.pdf".encode()),
            Forged("José 王伟.pdf".encode(), flags=1 << 11),
        ],
    )
    assert names(path) == [*russian, "Łukasz 王伟.pdf", "José 王伟.pdf"]


def test_names_of_several_systems_are_each_read_in_their_own_page(path: Path) -> None:
    """An archive into which people of several countries put their files."""
    several = {
        "简历_王小明.pdf": "gbk",
        "履歴書_佐藤.pdf": "shift_jis",
        "Lebenslauf_Müller.pdf": "cp437",
        "Życiorys_Łukasz.pdf": "cp852",
        "résumé.pdf": "utf-8",
        "резюме_Иванов.pdf": "cp866",
    }
    forged(path, [Forged(name.encode(page)) for name, page in several.items()])
    assert names(path) == list(several)


@pytest.mark.parametrize(
    ("page", "name"), [("shift_jis", "表ソ能.pdf"), ("big5", "許功蓋.pdf"), ("gbk", "昞乗.pdf")]
)
def test_a_letter_whose_second_byte_is_a_backslash_is_no_separator(path: Path, page: str, name: str) -> None:
    """5C is the second byte of 表, 功 and 乗; a backslash that is one still rules a name out, and so does `..`."""
    assert b"\\" in name.encode(page)
    wrong = [f"{name}\\a.pdf", f"../{name}"]
    forged(path, [Forged(one.encode(page)) for one in [*NAMES[page], name, *wrong]])
    assert names(path) == [*NAMES[page], name, *wrong]
    assert codes(path) == dict.fromkeys(wrong, "unsafe-name")


def unicode_path(raw: bytes, name: str, *, version: int = 1) -> bytes:
    value = struct.pack("<BL", version, zlib.crc32(raw)) + name.encode()
    return struct.pack("<2H", 0x7075, len(value)) + value


def test_a_name_in_unicode_beside_the_plain_one_is_the_name(path: Path) -> None:
    """Info-ZIP's extra field, as long as it belongs to the plain name; rules on paths are for it too."""
    before = struct.pack("<2H", 0x5455, 5) + bytes(5)
    forged(
        path,
        [
            Forged(b"__.pdf", extra=before + unicode_path(b"__.pdf", "王伟.pdf")),
            Forged(b"renamed.pdf", extra=unicode_path(b"old.pdf", "старое.pdf")),
            Forged(b"later.pdf", extra=unicode_path(b"later.pdf", "позже.pdf", version=2)),
            Forged(b"short.pdf", extra=struct.pack("<2H", 0x7075, 3) + b"\x01\x00\x00"),
            Forged(b"evil.pdf", extra=unicode_path(b"evil.pdf", "../evil.pdf")),
        ],
    )
    assert [name for name, _ in everything(path)] == [
        "王伟.pdf",
        "renamed.pdf",
        "later.pdf",
        "short.pdf",
        "../evil.pdf",
    ]
    assert codes(path) == {"../evil.pdf": "unsafe-name"}


def test_a_name_that_is_not_of_the_archives_page_is_still_shown(path: Path) -> None:
    """As bytes of old, and the others are not spoiled by it."""
    forged(
        path,
        [Forged(name.encode("shift_jis")) for name in NAMES["shift_jis"] * 9] + [Forged(b"\xff\xff.pdf")],
    )
    assert len(names(path)) == 28


def test_the_page_of_many_names_is_told_from_a_few_whatever_their_order() -> None:
    """The sample is spread over the directory, is the same at each listing, and stays small."""
    many = [f"резюме {number} иванов.pdf".encode("cp866") for number in range(200_000)]
    forwards, backwards = NameSample(), NameSample()
    tracemalloc.start()
    for raw in many:
        forwards.add(raw, 0)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for raw in reversed(many):
        backwards.add(raw, 0)
    assert forwards.page() == backwards.page() == "cp866"
    assert sorted(forwards._held) == sorted(backwards._held)
    assert held < 200_000
