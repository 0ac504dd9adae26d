"""The committed samples: which arguments each is made of, and the searches that find them."""

import json
from pathlib import Path
from typing import Any

from .maker import Made, make_resume
from .scans import photo, scan
from .word import word_file

_LIST = Path(__file__).parent / "data" / "samples.json"


def made_samples() -> dict[str, Made]:
    """Every sample by its file name without suffix."""
    return {sample["name"]: _made(sample) for sample in json.loads(_LIST.read_text("utf-8"))["samples"]}


def _made(sample: dict[str, Any]) -> Made:
    return make_resume(*(sample[k] for k in ("seed", "layout", "style", "locale", "occupation")))


def pictured() -> dict[str, bytes]:
    """The samples that hold no text of their own, each with its truth: PDFs of pictures, and a photo."""
    found: dict[str, bytes] = {}
    for sample in json.loads(_LIST.read_text("utf-8"))["scanned"]:
        name, made = sample["name"], _made(sample)
        if sample["suffix"] == ".pdf":
            content = scan(made, sample["level"], sample["scan_seed"]).pdf
        else:
            content = photo(made, sample["level"], sample["scan_seed"])
        file = f"{name}{sample['suffix']}"
        found[file] = content
        found[f"{name}.json"] = as_json({**made.truth, "case_id": name, "pdf": file}, 1)
    return found


def word_files() -> dict[str, bytes]:
    """The Word samples, each with its truth."""
    found: dict[str, bytes] = {}
    for sample in json.loads(_LIST.read_text("utf-8"))["word"]:
        name, made = sample["name"], _made(sample)
        found[f"{name}.docx"] = word_file(made.truth)
        found[f"{name}.json"] = as_json({**made.truth, "case_id": name, "pdf": f"{name}.docx"}, 1)
    return found


def searches() -> list[dict[str, Any]]:
    """`{"query", "top", "cross_language"}`: a question, the PDF to answer it first, is that not English."""
    found: list[dict[str, Any]] = json.loads(_LIST.read_text("utf-8"))["searches"]
    return found


def files() -> dict[str, bytes]:
    """The bytes of every sample file by file name."""
    found: dict[str, bytes] = {"searches.json": as_json(searches(), 1)}
    for name, made in made_samples().items():
        found[f"{name}.pdf"] = made.pdf
        found[f"{name}.json"] = as_json({**made.truth, "case_id": name, "pdf": f"{name}.pdf"}, 1)
        found[f"{name}.words.json"] = compact_words(made)
    found |= {f"word/{name}": data for name, data in word_files().items()}
    found |= {f"scanned/{name}": data for name, data in pictured().items()}
    return found


def as_json(value: Any, indent: int | None = None) -> bytes:
    """UTF-8 with a last newline."""
    return (json.dumps(value, ensure_ascii=False, indent=indent) + "\n").encode()


def compact_words(made: Made) -> bytes:
    """One `[page, text, x0, y0, x1, y1]` a line, boxes in ten-thousandths of the page."""
    lines = [
        json.dumps([w["page"], w["text"], *(round(v * 10000) for v in w["bbox"])], ensure_ascii=False)
        for w in made.words
    ]
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def write(folder: Path) -> None:
    """Writes every sample file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
