"""What the pages of law, refusals and types of events say around their rows."""

from collections.abc import Mapping

from api.describe.language import Said

RULEBOOK: Mapping[str, Said] = {
    "any_event": Said("Mọi sự kiện đều có thể gặp mã này.", "Any event can meet it."),
    "applies_where": Said("Áp dụng khi (theo mã)", "Applies where (by codes)"),
    "codes_of_type": Said("Có thể bị từ chối vì", "What can refuse it"),
    "edition": Said("Bộ dữ liệu pháp luật", "Law data"),
    "editions_adopted": Said(
        "Các bộ dữ liệu mà sổ này đã áp dụng", "Law data that this ledger adopted"
    ),
    "event_types": Said("Các loại sự kiện", "Types of events"),
    "event_types_lead": Said(
        "{} loại sự kiện có thể được ghi vào sổ này.", "{} types of events can be recorded here."
    ),
    "example": Said("Ví dụ", "Example"),
    "final_no": Said(
        "Không: gửi lại chính các byte đó có thể được chấp nhận sau này.",
        "No: the same bytes may be admitted later.",
    ),
    "final_yes": Said(
        "Có: khi mọi người ký đã ký, chính các byte đó không bao giờ được ghi; phải lập sự kiện"
        " mới.",
        "Yes: once all its signers have signed, the same bytes are never recorded; it takes a new"
        " event.",
    ),
    "is_final": Said("Từ chối hẳn?", "Refused for good?"),
    "law": Said("Pháp luật", "Law"),
    "law_lead": Said(
        "Vào {}, sổ này xét theo {} quy tắc của {} văn bản.",
        "On {}, this ledger judges by {} rules of {} instruments.",
    ),
    "type_members": Said("Nội dung sự kiện", "What it says"),
    "no_law": Said(
        "Vào ngày đó, bộ dữ liệu này chưa có quy tắc nào.",
        "On that day these law data have no rule.",
    ),
    "no_rule_of_its_own": Said(
        "Loại này không có quy tắc riêng; các mã chung cho mọi sự kiện vẫn áp dụng.",
        "It has no rule of its own; those of any event apply.",
    ),
    "part": Said("Phần", "Part"),
    "read_how": Said("Đọc từ", "Read from"),
    "refusals": Said("Mã từ chối", "Codes of refusals"),
    "refusals_lead": Said(
        "{} mã mà máy chủ này có thể trả lời, mỗi mã một nghĩa không đổi.",
        "{} codes that this server can answer, each with one meaning that stays.",
    ),
    "refuses_types": Said("Từ chối các sự kiện", "Events that it refuses"),
    "rests_on_law": Said("Văn bản pháp luật", "Instruments of law"),
    "who_signs": Said("Ai ký", "Who signs"),
    "http_status": Said("trạng thái HTTP", "HTTP status"),
    "in_force": Said("Hiệu lực", "In force"),
    "what_helps": Said("Cách khắc phục", "What helps"),
    "what_helps_not": Said("Vì sao không khắc phục được", "Why nothing helps"),
    "within_meaning": Said(
        "Dấu … là giá trị của từng trường hợp, có trong câu trả lời.",
        "An … is a value of the case, which the answer tells.",
    ),
}

TRUSTED: Mapping[str, Said] = {
    "T": Said("văn bản pháp luật", "the text of the law"),
    "S": Said("nguồn thứ cấp", "a secondary source"),
    "M": Said("trí nhớ, cần đối chiếu văn bản", "memory: to be checked against the text"),
}
"""From where a row of law data was read."""

FAMILIES: Mapping[str, Said] = {
    "contracts": Said("Hợp đồng", "Contracts"),
    "disputes": Said("Tranh chấp", "Disputes"),
    "form": Said("Không phải sự kiện hợp lệ", "Input that is no event"),
    "general": Said("Chung", "General"),
    "government": Said("Quản trị sổ", "Government of the ledger"),
    "market": Said("Sàn giao dịch", "Market"),
    "parties": Said("Các bên, khóa và chữ ký", "Parties, keys and signatures"),
    "revenue": Said("Tiền", "Money"),
    "rights": Said("Quyền và công nghệ", "Rights and technologies"),
    "service": Said("Máy chủ", "The server"),
}
"""What the families of types and of codes are called."""
