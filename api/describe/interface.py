"""What pages say around an answer: their names, headings, the words of their links."""

from collections.abc import Mapping

from api.describe.language import Said

INTERFACE: Mapping[str, Said] = {
    "apart": Said(
        "Phần dưới đây không hỏi được như vậy, mà trả lời:",
        "What follows cannot be asked so, and answers:",
    ),
    "api": Said("Giao diện lập trình", "API"),
    "article": Said("điều luật", "article of law"),
    "ask_as": Said("hỏi theo", "ask by"),
    "ask_later": Said("hỏi lại sau {} giây", "ask again after {} s"),
    "as_known_at": Said("theo những gì sổ này biết lúc {}", "as known to this ledger at {}"),
    "as_known_to_entry": Said(
        "theo những gì sổ này biết đến mục {}", "as known to this ledger to entry {}"
    ),
    "as_known_by_office": Said(
        "theo sổ đăng bạ của cơ quan, biết đến ngày", "by the office's register, as known on"
    ),
    "by_ledger": Said("theo sổ này", "by this ledger"),
    "by_office": Said("theo sổ đăng bạ của cơ quan", "by the office's register"),
    "check_it_yourself": Said("Tự kiểm tra", "Check it yourself"),
    "checkpoint": Said("Điểm kiểm soát đã ký", "Signed checkpoint"),
    "code": Said("mã lỗi", "code"),
    "contract": Said("Hợp đồng", "Contract"),
    "day_of_effect": Said("Có hiệu lực từ", "With effect from"),
    "dependents": Said("Các quyền cấp phụ thuộc", "Licences that depend on it"),
    "detail": Said("chi tiết", "detail"),
    "dispute": Said("Tranh chấp", "Dispute"),
    "distribution": Said("Phân chia", "Distribution"),
    "download": Said("tải về", "download"),
    "download_all": Said(
        "Tải toàn bộ nhật ký về máy mình, rồi kiểm tra từng byte, từng chữ ký và từng quy tắc:",
        "Download the whole log, then check every byte, every signature and every rule:",
    ),
    "dues": Said("Được hưởng", "Dues"),
    "event": Said("Sự kiện", "Event"),
    "events": Said("Các sự kiện đến nay", "Events to date"),
    "form": Said("dạng", "form"),
    "health": Said("Tình trạng", "Health"),
    "holds": Said("Lệnh đang có hiệu lực", "Orders in force"),
    "in": Said("ở", "in"),
    "keys": Said("Khóa ký", "Keys"),
    "latest": Said("Sự kiện mới nhất", "Latest events"),
    "ledger": Said("Sổ cái giao dịch công nghệ", "Ledger of technology transactions"),
    "ledger_says": Said(
        "Mỗi sự kiện được ký bởi các bên mà nó ràng buộc",
        "Every event is signed by the parties that it binds",
    ),
    "liens": Said("Biện pháp bảo đảm, theo thứ hạng", "Liens, by rank"),
    "log": Said("Nhật ký", "Log"),
    "look_in_the_log": Said(
        "kiểm tra lại địa chỉ, hoặc tìm trong", "check the address, or look in the"
    ),
    "mandates": Said("Ủy quyền", "Mandates"),
    "mend_the_question": Said(
        "sửa phần câu hỏi của địa chỉ, hoặc để trống:",
        "mend what the address asks, or ask nothing more:",
    ),
    "metrics": Said("Số đo", "Metrics"),
    "money": Said("Tiền", "Money"),
    "more_lines": Said("và {} dòng nữa", "and {} more"),
    "more_subjects": Said("và {} đối tượng nữa", "and {} more subjects"),
    "next": Said("Xem tiếp", "Next"),
    "not_third_parties": Said("không xét đối với bên thứ ba", "not asked against third parties"),
    "nothing_published": Said(
        "Chưa có sự kiện nào được công bố.", "No event has been published yet."
    ),
    "office": Said("Cơ quan, quốc gia", "Office, country"),
    "only_here": Said(
        "Trang này chỉ trả lời theo sổ cái này và giữa các bên.",
        "This page answers by this ledger and between the parties only.",
    ),
    "operations": Said(
        "Mọi thao tác của sổ cái này qua HTTP. Có thể sinh chương trình khách từ openapi.json; lỗi"
        " theo RFC 9457, có mã cố định.",
        "Every operation of this ledger over HTTP. A client can be generated from openapi.json;"
        " errors are problems of RFC 9457 with a stable code.",
    ),
    "other_language": Said("English", "Tiếng Việt"),
    "overdue": Said("Quá hạn", "Overdue"),
    "parties": Said("giữa các bên", "between the parties"),
    "pages": Said("Trang", "Pages"),
    "parameter": Said("tham số", "parameter"),
    "party": Said("Bên", "Party"),
    "position": Said("Mục", "Entry"),
    "proof": Said("Bằng chứng", "Proof"),
    "recorded": Said("Ghi nhận (giờ Hà Nội)", "Recorded (Hà Nội time)"),
    "refused": Said(
        "Trang này không hiện được như đã hỏi", "This page cannot be shown as it was asked for"
    ),
    "remedy": Said("cách khắc phục", "what helps"),
    "required": Said("bắt buộc", "required"),
    "right": Said("Quyền", "Right"),
    "root": Said("Gốc", "Root"),
    "says": Said("nghĩa", "says"),
    "server_s_word": Said(
        "Trang này là lời máy chủ, chưa được kiểm chứng; mỗi mục có bằng chứng kiểm tra được ngoại"
        " tuyến.",
        "This page is the server's word and was not verified; each entry has a proof that can be"
        " checked offline.",
    ),
    "signed_at": Said("Ký lúc", "Signed at"),
    "signers": Said("Bên ký", "Signers"),
    "size": Said("Số mục", "Size"),
    "status": Said("Tình trạng", "Status"),
    "subjects": Said("Đối tượng", "Subjects"),
    "sublicences": Said("Cấp lại", "Sublicences"),
    "terms": Said("Điều khoản", "Terms"),
    "title": Said("Chủ sở hữu", "Owners"),
    "third_parties": Said("đối với bên thứ ba", "against third parties"),
    "true_on": Said("Đúng vào ngày", "True on"),
    "is_it": Said("Có phải là:", "Is it one of these:"),
    "unknown": Said("KHÔNG BIẾT: sổ cái không có gì về", "UNKNOWN: the log says nothing of"),
    "unknown_is_not_no": Said(
        "Đó không phải là «không có».", "That is not to say that there is nothing."
    ),
    "value": Said("giá trị", "value"),
    "versions": Said("Các phiên bản", "Versions"),
    "vouched": Said("khóa được bảo lãnh", "key vouched for"),
    "vouched_unknown": Said("chưa xét khóa được bảo lãnh", "not known whether vouched for"),
}
"""By name; a template that names another fails."""

ASKED_AS: Mapping[str, Said] = {
    "after": Said("một số mục, ví dụ 12", "the number of an entry, such as 12"),
    "effect": Said(
        "parties (giữa các bên) hoặc third_parties (đối với bên thứ ba)",
        "parties (between them) or third_parties (against these)",
    ),
    "known_at": Said(
        "một số mục, một thời điểm như 2026-11-27T03:00:00.000Z, hoặc với known_by=office một ngày",
        "an entry, an instant such as 2026-11-27T03:00:00.000Z, or with known_by=office a day",
    ),
    "known_by": Said(
        "ledger (sổ này) hoặc office (sổ đăng bạ của cơ quan)",
        "ledger (this one) or office (the office's register)",
    ),
    "true_on": Said("một ngày có thật, ví dụ 2026-11-30", "a day that there is: 2026-11-30"),
}
"""What a page can be asked beside its subject, and as what."""
