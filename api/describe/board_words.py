"""What the operator's board says: its rows, and where the runbook has more of each."""

from collections.abc import Mapping
from typing import NamedTuple

from api.describe.language import Said


class Row(NamedTuple):
    """What a row of the board is called, and the heading in docs/runbook.md that it leads to."""

    called: Said
    runbook: str


ROWS: Mapping[str, Row] = {
    "ready": Row(Said("Nhận và ký sự kiện", "Takes events and signs them"), "WorkerFailing"),
    "halt": Row(Said("Lệnh dừng", "Halt"), "LogHalted"),
    "publisher": Row(Said("Tiến trình ký", "Publisher"), "EntriesNotSigned"),
    "checkpoint": Row(Said("Điểm kiểm soát cuối", "Last checkpoint"), "EntriesNotSigned"),
    "witnesses": Row(Said("Nhân chứng", "Witnesses"), "WitnessesBehind"),
    "read models": Row(Said("Mô hình đọc", "Read models"), "ReadModelBehind"),
    "room": Row(Said("Đĩa", "Disk"), "DiskFilling"),
    "backup": Row(Said("Bản sao lưu cuối", "Last backup"), "BackupOld"),
    "archive": Row(Said("Lưu trữ WAL", "WAL archive"), "BackupOld"),
    "seal": Row(Said("Con dấu cuối", "Last seal"), "SealOld"),
    "promises": Row(Said("Lời hứa trả lời", "Promises"), "PromisesLate"),
    "refusals": Row(Said("Chữ ký từ chối", "Signed refusals"), "PromisesLate"),
    "vault": Row(Said("Kho bản mở", "Vault"), "CannotStore"),
    "clock": Row(Said("Đồng hồ", "Clock"), "CannotStore"),
    "schema": Row(Said("Lược đồ dữ liệu", "Database schema"), "CannotStore"),
}
"""By the name of the check of `techledger operate status`, in the order of the board."""

BOARD: Mapping[str, Said] = {
    "board": Said("Bảng vận hành", "Operator's board"),
    "board_asked": Said("Trạng thái", "State"),
    "board_door": Said(
        "Bảng vận hành của máy này: ký, nhân chứng, đĩa, sao lưu, câu hỏi chậm",
        "This machine's operator: signing, witnesses, disk, backups, slow questions",
    ),
    "board_do": Said("Việc cần làm:", "What to do:"),
    "board_ill": Said("{} mục cần xem: {}.", "{} to be seen to: {}."),
    "board_on_loopback": Said(
        "Trang này chỉ trả lời trên chính máy chủ; từ nơi khác, hoặc qua proxy, nó không có ở đó.",
        "This page answers on the machine itself only; from elsewhere, or through a proxy, it is"
        " not there.",
    ),
    "board_unasked": Said("{} mục không xem được: {}.", "{} cannot be looked at: {}."),
    "board_well": Said("Mọi thứ đều ổn.", "All is well."),
    "all_follow": Said("Cả {} mô hình đọc theo kịp sổ.", "All {} read models follow the log."),
    "entries_behind": Said("chậm {} mục", "{} entries behind"),
    "since_start": Said(
        "Từ khi tiến trình này chạy; chỉ nhớ đường dẫn, không nhớ nội dung hỏi.",
        "Since this process began; paths are remembered, not what was asked behind them.",
    ),
    "hour_refused": Said("Bị từ chối mỗi phút", "Refused a minute"),
    "hour_requests": Said("Yêu cầu mỗi phút", "Requests a minute"),
    "hour_slowest": Said("Câu hỏi chậm nhất mỗi phút", "Slowest question a minute"),
    "last_hour": Said("Một giờ qua", "The last hour"),
    "most_in_minute": Said("nhiều nhất {}", "at most {}"),
    "no_refusals": Said("Chưa từ chối yêu cầu nào.", "Nothing has been refused."),
    "none_slow": Said("Không có câu hỏi nào chậm.", "No question was slow."),
    "read_models": Said("Mô hình đọc", "Read models"),
    "refused_by_code": Said("Từ chối theo mã", "Refusals by code"),
    "refused_samples": Said("Gần đây nhất", "Most recent"),
    "refused_times": Said("Số lần", "Times"),
    "runbook": Said("Sổ tay vận hành", "Runbook"),
    "slow_questions": Said("Câu hỏi chậm (từ {} giây)", "Slow questions (from {} s)"),
    "state_ill": Said("CẦN XEM", "SEE TO IT"),
    "state_unasked": Said("KHÔNG HỎI ĐƯỢC", "NOT KNOWN"),
    "state_well": Said("ỔN", "WELL"),
    "state_strip": Said(
        "{} ổn, {} cần xem, {} không hỏi được",
        "{} well, {} to be seen to, {} not known",
    ),
    "witness_contradicts": Said("NÓI NGƯỢC LẠI", "CONTRADICTS"),
    "witness_cosigned": Said(
        "đồng ký kích thước {}, {} giây trước", "cosigned size {}, {} seconds ago"
    ),
    "witness_never": Said(
        "chưa đồng ký từ khi tiến trình này chạy", "not since this process began"
    ),
}
