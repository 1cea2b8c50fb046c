"""What the page of duties says around them."""

from collections.abc import Mapping

from api.describe.language import Said

DUTY_WORDS: Mapping[str, Said] = {
    "as_agreed": Said("Hạn do các bên thỏa thuận.", "The parties agreed on this day."),
    "duties": Said("Nghĩa vụ theo hạn", "Duties by deadline"),
    "duties_drawn": Said("Lịch các hạn trên trang này", "When what is on this page is due"),
    "duties_key": Said(
        "Khung đậm có dấu «!»: đã quá hạn. Khung viền: hạn còn ở phía trước. Gạch dưới: ngày được"
        " hỏi.",
        "Filled, with “!”: overdue. Outlined: still to come. Underlined: the day asked about.",
    ),
    "duties_lead": Said(
        "Vào {}: {} việc phải làm theo hạn; trên trang này {} việc đã quá hạn.",
        "On {}: {} things to be done by a day; overdue on this page: {}.",
    ),
    "duties_hidden": Said(
        "Việc đến hạn theo lịch trả được niêm phong chỉ các bên biết: hãy hỏi các bên của những hợp"
        " đồng dưới đây. Việc phải làm với cơ quan nhà nước không theo lịch đó: hãy chọn loại"
        " việc.",
        "What is due by a sealed schedule only its parties know: ask those of the contracts below."
        " What is due to the authority does not follow from it: choose a kind of duty.",
    ),
    "duties_not_known": Said(
        "KHÔNG BIẾT vào {} có việc nào như vậy phải làm theo hạn hay không: lịch trả được niêm"
        " phong.",
        "UNKNOWN whether anything of the kind is to be done by a day, on {}: schedules are sealed.",
    ),
    "duties_sealed": Said(
        "Các hợp đồng sau có lịch trả được niêm phong: không biết theo lịch đó có gì đến hạn hay"
        " không.",
        "Of these contracts a schedule is sealed: what is due by it is not known.",
    ),
    "duty": Said("Việc", "Duty"),
    "duty_late": Said("quá hạn {} ngày", "{} days late"),
    "duty_only_late": Said("chỉ việc quá hạn", "only what is late"),
    "duty_open": Said("chưa đến hạn", "not due yet"),
    "duty_until": Said("hạn cuối {}", "by {}"),
    "no_duties": Said(
        "Không thấy việc nào như vậy phải làm theo hạn. Bỏ bớt điều kiện, hoặc hỏi ngày khác.",
        "Nothing of the kind is to be done by a day. Ask for less, or of another day.",
    ),
    "the_state": Said("cơ quan nhà nước", "the authority"),
    "weekdays": Said("T2 T3 T4 T5 T6 T7 CN", "Mo Tu We Th Fr Sa Su"),
}
