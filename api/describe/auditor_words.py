"""What the auditor's pages say, and the steps of the verifier, in both languages."""

from collections.abc import Mapping

from api.describe.language import Said
from ledger.verify.outcome import Check

STEPS: Mapping[Check, Said] = {
    Check.TRUST: Said("Gốc tin cậy được xác định", "The trust root is pinned"),
    Check.CHECKPOINT: Said(
        "Điểm kiểm soát có chữ ký của mọi khóa của sổ",
        "The checkpoint is signed by every key of the log",
    ),
    Check.TREE: Said(
        "Mọi mục băm đúng vào cây, đến tận gốc", "Every entry hashes into the tree, up to the root"
    ),
    Check.GENESIS: Said("Mục 0 đúng là mục mở sổ", "Entry 0 is the one that opened the log"),
    Check.FORM: Said("Mọi mục đúng dạng đã quy định", "Every entry is of the form laid down"),
    Check.IDENTITY: Said(
        "Mọi sự kiện thuộc sổ này, đúng thời gian, có mặt một lần",
        "Every event is meant for this ledger, in time, and there once",
    ),
    Check.LISTS: Said(
        "Danh sách đối tượng và bên ký được sắp thứ tự", "Subjects and signers are sorted"
    ),
    Check.SIGNATURES: Said(
        "Mọi chữ ký đúng và ràng buộc, theo khóa có hiệu lực tại mục đó",
        "Every signature verifies, and binds by a key in force at its position",
    ),
    Check.CONSISTENCY: Said(
        "Điểm kiểm soát trước là phần đầu của sổ", "The earlier checkpoint is of a prefix"
    ),
    Check.HISTORY: Said(
        "Lịch sử được trình bày là trọn vẹn, đến cỡ của niêm phong",
        "What is shown of a subject is its whole history, up to the size of the seal",
    ),
    Check.OPENINGS: Said(
        "Mọi bản mở đúng với cam kết trong mục",
        "Every opening is of what an entry is committed to",
    ),
}

STATES: Mapping[str, Said] = {
    "passed": Said("đạt", "passed"),
    "unchecked": Said("chưa kiểm hết", "in part"),
    "not run": Said("không chạy", "not run"),
    "failed": Said("sai", "failed"),
}
"""How a step ended."""

KINDS: Mapping[str, Said] = {
    "report": Said(
        "Báo cáo PDF: gói chứng cứ bên trong, không phải các trang",
        "PDF report: the bundle inside, not its pages",
    ),
    "receipt": Said("Biên nhận", "Receipt"),
    "bundle": Said("Gói chứng cứ", "Evidence bundle"),
    "nothing": Said("Không rõ là gì", "Not known what"),
}
"""What was sent."""

AUDITOR: Mapping[str, Said] = {
    "audit": Said("Kiểm toán", "Audit"),
    "audit_says": Said(
        "Sổ có còn giữ nguyên những gì đã có ở điểm kiểm soát mà ông, bà giữ lại, và từ đó có "
        "gì mới?",
        "Does the log still hold all that it held at a checkpoint that you kept, and what is new?",
    ),
    "audit_ask": Said("Đối chiếu", "Compare"),
    "kept_checkpoint": Said("Điểm kiểm soát đã giữ", "The checkpoint that was kept"),
    "kept_checkpoint_hint": Said(
        "Dán nguyên văn, như /checkpoint đã trả: tên sổ, cỡ, gốc, rồi các dòng chữ ký.",
        "Paste it whole, as /checkpoint answered: the log's name, size, root, then the signatures.",
    ),
    "or_a_file": Said("hoặc chọn tệp", "or choose the file"),
    "unchanged": Said("KHÔNG ĐỔI", "UNCHANGED"),
    "changed": Said("ĐÃ KHÁC", "CHANGED"),
    "shorter": Said("NGẮN HƠN", "SHORTER"),
    "unchanged_says": Said(
        "{} mục đầu vẫn nguyên như khi đó; từ đó có thêm {} mục.",
        "The first {} entries are as they were then; {} have come since.",
    ),
    "changed_says": Said(
        "Sổ bây giờ không nối tiếp {} mục ấy. Nếu điểm kiểm soát do sổ ký thì sổ đã ký hai "
        "lịch sử: hãy giữ cả hai làm chứng cứ.",
        "The log of now does not continue those {} entries. If the log signed the checkpoint, "
        "it has signed two histories: keep both as evidence.",
    ),
    "shorter_says": Said(
        "Điểm kiểm soát có {} mục, sổ bây giờ chỉ có {}: máy chủ này chậm hơn, hoặc sổ bị đưa "
        "về bản cũ.",
        "The checkpoint has {} entries, the log has {} by now: this server lags, or the log "
        "was restored from an old copy.",
    ),
    "signed_by_log": Said(
        "Điểm kiểm soát đã đưa có chữ ký của mọi khóa của sổ lúc đó.",
        "The checkpoint that was sent is signed by all keys of the log of then.",
    ),
    "signature_not_shown": Said(
        "Địa chỉ này chỉ nêu cỡ và gốc: không kiểm được sổ có ký hay không. Dán cả điểm kiểm "
        "soát để kiểm.",
        "This address names a size and a root alone: whether the log signed them is not "
        "checked. Paste the checkpoint to have it checked.",
    ),
    "not_a_checkpoint": Said(
        "Đây không phải điểm kiểm soát mà sổ này đã ký. Dán lại nguyên văn, cả dòng trống và "
        "các dòng chữ ký, hoặc lấy lại từ nơi đã giữ.",
        "This is no checkpoint that this log has signed. Paste it whole, with the empty line "
        "and the signatures, or take it again from where it was kept.",
    ),
    "then_in_now": Said("Khi đó trong bây giờ", "What was, within what is"),
    "then": Said("khi đó", "then"),
    "now": Said("bây giờ", "now"),
    "new_by_kind": Said("Có gì mới, theo loại", "What is new, by kind"),
    "nothing_new": Said("Chưa có gì mới.", "Nothing is new."),
    "counted_kind": Said("Loại sự kiện", "Kind of event"),
    "how_many": Said("Số lượng", "Number"),
    "consistency_proof": Said("Chứng minh nhất quán", "Consistency proof"),
    "consistency_says": Said(
        "Từ các giá trị băm này ai cũng tính lại được cả gốc khi đó và gốc bây giờ (RFC 6962, "
        "mục 2.1.2).",
        "From these hashes anyone computes both roots again, that of then and that of now "
        "(RFC 6962, 2.1.2).",
    ),
    "own_machine": Said("Trên máy của mình", "On a machine of your own"),
    "own_machine_says": Said(
        "Trên đây là lời của máy chủ về chính sổ của nó. Điều đáng tin là kiểm trên máy của "
        "mình, với gốc tin cậy lấy từ nơi khác:",
        "This is a server's word about its own log. What counts is the check on a machine of "
        "your own, by a trust root from elsewhere:",
    ),
    "permalink_here": Said("Địa chỉ của lần đối chiếu này:", "The address of this comparison:"),
    "verify": Said("Kiểm tra chứng cứ", "Check evidence"),
    "verify_says": Said(
        "Đưa biên nhận, gói chứng cứ, báo cáo PDF hoặc chữ trong mã QR đã in: từng bước kiểm "
        "tra và bước nào sai.",
        "Bring a receipt, an evidence bundle, a PDF report or the text of a printed QR code: "
        "the check step by step, and which step fails.",
    ),
    "verify_ask": Said("Kiểm tra", "Check"),
    "what_is_checked": Said("Chữ cần kiểm tra", "The text to check"),
    "what_is_checked_hint": Said(
        "Biên nhận (JSON hoặc tlog-proof), gói chứng cứ (JSON), hoặc địa chỉ đọc từ mã QR. "
        "PDF thì chọn tệp. Nhiều nhất 1 MiB.",
        "A receipt (JSON or tlog-proof), a bundle (JSON), or the address read from a QR code. "
        "Choose a PDF as a file. At most 1 MiB.",
    ),
    "verified_yes": Said("ĐÚNG", "VERIFIED"),
    "verified_part": Said("ĐÚNG MỘT PHẦN", "IN PART"),
    "verified_no": Said("SAI", "REFUSED"),
    "verified_yes_says": Said("Mọi bước đều đạt.", "Every step has passed."),
    "verified_part_says": Said(
        "Không thấy gì sai, nhưng có điều chưa kiểm được, nêu dưới đây.",
        "Nothing is wrong, but something could not be checked, which is listed below.",
    ),
    "verified_no_says": Said("Không được coi là chứng cứ: {}", "It does not count as evidence: {}"),
    "leads_to": Said("Mã này dẫn đến trang:", "This code leads to the page:"),
    "leads_to_says": Said(
        "Địa chỉ không chứng minh gì; trang đó có nút kiểm tra.",
        "An address proves nothing; that page has a button to check.",
    ),
    "code_of_page": Said("ĐỊA CHỈ", "ADDRESS"),
    "nothing_sent": Said(
        "Chưa có gì để kiểm tra: dán chữ vào đây hoặc chọn tệp.",
        "There is nothing to check: paste a text here, or choose a file.",
    ),
    "steps": Said("Các bước", "Steps"),
    "not_checked": Said("Chưa kiểm được", "Could not be checked"),
    "check_in_browser": Said(
        "Kiểm tra ngay trong trình duyệt ở trang của mục",
        "Check it in this browser on the page of entry",
    ),
}
