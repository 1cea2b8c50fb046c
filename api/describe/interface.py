"""What pages say around an answer: their names, headings, the words of their links."""

from collections.abc import Mapping

from api.describe.auditor_words import AUDITOR
from api.describe.board_words import BOARD
from api.describe.duty_words import DUTY_WORDS
from api.describe.figures_words import FIGURES_WORDS
from api.describe.language import Said
from api.describe.licence_words import LICENCE
from api.describe.question_words import QUESTION_WORDS
from api.describe.rulebook_words import RULEBOOK

INTERFACE: Mapping[str, Said] = {
    **AUDITOR,
    **BOARD,
    **DUTY_WORDS,
    **LICENCE,
    **RULEBOOK,
    **FIGURES_WORDS,
    **QUESTION_WORDS,
    "ask_again": Said("Hỏi", "Ask"),
    "ask_today": Said(
        "Hỏi về hôm nay, theo mọi điều đã biết", "Ask of today, by all that is known"
    ),
    "all_events": Said("Xem mọi sự kiện", "See all events"),
    "alike": Said("Tên đọc giống hệt, là bên khác:", "Another party, whose name reads the same:"),
    "all_kinds": Said("Tất cả", "All"),
    "apart": Said(
        "Phần dưới đây không hỏi được như vậy, mà trả lời:",
        "What follows cannot be asked so, and answers:",
    ),
    "any": Said("bất kỳ", "any"),
    "api": Said("Giao diện lập trình", "API"),
    "article": Said("điều luật", "article of law"),
    "as_signed": Said("Nguyên văn đã ký (JSON)", "As it was signed (JSON)"),
    "ask_as": Said("hỏi theo", "ask by"),
    "ask_later": Said("hỏi lại sau {} giây", "ask again after {} s"),
    "as_known_at": Said("theo những gì sổ này biết lúc {}", "as known to this ledger at {}"),
    "as_known_to_entry": Said(
        "theo những gì sổ này biết đến mục {}", "as known to this ledger to entry {}"
    ),
    "as_known_by_office": Said(
        "theo sổ đăng bạ của cơ quan, biết đến ngày", "by the office's register, as known on"
    ),
    "because_field": Said("Khớp vì cùng lĩnh vực:", "It matches by its field:"),
    "by_ledger": Said("theo sổ này", "by this ledger"),
    "by_office": Said("theo sổ đăng bạ của cơ quan", "by the office's register"),
    "carries": Said("Những gì dựa vào mục này", "What rests on it"),
    "carries_nothing": Said(
        "Không có gì đổ theo nếu mục này vô hiệu từ đầu.",
        "Nothing falls if this entry is void from the start.",
    ),
    "case": Said("Hồ sơ vụ tranh chấp", "Case file"),
    "chain": Said("Chuỗi quyền sở hữu", "Chain of title"),
    "check_it_yourself": Said("Tự kiểm tra", "Check it yourself"),
    "check_offline": Said(
        "Kiểm tra ngoại tuyến, không cần tin máy chủ này, bằng một lệnh:",
        "Check what it rests on, without trusting this server, by one command:",
    ),
    "checkpoint": Said("Điểm kiểm soát đã ký", "Signed checkpoint"),
    "clock_gone": Said("Đã qua {}% thời hạn trả lời", "{}% of the time to answer has passed"),
    "by_events": Said("Các sự kiện làm thay đổi", "The events that changed it"),
    "changed_by": Said("Đổi bởi", "Changed by"),
    "choose_versions": Said("Chọn hai phiên bản", "Choose two versions"),
    "compare": Said("So sánh", "Compare"),
    "compared": Said("So sánh phiên bản", "Versions compared"),
    "code": Said("mã lỗi", "code"),
    "contract": Said("Hợp đồng", "Contract"),
    "contracts": Said("Hợp đồng", "Contracts"),
    "count_contracts": Said("hợp đồng đã ký", "contracts concluded"),
    "count_disputes": Said("vụ tranh chấp", "disputes"),
    "count_entries": Said("mục trong sổ", "entries"),
    "count_listings": Said("tin và nhu cầu đang mở", "open listings and needs"),
    "count_parties": Said("bên đã đăng ký", "parties registered"),
    "count_rights": Said("đơn đăng ký quyền", "applications for rights"),
    "count_technologies": Said("công nghệ đã khai báo", "technologies declared"),
    "counted_contracts": Said("{} là bên của {} hợp đồng.", "{} is party to {} contracts."),
    "counted_events": Said("Có {} sự kiện như đã hỏi.", "Events: {}."),
    "counted_listings": Said("Có {} tin và nhu cầu như đã hỏi.", "Listings and needs: {}."),
    "counted_offers": Said(
        "{} đã gửi hoặc nhận {} đề nghị như đã hỏi.", "{} made or received {} such offers."
    ),
    "counted_rights": Said("{} có phần trong {} quyền.", "{} has a share in {} rights."),
    "day_bar": Said("Ngày được hỏi và những gì đã biết", "The day asked about, and what was known"),
    "day_of_effect": Said("Có hiệu lực từ", "With effect from"),
    "deed_followed": Said("Văn bản đã ký theo đó", "What was concluded on it"),
    "dependents": Said("Các quyền cấp phụ thuộc", "Licences that depend on it"),
    "detail": Said("chi tiết", "detail"),
    "dispute": Said("Tranh chấp", "Dispute"),
    "distribution": Said("Phân chia", "Distribution"),
    "documents": Said("Văn bản đã giao", "Documents handed over"),
    "door_api": Said(
        "Mọi thao tác qua HTTP, cho người viết chương trình.",
        "Every operation over HTTP, for who writes a program.",
    ),
    "door_audit": Said(
        "Kiểm toán viên: tải cả nhật ký về, kiểm từng chữ ký, từng quy tắc, không cần tin máy chủ.",
        "Auditors: take the whole log home, check each signature and rule, trusting no server.",
    ),
    "door_dispute": Said(
        "Người giải quyết tranh chấp: tìm vụ theo số, theo bên; mở hồ sơ và in.",
        "Resolvers: find a case by its number or its parties, open its file, print it.",
    ),
    "door_figures": Said(
        "Cơ quan quản lý: hợp đồng và tiền của một năm, theo tháng, lĩnh vực và trụ sở.",
        "Departments: the deals and the money of a year, by month, field and seat.",
    ),
    "door_licence": Said(
        "Cán bộ: một bên có được làm việc này, ở đây, vào ngày này không?",
        "Officers: may this party do this, here, on this day?",
    ),
    "door_market": Said(
        "Bên mua, bên bán: tin và nhu cầu đang mở, theo lĩnh vực, TRL, giá.",
        "Buyers and sellers: open listings and needs by field, readiness and price.",
    ),
    "doubt": Said("nghi ngờ", "doubt"),
    "download_all": Said(
        "Tải toàn bộ nhật ký về máy mình, rồi kiểm tra từng byte, từng chữ ký và từng quy tắc:",
        "Download the whole log, then check every byte, every signature and every rule:",
    ),
    "dues": Said("Được hưởng", "Dues"),
    "event": Said("Sự kiện", "Event"),
    "event_id": Said("Mã sự kiện", "Event id"),
    "events": Said("Các sự kiện đến nay", "Events to date"),
    "effect": Said("giữa ai với ai", "between whom"),
    "found_again": Said("Tìm lại đúng trang này tại", "This very page is found again at"),
    "no_offers": Said(
        "Không có đề nghị nào như vậy. Bỏ bớt điều kiện, hoặc xem các tin trên sàn.",
        "There is no such offer. Ask for less, or look at the market.",
    ),
    "no_rights": Said(
        "Không có quyền nào vào ngày đó. Hỏi một ngày khác, hoặc tìm quyền theo tên, số văn bằng.",
        "There is no right on that day. Ask of another day, or find the right by its name or"
        " number.",
    ),
    "no_witness": Said("không có nhân chứng đồng ký", "no witness cosigns it"),
    "witnesses": Said("Nhân chứng", "Witnesses"),
    "witnessed": Said(
        "{} trên {} nhân chứng đồng ký kích thước {}", "{} of {} witnesses cosigned size {}"
    ),
    "feed": Said("Các sự kiện trong sổ", "Events of the ledger"),
    "field": Said("Lĩnh vực", "Field"),
    "field_hint": Said("mã IPC, VSIC hoặc tên", "IPC, VSIC, or words"),
    "find": Said("Tìm", "Find"),
    "find_what": Said(
        "Tên, mã số thuế, số văn bằng, số hợp đồng, mã…",
        "Name, tax code, patent number, contract number, id…",
    ),
    "found_as": Said("tìm thấy theo", "found by"),
    "found_by": Said("Tìm thấy: {}.", "Found: {}."),
    "found_for": Said("Kết quả tìm", "Found for"),
    "found_near": Said(
        "Không có gì đúng như đã gõ; đây là gần giống.", "Nothing reads so; these are near."
    ),
    "found_nothing": Said("Không tìm thấy gì.", "Nothing is found."),
    "found_some": Said(
        "Không có gì đủ các từ; đây là có một số từ.", "Nothing has all the words; these have some."
    ),
    "form": Said("dạng", "form"),
    "from_version": Said("Từ phiên bản", "From version"),
    "halted": Said("SỔ ĐÃ DỪNG KÝ.", "THE LOG IS HALTED."),
    "halted_says": Said(
        "Không nhận gì thêm; những gì đã ký vẫn đọc và kiểm tra được. Lý do:",
        "It takes in nothing more; what is signed can still be read and checked. Why:",
    ),
    "falls": Said("Những gì đổ theo nếu vô hiệu", "What falls with it if it is void"),
    "health": Said("Tình trạng", "Health"),
    "history": Said("Tình trạng theo từng lần biết", "Status as more was known"),
    "holds": Said("Lệnh đang có hiệu lực", "Orders in force"),
    "how_to_find": Said(
        "Gõ tên hoặc một phần tên (có dấu hay không), mã số thuế, số đơn, số văn bằng, số hợp"
        " đồng, mã băm của tệp, số mục. Phần niêm phong và tên cá nhân không tìm được.",
        "Type a name or part of it, a tax code, the number of an application, a patent or a"
        " contract, the hash of a file, the number of an entry. What is sealed, and persons'"
        " names, are not found.",
    ),
    "in": Said("ở", "in"),
    "in_effect_from": Said("có hiệu lực từ {}", "in effect from {}"),
    "judged_by": Said("Được xét theo quy tắc nào", "By which rules it was judged"),
    "kind_digital": Said("giải pháp số", "digital solutions"),
    "kind_need": Said("nhu cầu", "needs"),
    "kind_technology": Said("công nghệ", "technologies"),
    "kinds": Said("Loại", "Kinds"),
    "key": Said("khóa", "key"),
    "key_compromised": Said("khóa đã lộ lúc ký", "the key was compromised when it signed"),
    "key_since": Said("thêm tại mục", "added by entry"),
    "keys": Said("Khóa ký", "Keys"),
    "kind_of_event": Said("Loại sự kiện", "Type of event"),
    "known_by": Said("theo sổ nào", "by which register"),
    "known_to": Said("Biết đến", "Known by"),
    "known_to_forms": Said(
        "số mục, ngày hoặc giờ Hà Nội: 12, 30/11/2026, 30/11/2026 14:05",
        "an entry, a day or a time in Hà Nội: 12, 2026-11-30, 2026-11-30 14:05",
    ),
    "known_to_now": Said("nay", "now"),
    "latest": Said("Sự kiện mới nhất", "Latest events"),
    "left": Said("Còn cấp được gì", "What is left to grant"),
    "leaf_hash": Said("Mã băm lá", "Leaf hash"),
    "ledger": Said("Sổ cái giao dịch công nghệ", "Ledger of technology transactions"),
    "ledger_short": Said("Sổ cái công nghệ", "Techledger"),
    "ledger_says": Said(
        "Mỗi sự kiện được ký bởi các bên mà nó ràng buộc",
        "Every event is signed by the parties that it binds",
    ),
    "liens": Said("Biện pháp bảo đảm, theo thứ hạng", "Liens, by rank"),
    "listing": Said("Tin niêm yết", "Listing"),
    "listings": Said("Tin và nhu cầu", "Listings and needs"),
    "log": Said("Nhật ký", "Log"),
    "look_in_the_log": Said(
        "kiểm tra lại địa chỉ, hoặc tìm trong", "check the address, or look in the"
    ),
    "market": Said("Sàn giao dịch công nghệ", "Technology market"),
    "mandates": Said("Ủy quyền", "Mandates"),
    "matches": Said("Trên sàn cùng lĩnh vực", "On the market, of the same field"),
    "may_stand": Said("(có thể vẫn đứng vững nhờ nguồn khác)", "(may stand by another source)"),
    "members": Said("Nội dung", "What it says"),
    "mend_the_question": Said(
        "sửa phần câu hỏi của địa chỉ, hoặc để trống:",
        "mend what the address asks, or ask nothing more:",
    ),
    "metrics": Said("Số đo", "Metrics"),
    "money": Said("Tiền", "Money"),
    "more_lines": Said("và {} dòng nữa", "and {} more"),
    "narrow": Said("Thu hẹp danh sách", "Narrow the list"),
    "need": Said("Nhu cầu", "Need"),
    "neighbours": Said("Mục trước, mục sau", "Entries before and after"),
    "next": Said("Xem tiếp", "Next"),
    "no_contracts": Said(
        "Sổ cái chưa ghi hợp đồng nào của bên này. Hợp đồng không ghi vào sổ không có ở đây: hỏi"
        " các bên.",
        "The ledger has no contract of this party. What was not recorded is not here: ask the"
        " parties.",
    ),
    "no_events": Said(
        "Không có sự kiện nào như vậy. Bỏ bớt điều kiện, hoặc tìm theo tên ở ô trên.",
        "There is no such event. Ask for less, or find it by name in the box above.",
    ),
    "no_listings": Said(
        "Không có tin nào như vậy. Bỏ bớt điều kiện, hoặc hỏi lĩnh vực rộng hơn.",
        "There is no such listing. Ask for less, or for a wider field.",
    ),
    "not_in_effect": Said("chưa có hiệu lực", "not in effect yet"),
    "not_there": Said("không có", "not there"),
    "not_today": Said("Không phải câu hỏi về hôm nay.", "This does not ask of today."),
    "not_third_parties": Said("không xét đối với bên thứ ba", "not asked against third parties"),
    "not_folded": Said(
        "Máy chủ chưa đọc xong nhật ký: vài phút nữa mở lại trang này.",
        "The server has not read the log yet: open this page again in some minutes.",
    ),
    "not_open": Said("Không mở", "Not open"),
    "nothing_published": Said(
        "Chưa có sự kiện nào được công bố.", "No event has been published yet."
    ),
    "offer": Said("Đề nghị giao kết", "Offer"),
    "office": Said("Cơ quan, quốc gia", "Office, country"),
    "offer_of": Said("đề nghị", "made an offer to"),
    "offer_open": Said("còn ngỏ", "open"),
    "offer_over": Said("đã đóng", "closed"),
    "offers": Said("Đề nghị", "Offers"),
    "on_the_left": Said("bên trái", "on the left"),
    "on_the_right": Said("bên phải", "on the right"),
    "one_version": Said(
        "Hợp đồng chỉ có một phiên bản: chưa có gì thay đổi.",
        "The contract has one version: nothing has changed yet.",
    ),
    "only_here": Said(
        "Trang này chỉ trả lời theo sổ cái này và giữa các bên.",
        "This page answers by this ledger and between the parties only.",
    ),
    "only_this_ledger": Said(
        "Danh sách này chỉ trả lời theo sổ cái này, không theo sổ của cơ quan.",
        "This list answers by this ledger only, not by the register of an office.",
    ),
    "open": Said("Đang mở", "Open"),
    "open_or_not": Said("Tình trạng mở", "Open or not"),
    "order": Said("Thứ tự", "Order"),
    "order_newest": Said("mới nhất trước", "newest first"),
    "order_oldest": Said("cũ nhất trước", "oldest first"),
    "order_title": Said("theo tên", "by title"),
    "operations": Said(
        "Mọi thao tác của sổ cái này qua HTTP. Có thể sinh chương trình khách từ openapi.json; lỗi"
        " theo RFC 9457, có mã cố định.",
        "Every operation of this ledger over HTTP. A client can be generated from openapi.json;"
        " errors are problems of RFC 9457 with a stable code.",
    ),
    "other_language": Said("English", "Tiếng Việt"),
    "origin": Said("Sổ", "Ledger"),
    "overdue": Said("Quá hạn", "Overdue"),
    "parties": Said("giữa các bên", "between the parties"),
    "pages": Said("Trang", "Pages"),
    "parameter": Said("tham số", "parameter"),
    "party": Said("Bên", "Party"),
    "path_hashes": Said(
        "Các mã băm dọc đường, từ lá lên gốc", "Hashes along the path, from the leaf up"
    ),
    "path_says": Said(
        "Có {} mã băm dẫn từ lá lên gốc, dưới điểm kiểm soát của {} mục. Máy chủ vẽ; tải bằng chứng"
        " để tự kiểm tra.",
        "{} hashes lead from the leaf to the root, under the checkpoint of {} entries. The server"
        " drew this; download the proof to check it.",
    ),
    "path_title": Said(
        "Đường đi từ mục {} lên gốc, qua {} mã băm",
        "Path from entry {} up to the root, through {} hashes",
    ),
    "position": Said("Mục", "Entry"),
    "price": Said("Giá", "Price"),
    "price_open": Said("công khai", "open"),
    "price_sealed": Said("niêm phong", "sealed"),
    "price_to": Said("Giá không quá (đồng)", "Price of at most (VND)"),
    "price_unsaid": Said("không nêu", "not said"),
    "proof": Said("Bằng chứng", "Proof"),
    "proof_file": Said(
        "tệp bằng chứng, để kiểm tra ngoại tuyến bằng ledger.verify",
        "the evidence as a file, for ledger.verify to check offline",
    ),
    "readiness_from": Said("TRL từ", "TRL from"),
    "readiness_to": Said("TRL đến", "TRL to"),
    "rail_title": Said(
        "{} phiên bản, nối từ phiên bản {} đến phiên bản {}",
        "{} versions; marked from version {} to version {}",
    ),
    "receipt": Said("Biên nhận", "Receipt"),
    "recorded": Said("Ghi nhận (giờ Hà Nội)", "Recorded (Hà Nội time)"),
    "recorded_at": Said("Ghi nhận lúc", "Recorded at"),
    "refused": Said(
        "Trang này không hiện được như đã hỏi", "This page cannot be shown as it was asked for"
    ),
    "remedy": Said("cách khắc phục", "what helps"),
    "report": Said(
        "để in và lưu, có bằng chứng kèm bên trong", "to print and keep, with the evidence inside"
    ),
    "report_attached": Said(
        "Tệp bundle.json đính kèm trong báo cáo này có các mục nói trên như đã ký, chữ ký và khóa"
        " của người ký, và bằng chứng mỗi mục nằm dưới gốc ghi ở chân trang. Lệnh trên kiểm tra tệp"
        " đó, và nói lịch sử nào là trọn vẹn.",
        "The file bundle.json attached to this report has the entries as they were signed, the"
        " signatures and keys of those who signed, and proofs that each entry is under the root at"
        " the foot. The command checks that file, and says which histories are whole.",
    ),
    "report_by_command": Said(
        "Không cần mạng, không cần tin máy chủ này:",
        "Without a network, without trusting this server:",
    ),
    "report_checked": Said("Kiểm tra báo cáo này", "Check this report"),
    "report_found_again": Said("Tìm lại tại", "Found again at"),
    "report_later": Said(
        "Điều xảy ra sau điểm kiểm soát này, hoặc không ai ghi vào sổ.",
        "What happened after this checkpoint, or was never recorded.",
    ),
    "report_sealed": Said(
        "Phần niêm phong: chỉ có mã băm của nó.", "What is sealed: only its hash is here."
    ),
    "report_shows_not": Said("Báo cáo này không chứng minh", "What this report does not show"),
    "report_true": Said(
        "Rằng điều đã ký là đúng sự thật: sổ cho biết ai đã ký điều gì, vào lúc nào.",
        "That what was signed is true: the ledger shows who signed what, and when.",
    ),
    "report_trust": Said(
        "Lấy trust.json ở nơi khác, không lấy từ người đưa báo cáo: công báo, hợp đồng, lần truy"
        " cập đầu của chính mình.",
        "Take trust.json from elsewhere than from who hands you the report: the gazette, the"
        " contract, your own first visit.",
    ),
    "report_words": Said(
        "Lời văn trên các trang: máy chủ viết ra từ các mục đó, lệnh trên không kiểm tra lời văn.",
        "The words of these pages: the server wrote them from those entries; the command does not"
        " check the words.",
    ),
    "required": Said("bắt buộc", "required"),
    "rests_on": Said("Dựa trên", "Rests on"),
    "rests_on_nothing": Said(
        "Không cần giao dịch hay quyền sở hữu nào do sự kiện trước tạo ra.",
        "It needs no deed or title that an earlier event made.",
    ),
    "right": Said("Quyền", "Right"),
    "rights": Said("Quyền", "Rights"),
    "root": Said("Gốc", "Root"),
    "says": Said("nghĩa", "says"),
    "server_s_word": Said(
        "Trang này là lời máy chủ, chưa được kiểm chứng; mỗi mục có bằng chứng kiểm tra được ngoại"
        " tuyến.",
        "This page is the server's word and was not verified; each entry has a proof that can be"
        " checked offline.",
    ),
    "signed_at": Said("Ký lúc", "Signed at"),
    "signed_by": Said("Ai ký, bằng khóa nào", "Who signed, by which key"),
    "signers": Said("Bên ký", "Signers"),
    "size": Said("Số mục", "Size"),
    "skip": Said("Đến nội dung", "Skip to content"),
    "status": Said("Tình trạng", "Status"),
    "subject": Said("Đối tượng", "Subject"),
    "subject_hint": Said("một mã, ví dụ contract:2026-014", "an id, such as contract:2026-014"),
    "side": Said("Bên này là", "This party is"),
    "side_made": Said("bên đề nghị", "who made it"),
    "side_received": Said("bên được đề nghị", "who received it"),
    "sublicences": Said("Cấp lại", "Sublicences"),
    "technology": Said("Công nghệ", "Technology"),
    "term": Said("Điều khoản", "Term"),
    "terms": Said("Điều khoản", "Terms"),
    "thread": Said("Đề nghị qua lại", "The thread of offers"),
    "time_left": Said("Còn {} để chấp nhận", "{} left to accept it"),
    "today": Said("Hôm nay trong sổ", "In the ledger today"),
    "title": Said("Chủ sở hữu", "Owners"),
    "third_parties": Said("đối với bên thứ ba", "against third parties"),
    "to_version": Said("đến phiên bản", "to version"),
    "true_on": Said("Đúng vào ngày", "True on"),
    "is_it": Said("Có phải là:", "Is it one of these:"),
    "twins": Said("Cũng câu trả lời này, đủ mọi dòng:", "This answer, with every row:"),
    "terms_unchanged": Said("Những gì không đổi", "What did not change"),
    "under_mandate": Said("theo ủy quyền của", "by mandate of"),
    "unknown": Said("KHÔNG BIẾT: sổ cái không có gì về", "UNKNOWN: the log says nothing of"),
    "unknown_is_not_no": Said(
        "Đó không phải là «không có».", "That is not to say that there is nothing."
    ),
    "value": Said("giá trị", "value"),
    "version_number": Said("Phiên bản {}", "Version {}"),
    "versions": Said("Các phiên bản", "Versions"),
    "vouched": Said("khóa được bảo lãnh", "key vouched for"),
    "vouched_unknown": Said("chưa xét khóa được bảo lãnh", "not known whether vouched for"),
    "what_changed": Said("Những gì đã đổi", "What changed"),
    "where_to_begin": Said("Bắt đầu từ đâu", "Where to begin"),
    "would_fall": Said(
        "Nếu mục này vô hiệu từ đầu, số sự kiện đổ theo: {}",
        "If this entry is void from the start, so many events fall with it: {}",
    ),
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
