"""The worst documents are written with their truths, and what differs is marked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

from benchmarks.scoring import score_case
from benchmarks.worst import Scored, rows_of

ROOT = Path(__file__).parents[2]


def test_what_differs_is_marked_beside_its_truth() -> None:
    """Entries stand beside those that they are scored against; what is not in the truth comes last."""
    truth = {"name": "Ada Byron", "work": [{"company": "Acme Ltd", "title": "Clerk", "start": "2010-03"}]}
    read = {
        "name": "Ada Byron",
        "work": [
            {"company": "Hull", "title": "Baker", "start": None, "end": None},
            {"company": "Acme", "title": "Cook", "start": "2010-03", "end": None},
        ],
    }
    rows = list(rows_of(Scored("a", Path("a.pdf"), truth, read, score_case(truth, read))))
    marked = {row.field: (row.truth, row.read) for row in rows if row.differs}
    assert marked["work[0].title"] == ("Clerk", "Cook")
    assert marked["work, not in the truth"] == ("", "company: Hull, title: Baker")
    assert set(marked) == {"work[0].title", "work, not in the truth"}


def test_the_worst_of_a_set_is_written_first_with_its_pages(tmp_path: Path) -> None:
    """From the command line: an index, and the pictures of the one that has most wrong."""
    data = tmp_path / "data"
    (data / "truth" / "made").mkdir(parents=True)
    for name in ("nurse_single_column", "welder_minimal"):
        shutil.copy(ROOT / "samples" / f"{name}.pdf", data)
        told = json.loads((ROOT / "samples" / f"{name}.json").read_text("utf-8"))
        if name == "welder_minimal":
            told["truth"]["work"] = [{"company": "Nowhere <Ltd>", "title": "Nobody"}]
        told |= {"pdf": f"{name}.pdf", "case_id": name}
        (data / "truth" / "made" / f"{name}.json").write_text(json.dumps(told), "utf-8")
    out = tmp_path / "out"
    command = ["-m", "benchmarks.accuracy", "--data", str(data), "--worst", "1", "--out", str(out)]
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=240, check=True
    )
    assert str(out / "index.html") in ended.stdout
    index = (out / "index.html").read_text("utf-8")
    assert "The 1 worst of 2" in index
    assert "Nowhere &lt;Ltd&gt;" in index
    assert [path.name for path in out.glob("*.png")] == ["01-welder_minimal.png"]
    with Image.open(out / "01-welder_minimal.png") as image:
        assert image.width > 1000
