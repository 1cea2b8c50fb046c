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
    "duties_sealed": Said(
        "Lịch trả của các hợp đồng sau được niêm phong: không biết theo đó có gì đến hạn hay"
        " không.",
        "The schedules of these contracts are sealed: what is due under them is not known.",
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
