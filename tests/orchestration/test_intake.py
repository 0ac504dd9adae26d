"""Members into shards, shards into applications: what is committed is never done twice, and counts add up."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from pipeline.adapters.directory import DirectoryStore
from pipeline.adapters.postgres.applications import Applications
from pipeline.adapters.postgres.ingestion_work import IngestionWork
from pipeline.adapters.postgres.ingestions import Ingestions, Progress
from pipeline.domain.errors import LeaseLost, ObjectStoreUnavailable, SourceRejected
from pipeline.domain.ingestion import IngestionClaim, Shard
from pipeline.orchestration.core import intake
from pipeline.orchestration.core.intake import HOPELESS_FROM, StoreMembers, list_members
from pipeline.orchestration.ray.ingestion import _require_unchanged
from pipeline.orchestration.sources import open_source, source_key
from pipeline.ports import ObjectWriter
from pipeline.settings import load_settings
from tests.adapters.postgres.factories import sql

OWNER = 77
TODAY = date(2026, 11, 25)


def pdf(number: int) -> bytes:
    """Bytes that are a PDF to whoever looks at their beginning."""
    return b"%%PDF-1.4\n%% %d\n" % number


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tar_gz_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


class Bench:
    """One database and one directory of objects, with an ingestion begun and listed on demand."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self.engine, self.work, self.ingestions = engine, IngestionWork(engine), Ingestions(engine)
        self.objects = DirectoryStore(root / "objects")
        self.settings = load_settings(data_dir=root)
        self.store = StoreMembers(self.work, self.objects, max_bytes=1_000_000)

    def begin(self, archive: Path, *, job_post_id: str | None = None) -> UUID:
        """An ingestion whose members are listed; not yet one of them is stored."""
        id_ = self.ingestions.create(str(archive), as_of_date=TODAY, job_post_id=job_post_id)
        listing = self.work.claim_listing(OWNER)
        assert listing is not None
        assert listing.ingestion_id == id_
        source = open_source(str(archive), self.settings)
        list_members(self.work, listing, source, source_key(source.fingerprint(), job_post_id))
        return id_

    def claim(self, limit: int = 1) -> list[Shard]:
        return self.work.claim_shards(OWNER, limit)

    def run(self, shard: Shard) -> int:
        return self.store.run(shard, open_source(shard.source, self.settings))

    def run_all(self) -> None:
        while claimed := self.claim():
            self.run(claimed[0])

    def progress(self, id_: UUID) -> Progress:
        progress = self.ingestions.progress(id_)
        assert progress is not None
        return progress

    def counts(self, id_: UUID) -> tuple[int, int, int, int, int]:
        """accepted, duplicate, skipped, failed, not started."""
        p = self.progress(id_)
        assert p.accepted + p.duplicate + p.skipped + p.failed + p.not_started == (p.row.members or 0)
        return p.accepted, p.duplicate, p.skipped, p.failed, p.not_started

    def stored_objects(self) -> int:
        return len(list(self.objects.older_than(-10)))


@pytest.fixture
def bench(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Shards of eight members and batches of three: what is tested happens within a few of them."""
    monkeypatch.setattr(intake, "SHARD", 8)
    monkeypatch.setattr(intake, "_BATCH", 3)
    return Bench(engine, tmp_path)


def test_every_member_ends_as_exactly_one_outcome(bench: Bench, tmp_path: Path) -> None:
    """Resumes become bulk jobs with their objects; everything else is named with its reason."""
    members = {f"cv/{n}.pdf": pdf(n) for n in range(20)}
    members |= {
        "copy.pdf": pdf(3),
        "notes.json": b'{"no": "resume"}',
        "empty.pdf": b"",
        "inner.zip": b"PK\x03\x04rest",
    }
    id_ = bench.begin(zip_of(tmp_path / "a.zip", members))
    assert bench.counts(id_) == (0, 0, 0, 0, 24)
    bench.run_all()
    assert bench.counts(id_) == (20, 1, 2, 1, 0)
    assert bench.stored_objects() == 20
    rows = sql(bench.engine, "SELECT lane, state, count(*) FROM jobs GROUP BY 1, 2")
    assert [tuple(row) for row in rows] == [("bulk", "queued", 20)]
    errors = {error.name: (error.outcome, error.code) for error in bench.ingestions.errors(id_)}
    assert errors == {
        "copy.pdf": ("duplicate", "duplicate"),
        "notes.json": ("skipped", "not-a-resume-type"),
        "empty.pdf": ("failed", "empty"),
        "inner.zip": ("skipped", "nested-archive"),
    }


def test_the_same_source_again_does_nothing_twice(bench: Bench, tmp_path: Path) -> None:
    """It is the first one's; changed bytes, or another job post, are another ingestion."""
    archive = zip_of(tmp_path / "a.zip", {f"{n}.pdf": pdf(n) for n in range(5)})
    first = bench.begin(archive)
    bench.run_all()
    again = bench.begin(archive)
    assert bench.progress(again).row.same_as == first
    assert bench.claim() == []
    other_post = bench.begin(archive, job_post_id="nurse-12")
    assert bench.progress(other_post).row.same_as is None
    zip_of(archive, {f"{n}.pdf": pdf(n) for n in range(6)})
    changed = bench.begin(archive)
    assert bench.progress(changed).row.same_as is None
    bench.run_all()
    assert (bench.counts(first)[0], bench.counts(other_post)[0], bench.counts(changed)[0]) == (5, 5, 6)


class FailingStore(DirectoryStore):
    """A directory that is full after so many objects."""

    def __init__(self, root: Path, room: int) -> None:
        super().__init__(root)
        self.room = room

    def create(self, key: str) -> ObjectWriter:
        if self.room <= 0:
            raise ObjectStoreUnavailable("The disk is full.")
        self.room -= 1
        return super().create(key)


def run_until_full(bench: Bench, store: StoreMembers) -> Shard:
    """Run shard after shard until the store is full: the one that its task had claimed."""
    while True:
        (shard,) = bench.claim()
        try:
            store.run(shard, open_source(shard.source, bench.settings))
        except ObjectStoreUnavailable:
            return shard


@pytest.mark.parametrize("room", [4, 12], ids=["in its first shard", "in a later one"])
@pytest.mark.parametrize("pack", [zip_of, tar_gz_of])
def test_a_shard_that_was_cut_short_goes_on_behind_its_last_batch(
    bench: Bench, tmp_path: Path, pack: object, room: int
) -> None:
    """What a batch committed stays; the rest is stored by the next run; nothing is there twice."""
    archive = pack(tmp_path / "archive", {f"{n}.pdf": pdf(n) for n in range(20)})  # type: ignore[operator]
    id_ = bench.begin(archive)
    store = StoreMembers(bench.work, FailingStore(tmp_path / "objects", room=room), max_bytes=1_000_000)
    shard = run_until_full(bench, store)
    assert bench.counts(id_)[0] in (room - room % 3, room - 2, room - 1)
    bench.work.give_back(shard, seconds=0, burn=False)
    assert sql(bench.engine, "SELECT 1 FROM ingestion_shards WHERE state = 'running'") == []
    bench.run_all()
    assert bench.counts(id_) == (20, 0, 0, 0, 0)
    contents = sql(bench.engine, "SELECT count(DISTINCT content_sha256), count(*) FROM applications")
    assert tuple(contents[0]) == (20, 20)


def test_a_compressed_tar_is_read_once_for_all_its_shards(bench: Bench, tmp_path: Path) -> None:
    """One claim walks through every shard; meanwhile nobody else is given one."""
    id_ = bench.begin(tar_gz_of(tmp_path / "a.tgz", {f"{n}.pdf": pdf(n) for n in range(30)}))
    (shard,) = bench.claim(10)
    assert bench.run(shard) == 30
    assert bench.counts(id_) == (30, 0, 0, 0, 0)
    assert bench.claim() == []


def test_a_worker_whose_shard_was_claimed_by_another_stores_nothing(bench: Bench, tmp_path: Path) -> None:
    """The epoch is the fence: its objects are orphans, its rows do not exist."""
    id_ = bench.begin(zip_of(tmp_path / "a.zip", {f"{n}.pdf": pdf(n) for n in range(4)}))
    (stalled,) = bench.claim()
    assert bench.work.reap({OWNER}) == 1
    (successor,) = bench.claim()
    with pytest.raises(LeaseLost):
        bench.run(stalled)
    assert bench.counts(id_)[0] == 0
    bench.run(successor)
    assert bench.counts(id_) == (4, 0, 0, 0, 0)


def test_equal_bytes_in_two_shards_at_once_are_one_application(bench: Bench, tmp_path: Path) -> None:
    """Two workers race with the same eight contents: each is stored once, and no object is left over."""
    members = {f"{n}.pdf": pdf(n % 8) for n in range(16)}
    id_ = bench.begin(zip_of(tmp_path / "a.zip", members))
    shards = bench.claim(2)
    errors: list[BaseException] = []

    def worker(shard: Shard) -> None:
        try:
            Bench(bench.engine, tmp_path).run(shard)
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            errors.append(error)

    threads = [threading.Thread(target=worker, args=(shard,)) for shard in shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert bench.counts(id_) == (8, 8, 0, 0, 0)
    assert bench.stored_objects() == 8


def test_a_member_that_every_run_dies_of_is_named_and_its_neighbours_are_stored(
    bench: Bench, tmp_path: Path
) -> None:
    """After so many deaths without progress the member at hand is passed over as `internal`."""
    id_ = bench.begin(zip_of(tmp_path / "a.zip", {f"{n}.pdf": pdf(n) for n in range(5)}))
    for _ in range(HOPELESS_FROM - 1):
        (shard,) = bench.claim()
        bench.work.give_back(shard, seconds=0, burn=True)
    bench.run_all()
    assert bench.counts(id_) == (4, 0, 0, 1, 0)
    (error,) = bench.ingestions.errors(id_)
    assert (error.name, error.code) == ("0.pdf", "internal")


def test_a_source_that_turns_out_hostile_leaves_nothing_to_claim(bench: Bench, tmp_path: Path) -> None:
    """Rejected while it is listed: not one member of it was stored."""
    archive = zip_of(tmp_path / "a.zip", {f"{n}.pdf": pdf(n) for n in range(5)})
    archive.write_bytes(archive.read_bytes()[:-30])
    id_ = bench.ingestions.create(str(archive), as_of_date=TODAY)
    listing = bench.work.claim_listing(OWNER)
    assert listing is not None
    with pytest.raises(SourceRejected) as caught:
        list_members(bench.work, listing, open_source(str(archive), bench.settings), "key")
    bench.work.reject(listing, code=caught.value.code, detail=caught.value.message)
    row = bench.progress(id_).row
    assert (row.state, row.error_code) == ("rejected", "archive-rejected")
    assert bench.claim() == []
    assert sql(bench.engine, "SELECT 1 FROM applications") == []


def test_a_listing_that_died_half_way_is_begun_anew(bench: Bench, tmp_path: Path) -> None:
    """The shards of the first try are gone, and its worker can add no more."""
    archive = zip_of(tmp_path / "a.zip", {f"{n}.pdf": pdf(n) for n in range(20)})
    id_ = bench.ingestions.create(str(archive), as_of_date=TODAY)
    dead = bench.work.claim_listing(OWNER)
    assert dead is not None
    source = open_source(str(archive), bench.settings)
    bench.work.begin_listing(dead, "key")
    members = list(source.members())
    bench.work.add_shards(dead, 0, [members[:8]])
    assert bench.work.reap({OWNER}) == 1
    listing = bench.work.claim_listing(OWNER)
    assert listing is not None
    list_members(bench.work, listing, source, "key")
    with pytest.raises(LeaseLost):
        bench.work.add_shards(dead, 1, [members[8:]])
    bench.run_all()
    assert bench.counts(id_) == (20, 0, 0, 0, 0)


def test_the_twin_of_a_member_that_lost_its_race_names_the_one_that_won(bench: Bench, tmp_path: Path) -> None:
    """Two equal members of a batch, whose bytes another worker stored meanwhile: both are duplicates of that."""
    id_ = bench.begin(zip_of(tmp_path / "a.zip", {"0.pdf": pdf(0), "1.pdf": pdf(0), "2.pdf": pdf(2)}))
    (shard,) = bench.claim()
    known = bench.work.known

    def blind(shard: Shard, contents: list) -> dict[int, UUID]:
        """Looks just before the other worker commits."""
        found = known(shard, contents)
        sql(
            bench.engine,
            "INSERT INTO applications (id, object_key, content_sha256, size, mime, as_of_date, ingestion_id, "
            "ingestion_member) VALUES (gen_random_uuid(), 'resumes/x', :sha, 1, 'application/pdf', now(), :id, '99')",
            sha=contents[0][0],
            id=id_,
        )
        return found

    bench.work.known = blind  # type: ignore[method-assign]
    bench.run(shard)
    (winner,) = sql(bench.engine, "SELECT id FROM applications WHERE ingestion_member = '99'")
    assert {error.resume_id for error in bench.ingestions.errors(id_)} == {winner.id}
    assert bench.progress(id_).duplicate == 2


def test_twins_with_ids_of_their_own_can_both_be_erased_and_stay_away(bench: Bench, tmp_path: Path) -> None:
    """Erasure takes the external id that told them apart; the same bytes later in the ingestion do not bring them
    back."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf(1))
    rows = [f"a.pdf,{number}" for number in range(12)]
    manifest = folder / "list.csv"
    manifest.write_text("\n".join(["path,external_id", *rows]) + "\n", "utf-8")
    id_ = bench.begin(manifest)
    bench.run(bench.claim()[0])
    assert bench.counts(id_) == (8, 0, 0, 0, 4)
    applications = Applications(bench.engine)
    for row in sql(bench.engine, "SELECT id FROM applications"):
        assert applications.erase(row.id) is not None
    bench.run_all()
    assert bench.counts(id_) == (8, 4, 0, 0, 0)


def test_what_its_owner_does_not_work_on_is_released_and_what_nobody_renews_is_taken_back(
    bench: Bench, tmp_path: Path
) -> None:
    """A claim whose answer was lost, and an owner that is frozen, keep nothing for ever."""
    bench.begin(zip_of(tmp_path / "a.zip", {f"{n}.pdf": pdf(n) for n in range(20)}))
    first, second = bench.claim(2)
    held = {IngestionClaim(one.ingestion_id, one.shard_no) for one in (first, second)}
    assert bench.work.renew(OWNER) == held
    bench.work.release(OWNER, {IngestionClaim(first.ingestion_id, first.shard_no)})
    assert bench.work.renew(OWNER) == {IngestionClaim(second.ingestion_id, second.shard_no)}
    sql(
        bench.engine,
        "UPDATE ingestion_shards SET lease_until = now() - interval '1 second' WHERE state = 'running'",
    )
    assert bench.work.reap(set()) == 1
    assert len(bench.claim(5)) == 3


def test_a_file_that_changed_after_it_was_listed_is_not_read_at_the_old_places(
    bench: Bench, tmp_path: Path
) -> None:
    """Its members lie elsewhere: the ingestion is rejected, and not one of them was stored."""
    archive = zip_of(tmp_path / "a.zip", {f"{n}.pdf": pdf(n) for n in range(5)})
    bench.begin(archive)
    (shard,) = bench.claim()
    zip_of(archive, {f"{n}.pdf": pdf(n + 100) for n in range(50)})
    with pytest.raises(SourceRejected, match="changed"):
        _require_unchanged(shard, open_source(shard.source, bench.settings))


def test_old_word_files_are_taken_where_something_reads_them(bench: Bench, tmp_path: Path) -> None:
    """Elsewhere they are skipped, with the sentence that says why."""
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "WordDocument".encode("utf-16-le")
    bench.begin(zip_of(tmp_path / "a.zip", {"old.doc": old}))
    bench.store = StoreMembers(bench.work, bench.objects, max_bytes=1_000_000, legacy_word=True)
    bench.run_all()
    assert bench.stored_objects() == 1
