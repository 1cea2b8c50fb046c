"""The questions in words, what they are about, and what the pages around them say."""

from collections.abc import Mapping

from api.describe.language import Said

QUESTION_WORDS: Mapping[str, Said] = {
    "ask_by_api": Said("Hỏi qua API", "By the API"),
    "ask_by_command": Said("Hỏi bằng lệnh", "By a command"),
    "ask_on_page": Said("Xem trang", "Its page"),
    "asked_of": Said("Các tham số", "What it can be asked"),
    "documents_lead": Said(
        "Sổ này ghi gì, trả lời câu hỏi nào, theo luật nào và từ chối vì sao.",
        "What this ledger records, which questions it answers, by which law, and why it refuses.",
    ),
    "docs_api": Said("Mọi địa chỉ HTTP, với ví dụ.", "Every HTTP address, with examples."),
    "docs_event_types": Said(
        "Mỗi loại sự kiện: nói gì, ai ký, vì sao bị từ chối, ví dụ.",
        "Each type of event: what it says, who signs, what refuses it, an example.",
    ),
    "docs_law": Said(
        "Quy tắc pháp luật có hiệu lực vào một ngày.", "The rules of law in force on a day."
    ),
    "docs_questions": Said(
        "Mọi câu hỏi, với ví dụ chạy được trên chính sổ này.",
        "Every question, with examples that run on this very ledger.",
    ),
    "docs_refusals": Said(
        "Mỗi mã: nghĩa, điều luật, cách khắc phục.",
        "Each code: what it means, its article, what helps.",
    ),
    "docs_verify": Said(
        "Kiểm tra biên nhận, gói bằng chứng, báo cáo, mã in.",
        "Check a receipt, a bundle, a report, a printed code.",
    ),
    "docs_audit": Said(
        "Đối chiếu sổ với điểm kiểm soát đã giữ.", "Hold the log to a checkpoint that was kept."
    ),
    "documents_here": Said("Tài liệu", "Documentation"),
    "must_be_given": Said("bắt buộc", "required"),
    "no_example": Said(
        "Sổ này chưa ghi gì để hỏi câu này.",
        "This ledger has recorded nothing yet of which it could be asked.",
    ),
    "questions": Said("Các câu hỏi", "Questions"),
    "questions_lead": Said(
        "Sổ này trả lời {} câu hỏi; ví dụ lấy từ {} mục của chính nó.",
        "This ledger answers {} questions; the examples are from its own {} entries.",
    ),
}

ABOUT: Mapping[str, Said] = {
    "events": Said("Sự kiện", "Events"),
    "technologies": Said("Công nghệ", "Technologies"),
    "rights": Said("Quyền", "Rights"),
    "licences": Said("Li-xăng", "Licences"),
    "market": Said("Sàn giao dịch", "Market"),
    "offers": Said("Đề nghị", "Offers"),
    "contracts": Said("Hợp đồng", "Contracts"),
    "money": Said("Tiền", "Money"),
    "figures": Said("Số liệu", "Figures"),
    "disputes": Said("Tranh chấp", "Disputes"),
    "findings": Said("Mâu thuẫn", "Findings"),
    "law": Said("Pháp luật", "Law"),
    "search": Said("Tìm", "Search"),
    "subjects": Said("Đối tượng", "Subjects"),
    "parties": Said("Các bên", "Parties"),
    "keys": Said("Khóa", "Keys"),
    "documents": Said("Văn bản", "Documents"),
    "projections": Said("Mô hình đọc", "Read models"),
}
"""What questions are about, by the tag of their operation."""

IN_VIETNAMESE: Mapping[str, str] = {
    "listEvents": "Sổ đã ghi gì, mới nhất hay cũ nhất trước?",
    "getTechnology": "Sổ biết gì về công nghệ này?",
    "getAuthorMinimum": "Quy tắc nào của luật ấn định mức tối thiểu của tác giả?",
    "getTitle": "Ai sở hữu quyền này vào một ngày?",
    "getChain": "Quyền này đã qua tay những ai?",
    "getLiens": "Quyền này bảo đảm cho những nghĩa vụ nào?",
    "getStatus": "Quyền này có hiệu lực không?",
    "getStatusHistory": "Tình trạng của quyền này đã được biết ra sao, theo từng lần biết thêm?",
    "getLapseEffects": "Đã trả gì cho những ngày sau khi quyền chấm dứt?",
    "getExclusive": "Có ai độc quyền trong lĩnh vực này, ở đó, giữa những ngày này không?",
    "getLeftToGrant": "Quyền này còn có thể cấp những gì?",
    "getDependents": "Li-xăng nào chấm dứt cùng quyền này, phải báo cho ai?",
    "getTechnologyExclusive": (
        "Có ai độc quyền với công nghệ này, ở đó, cho việc đó, giữa những ngày này không?"
    ),
    "getTechnologyLeftToGrant": "Công nghệ này còn có thể cấp những gì?",
    "checkLicence": "Bên này có được phép không, theo những sự kiện nào?",
    "listListings": "Trên sàn có gì, theo lĩnh vực, loại, mức sẵn sàng và giá?",
    "getListing": "Tin hay nhu cầu này ra sao vào một ngày?",
    "getMatches": "Trên sàn có gì khớp lĩnh vực của tin này?",
    "listOffers": "Các đề nghị ra sao vào một thời điểm?",
    "getOffer": "Đề nghị này còn ngỏ không, từ đâu đến, đi tới đâu?",
    "listRegistrations": "Hợp đồng nào phải trình Nhà nước, cái nào nộp muộn?",
    "listDuties": "Việc gì phải làm trước ngày nào, việc gì đã quá hạn?",
    "getTerms": "Điều khoản nào có hiệu lực vào một ngày, theo những gì biết khi nào?",
    "listVersions": "Ai đã đổi điều khoản, khi nào?",
    "diffVersions": "Hai phiên bản khác nhau ở đâu, ai đã ký?",
    "getSublicences": "Đã cấp lại những gì theo hợp đồng này, từng tầng một?",
    "getRevenue": "Tiền của hợp đồng này ra sao?",
    "getComputation": "Khoản phân chia này được tính thế nào?",
    "getDues": "Bên này được hưởng bao nhiêu?",
    "getShare": "Mọi người hưởng lợi có tự mình đồng ý không?",
    "getOverdue": "Báo cáo và khoản tiền nào quá hạn, bao nhiêu ngày, lãi bao nhiêu?",
    "getMinimum": "Bên nhận có đạt mức tối thiểu của một năm không?",
    "getFigures": "Một năm đã giao kết và trả những gì?",
    "getDispute": "Đã yêu cầu, ra lệnh, hủy lệnh và phán quyết những gì?",
    "getFalls": "Nếu sự kiện này vô hiệu từ đầu, còn gì đổ theo?",
    "getHolds": "Lệnh nào đang giữ đối tượng này?",
    "listFindings": "Những gì đã ghi mâu thuẫn với nhau ở đâu?",
    "listEditions": "Sổ xét theo những bộ quy tắc và dữ liệu pháp luật nào, từ khi nào?",
    "getGrounds": "Sự kiện này được xét theo những quy tắc pháp luật nào?",
    "search": "Tìm được gì theo một đoạn chữ?",
    "getTimeline": "Đối tượng này có những sự kiện nào?",
    "getParty": "Bên này là ai vào một ngày, theo những gì đã biết?",
    "getPartyKeys": "Bên này có những khóa nào?",
    "getMandates": "Ai được ký thay bên này?",
    "getPower": "Người ký có quyền ràng buộc bên này vào một ngày không?",
    "getRelations": "Bên này có quan hệ với ai?",
    "listPartyRights": "Bên này có phần trong những quyền nào?",
    "listPartyContracts": "Bên này có những hợp đồng nào?",
    "listPartyOffers": "Bên này đã gửi hoặc nhận những đề nghị nào?",
    "getKey": "Khóa này của ai, từ đâu đến đâu?",
    "getSigned": "Khóa này đã ký những gì?",
    "getDocuments": "Đã giao những văn bản nào theo hợp đồng này?",
    "getDocument": "Văn bản này đã qua những gì, ai đã mở?",
    "listProjections": "Các mô hình đọc đã theo tới đâu?",
    "getProjectionDifference": "Mô hình đọc và sổ khác nhau từ sự kiện nào?",
    "getProjectionDigest": "Mã băm của một mô hình đọc sau một số mục là gì?",
}
"""Each question by its operation; in English it is the summary that the API has."""
