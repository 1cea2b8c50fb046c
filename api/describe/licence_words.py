"""What the pages of the licence check say around the question and the answer."""

from collections.abc import Mapping

from api.describe.language import Said

LICENCE: Mapping[str, Said] = {
    "all_terms": Said("Mọi điều khoản vào ngày đó", "All terms on that day"),
    "answer_as_json": Said("Câu trả lời qua API (JSON)", "The answer by the API (JSON)"),
    "any_right": Said("quyền hoặc công nghệ bất kỳ", "any right or technology"),
    "as_known_then": Said(
        "Hỏi theo những gì sổ này biết vào một lúc trước đây",
        "Ask by what this ledger knew at an earlier time",
    ),
    "ask_licence": Said("Kiểm tra", "Check"),
    "asked_there": Said("nơi được hỏi", "asked about"),
    "change_the_question": Said("Sửa câu hỏi", "Change the question"),
    "check_this": Said("Kiểm tra li-xăng", "Check a licence"),
    "choose_place": Said("(chọn nơi)", "(choose a place)"),
    "command_says": Said(
        "Hỏi lại từ máy mình: lệnh này kiểm chứng sổ, tự tính câu trả lời rồi so với máy chủ:",
        "Ask it from one's own machine: this verifies the log, computes the answer and compares:",
    ),
    "contradicted": Said(
        "Những gì đã ghi nhận sau đó mâu thuẫn với:", "What was recorded later contradicts:"
    ),
    "does_what": Said("Làm việc gì?", "Does what?"),
    "does_where": Said("Ở đâu?", "Where?"),
    "does_where_hint": Said(
        "Ví dụ: Đà Nẵng. Có 34 tỉnh, thành phố, cả nước, các nước khác, và 63 tỉnh trước"
        " 01/7/2025.",
        "For example: Đà Nẵng. There are the 34 provinces, all of Việt Nam, other countries, and"
        " the 63 provinces of before 1 July 2025.",
    ),
    "error": Said("Lỗi:", "Error:"),
    "evidence": Said("Gói bằng chứng của các mục này", "Evidence bundle of these entries"),
    "field_not_known": Said("Không biết lĩnh vực nào", "The field is not known"),
    "field_open": Said(
        "không nêu: hỏi cho mọi lĩnh vực", "none was named: it is asked for every field"
    ),
    "for_what": Said("Trong lĩnh vực nào, với sản phẩm gì?", "In which field, with what product?"),
    "for_what_hint": Said(
        "Mã IPC hoặc VSIC, hoặc vài chữ. Ví dụ: C09D, 20, sơn. Không biết thì đánh dấu ô bên dưới.",
        "A symbol of the IPC or of VSIC, or some words. For example: C09D, 20, paints. If it is not"
        " known, tick the box below.",
    ),
    "grant_covers": Said("cho phép;", "permits it;"),
    "grant_depends": Said("cho phép hay không là tùy:", "permits it or not, depending on:"),
    "grant_lacks": Said("không đủ vì:", "does not reach:"),
    "granted_by": Said("bên cấp:", "granted by"),
    "granted_in_part": Said("được cấp một phần", "granted in part"),
    "granted_there": Said("được cấp", "granted"),
    "licence_check": Said("Kiểm tra li-xăng", "Licence check"),
    "licence_check_says": Said(
        "Một bên có được phép làm việc này, ở nơi này, vào ngày này không? Sổ cái trả lời kèm lý"
        " do, thời hạn và bằng chứng, in ra được.",
        "May a party do this, here, on this day? The ledger answers with the reasons, until when,"
        " and the proof, ready to be printed.",
    ),
    "licensed_for_these": Said(
        "Được cấp cho các lĩnh vực sau; hỏi lại cho một lĩnh vực:",
        "It is licensed for these fields; ask again for one of them:",
    ),
    "mend_first": Said("Cần sửa hoặc chọn trước khi trả lời", "To be mended or chosen first"),
    "more_grants": Said("Còn {} quyền cấp nữa:", "{} more grants:"),
    "no_entries": Said(
        "Câu trả lời không dựa vào mục nào: sổ không ghi gì.",
        "The answer rests on no entry: nothing is recorded.",
    ),
    "no_grant_at_all": Said(
        "Sổ cái không ghi quyền cấp nào cho bên này trên điều được hỏi.",
        "No grant to this party on what was asked about is recorded.",
    ),
    "not_granted_there": Said("không được cấp", "not granted"),
    "on_which_day": Said("Vào ngày nào?", "On which day?"),
    "on_which_day_hint": Said("Để trống là hôm nay.", "Left empty it is today."),
    "proof_says": Said("Câu trả lời dựa vào:", "The answer rests on:"),
    "side_failed": Said("không đạt", "not met"),
    "side_met": Said("đạt", "met"),
    "side_open": Said("chưa rõ", "open"),
    "side_told": Said("lưu ý", "note"),
    "terms_that_day": Said("Điều khoản vào ngày đó", "Terms on that day"),
    "third_parties_too": Said(
        "cả đối với bên thứ ba (người ngoài hợp đồng)", "against third parties, too"
    ),
    "towards_whom": Said("Đối với ai?", "Towards whom?"),
    "towards_whom_hint": Said(
        "Bên thứ ba là người ngoài hợp đồng; có loại quyền phải ghi vào sổ đăng bạ mới có hiệu lực"
        " với họ.",
        "Third parties are outside the contract; with some kinds of rights a licence holds against"
        " them only once it is in the register.",
    ),
    "under_which_right": Said("Theo quyền, công nghệ nào?", "Under which right or technology?"),
    "under_which_right_hint": Said(
        "Tên, số đơn hoặc số bằng, ví dụ 1-2024-00026. Để trống là quyền bất kỳ.",
        "A title or a number, such as 1-2024-00026. Left empty it is any right.",
    ),
    "what_was_asked": Said("Câu hỏi", "The question"),
    "where_granted": Said(
        "Nơi được cấp, trong 34 tỉnh, thành phố", "Where granted, in 34 provinces"
    ),
    "who_does": Said("Bên nào làm?", "Who does it?"),
    "who_does_hint": Said(
        "Tên đầy đủ, hoặc mã số thuế 10 chữ số, ví dụ 0100000028.",
        "The whole name, or the tax code of 10 digits, such as 0100000028.",
    ),
    "whole_answer": Said("Toàn bộ câu trả lời", "The whole answer"),
    "why": Said("Vì sao", "Why"),
    "why_licensed": Said(
        "Có quyền cấp đạt mọi mặt của câu hỏi.", "There is a grant that meets every side of it."
    ),
    "why_not_licensed": Said(
        "Không quyền cấp nào đạt mọi mặt của câu hỏi. Từng quyền cấp thiếu gì:",
        "No grant meets every side of it. What each of them lacks:",
    ),
}
"""By name, as `INTERFACE`, of which they are."""
