"""
What a ledger needs, looked at: whether each is well, what was seen, and what to do if it is not.

`techledger operate status` prints it, the operator's board shows it.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.describe import days
from api.describe.language import Said
from ledger.home.antirollback import CheckpointFile, Halted, InUse
from ledger.home.datakeys import DataKeyError
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.backup import last_backup
from ledger.node.node import Database, policy_of
from ledger.publish.log_key_history import read_refusal_keys
from ledger.publish.quorum import Quorum
from ledger.publish.refuser import refuser_of
from ledger.runtime.clock import TOLERANCE
from ledger.runtime.faults import canonical_reason
from ledger.sequence.orders import Orders
from ledger.store.archiver import read_archiver
from ledger.store.attest import schema_faults
from ledger.store.checkpoints import latest_checkpoint, newest_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_head
from ledger.store.migrate import pending
from ledger.store.stored_promises import count_waiting
from ledger.wire.regular import OddFile
from projections.run.seals import last_seal
from projections.run.waiting import folded, troubles_of, unserved

UNSIGNED_MAX = timedelta(seconds=10)
"""How old the newest entry may be while it is not signed."""

BACKUP_MAX = timedelta(hours=25)
"""How old the last backup may be."""

LAG_MAX = 1000
"""Entries that a read model, or a quorum of witnesses, may be behind."""

ROOM = (512 << 20, 0.05)
"""What has to be free where the ledger lives: bytes, and a share of the disk."""

_SHOWN = 3
"""Faults of the schema that a line names at most."""

_NOTHING = Said("", "")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is well, what was seen, and what to do if it is not.

    `asked` is False of what could not be looked at: whether it is well is not known then.
    """

    name: str
    well: bool
    seen: Said
    do: Said = _NOTHING
    asked: bool = True


Looks = Mapping[str, Callable[[], Iterable[Check]]]
"""What looks at each thing, by its name. Each may block, and may raise anything."""


def looks_at_files(settings: Settings) -> Looks:
    """Return the looks that ask no database."""
    home = Home(settings.home)
    return {
        "halt": lambda: [_halt(CheckpointFile(home.checkpoints))],
        "publisher": lambda: [_publisher(CheckpointFile(home.checkpoints))],
        "backup": lambda: [_backup(home, datetime.now(UTC))],
        "vault": lambda: [_vault(settings)],
        "room": lambda: [_room(settings)],
    }


def looks_at_database(settings: Settings, database: Database, pool: Pool) -> Looks:
    """Return the looks that ask the database."""
    home, now = Home(settings.home), datetime.now(UTC)
    return {
        "schema": lambda: [_schema(database, pool)],
        "checkpoint": lambda: [_signed(pool, now)],
        "clock": lambda: [_intake(pool, now)],
        "refusals": lambda: [_refusals(home, pool)],
        "promises": lambda: [_promises(pool, now)],
        "witnesses": lambda: _witnesses(settings, pool),
        "seal": lambda: [_seal(settings, pool, now)],
        "archive": lambda: _archive(settings, pool),
        "read models": lambda: [_models(pool)],
    }


def see(looks: Looks) -> list[Check]:
    """Return what was seen; that something cannot be looked at is told, and hides nothing else."""
    return [check for name, look in looks.items() for check in _looked(name, look)]


def _looked(name: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001  (whatever was done to the database)
        return [unseen(name, _told(error))]


def unseen(name: str, why: str) -> Check:
    """Return that something cannot be looked at, and why."""
    seen = Said(f"không xem được: {why}", f"cannot be looked at: {why}")
    do = Said(
        "cơ sở dữ liệu và đĩa có trả lời không? rồi techledger operate fsck",
        "do the database and the disk answer? then techledger operate fsck",
    )
    return Check(name, well=False, seen=seen, do=do, asked=False)


def _told(error: Exception) -> str:
    """Return what an error says, on one line, with the file that it is about."""
    if isinstance(error, OddFile):
        return error.told
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return f"{type(error).__name__}: {canonical_reason(str(error))}"


def _both(text: str) -> Said:
    """Return what is no word of a language: a command, a name, a reason as it was given."""
    return Said(text, text)


def _halt(file: CheckpointFile) -> Check:
    do = Said(
        "tìm hiểu điều gì đã xảy ra (docs/guides/operating.md), rồi techledger operate resume",
        "find out what happened (docs/guides/operating.md), then techledger operate resume",
    )
    try:
        file.check_not_halted()
    except Halted as halted:
        return Check("halt", well=False, seen=_both(str(halted)), do=do)
    return Check("halt", well=True, seen=Said("không dừng", "not halted"))


def _publisher(file: CheckpointFile) -> Check:
    try:
        os.close(file.hold())
    except InUse:
        return Check("publisher", well=True, seen=Said("đang làm việc", "at work"))
    seen = Said("không ai ký", "nobody signs")
    return Check("publisher", well=False, seen=seen, do=_both("techledger serve"))


def _schema(database: Database, pool: Pool) -> Check:
    if names := pending(database.app_dsn):
        listed = ", ".join(names)
        seen = Said(f"chưa áp dụng: {listed}", f"not applied: {listed}")
        return Check("schema", well=False, seen=seen, do=_both("techledger operate migrate"))
    with pool.session() as session:
        faults = list(schema_faults(session))
    seen = _both("; ".join(faults[:_SHOWN])) if faults else Said("mới nhất", "up to date")
    do = Said(
        "operate fsck; phần mềm mới hơn, nếu trước đây đã chạy bản đó",
        "operate fsck; newer software, if that was here",
    )
    return Check("schema", not faults, seen, do)


def _signed(pool: Pool, now: datetime) -> Check:
    head, latest = read_head(pool), newest_checkpoint(pool)
    unsigned = head.size - (latest.size if latest else 0)
    waiting = now - head.accepted if unsigned and head.accepted else timedelta(0)
    seen = Said("chưa có gì", "nothing")
    if latest:
        age = _ago(now - latest.created)
        seen = Said(
            f"kích thước {latest.size}, ký {age.vi}", f"size {latest.size}, signed {age.en}"
        )
    if unsigned:
        age = _ago(waiting)
        seen = Said(
            f"{seen.vi}; {unsigned} mục chưa được ký, mục mới nhất ghi {age.vi}",
            f"{seen.en}; {unsigned} entries are not signed, the newest {age.en}",
        )
    do = Said(
        "tiến trình ký có chạy không? nhật ký của nó nói gì?",
        "is the publisher at work? what does its log say?",
    )
    return Check("checkpoint", waiting <= UNSIGNED_MAX, seen, do)


def _intake(pool: Pool, now: datetime) -> Check:
    """Say from when on anything is taken in: what the last entry, and the head at rest, bear."""
    earliest = read_head(pool).earliest or now
    seen = Said(
        f"không nhận gì trước {days.moment(earliest, 'vi')}",
        f"nothing is taken in before {days.moment(earliest, 'en')}",
    )
    return Check("clock", earliest <= now + TOLERANCE, seen, _both("docs/runbook.md, CannotStore"))


def _refusals(home: Home, pool: Pool) -> Check:
    origin = home.identity().origin
    refuser = refuser_of(origin, home.keys)
    well = refuser is not None and refuser.vkey in read_refusal_keys(pool, origin)
    seen = (
        Said("được ký bằng khóa của sổ", "signed by a key of the log")
        if well
        else Said(
            "không được ký bằng khóa nào mà sổ đã công nhận",
            "not signed by a key that the log has adopted",
        )
    )
    do = Said(
        "techledger operate refusal-key, rồi để sổ công nhận khóa đó",
        "techledger operate refusal-key, then have it adopted",
    )
    return Check("refusals", well, seen, do)


def _promises(pool: Pool, now: datetime) -> Check:
    waiting, late = count_waiting(pool, now)
    seen = Said(
        f"{waiting} hồ sơ chờ trả lời, trong đó {late} đã quá hạn",
        f"{waiting} wait for their answer, {late} of them past their time",
    )
    do = Said(
        "máy chủ có keys/refusals.pem có chạy không? nhật ký ghi promise_waits và lý do",
        "does a server with keys/refusals.pem run? the journal says promise_waits, and why",
    )
    return Check("promises", not late, seen, do)


def _witnesses(settings: Settings, pool: Pool) -> Iterator[Check]:
    quorum, latest = Quorum(policy_of(settings, pool)), latest_checkpoint(pool)
    if not quorum.asked or latest is None:
        return
    cosigned = quorum.latest(pool)
    size = cosigned.size if cosigned else 0
    seen = Said(
        f"đủ số nhân chứng đã đồng ký kích thước {size} trên {latest.size}",
        f"a quorum has cosigned size {size} of {latest.size}",
    )
    do = Said(
        "nhân chứng nào im lặng? /health/ready nêu từng nhân chứng",
        "which of them is silent? /health/ready names each",
    )
    yield Check("witnesses", latest.size - size <= LAG_MAX, seen, do)


def _seal(settings: Settings, pool: Pool, now: datetime) -> Check:
    last = last_seal(pool, Home(settings.home).identity().origin)
    age = _ago(now - last.accepted)
    covers = (
        Said(f"đến kích thước {last.size}, {age.vi}", f"covers size {last.size}, {age.en}")
        if last.size
        else Said("chưa có", "none yet")
    )
    seen = Said(
        f"{covers.vi}; từ đó thêm {last.since} mục", f"{covers.en}; {last.since} entries since"
    )
    if settings.seal_entries == 0:
        seen = Said(
            f"{seen.vi}; LEDGER_SEAL_ENTRIES=0: không tạo con dấu",
            f"{seen.en}; LEDGER_SEAL_ENTRIES=0: none is made",
        )
        return Check("seal", well=True, seen=seen)
    period = 2 * timedelta(seconds=settings.seal_s)
    late = last.is_due(now, 2 * settings.seal_entries, period)
    do = Said(
        "khóa của đơn vị vận hành có trong HOME/keys không? operate seal",
        "does the operator's key lie in HOME/keys? operate seal",
    )
    return Check("seal", not late, seen, do)


def _backup(home: Home, now: datetime) -> Check:
    last, do = last_backup(home), _both("techledger operate backup DIR")
    if last is None:
        return Check("backup", well=False, seen=Said("chưa bao giờ", "never"), do=do)
    age = now - datetime.fromisoformat(last["made"])
    where = f"{last['size']}, {last['directory']}"
    seen = Said(f"{_ago(age).vi}, kích thước {where}", f"{_ago(age).en}, size {where}")
    return Check("backup", age <= BACKUP_MAX, seen, do)


def _archive(settings: Settings, pool: Pool) -> Iterator[Check]:
    if not settings.wal_archive:
        return
    archiver = read_archiver(pool)
    seen = Said(
        f"{archiver.segments} đoạn, đoạn cuối {archiver.last or 'chưa có'}",
        f"{archiver.segments} segments, the last {archiver.last or 'never'}",
    )
    if archiver.failing:
        seen = Said(
            f"{seen.vi}; không lưu được {archiver.failing}",
            f"{seen.en}; {archiver.failing} cannot be archived",
        )
    do = Said(
        f"người dùng của máy chủ có ghi được vào {settings.wal_archive} không? còn chỗ không?",
        f"can the server's user write into {settings.wal_archive}? has it room?",
    )
    yield Check("archive", archiver.failing is None, seen, do)


def _models(pool: Pool) -> Check:
    size = read_head(pool).size
    models = folded(pool)
    lags = {name: size - each.size for name, each in models.items()}
    ill = [*troubles_of(models), *(f"{name} {why}" for name, why in unserved(pool).items())]
    late = {name: lag for name, lag in lags.items() if lag > LAG_MAX}
    seen = Said(
        ", ".join([*ill, *(f"{name} chậm {lag} mục" for name, lag in late.items())]) or "theo kịp",
        ", ".join([*ill, *(f"{name} is {lag} behind" for name, lag in late.items())]) or "follow",
    )
    do = Said(
        "techledger operate rebuild; bản nào vẫn không đọc được thì cần phiên bản sau",
        "techledger operate rebuild; what it cannot fold either, a later version may",
    )
    return Check("read models", not (ill or late), seen, do)


def _vault(settings: Settings) -> Check:
    home = Home(settings.home)
    try:
        home.data_keys(settings.vault, settings.kek_file).open()
        erased = len(Orders(home.erasures).read())
    except DataKeyError as error:
        return Check("vault", well=False, seen=_both(str(error)), do=_both("docs/guides/vault.md"))
    seen = Said("khóa mở được", "its keys open")
    if erased:
        seen = Said(
            f"{seen.vi}; {erased} cá nhân đã xóa từ khi sổ kết thúc",
            f"{seen.en}; {erased} persons erased since the log was closed",
        )
    return Check("vault", well=True, seen=seen)


def _room(settings: Settings) -> Check:
    disk = shutil.disk_usage(settings.home)
    least, share = ROOM
    well = disk.free >= least and disk.free >= share * disk.total
    free, total = disk.free >> 20, disk.total >> 20
    seen = Said(
        f"còn trống {free} MiB trên {total} tại {settings.home}",
        f"{free} MiB of {total} are free in {settings.home}",
    )
    do = Said(
        "dọn chỗ: đĩa đầy thì ngừng nhận, không mất gì",
        "make room: a full disk stops admission, and loses nothing",
    )
    return Check("room", well, seen, do)


def _ago(age: timedelta) -> Said:
    seconds = int(age.total_seconds())
    for unit, vi, length in (
        ("days", "ngày", 86_400),
        ("hours", "giờ", 3_600),
        ("minutes", "phút", 60),
    ):
        if seconds >= 2 * length:
            return Said(f"{seconds // length} {vi} trước", f"{seconds // length} {unit} ago")
    return Said(f"{seconds} giây trước", f"{seconds} seconds ago")
