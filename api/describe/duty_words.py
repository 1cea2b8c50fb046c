"""What the page of duties says around them."""

from collections.abc import Mapping

from api.describe.language import Said

DUTY_WORDS: Mapping[str, Said] = {
    "duties": Said("Nghĩa vụ theo hạn", "Duties by deadline"),
    "duties_lead": Said(
        "Vào {}: {} hợp đồng phải đăng ký hoặc xin phép trên trang này, {} muộn, {} còn phải nộp.",
        "On {}: of the contracts on this page {} have to be registered or permitted, {} are late,"
        " {} are still to be filed.",
    ),
    "duties_drawn": Said(
        "Từ ngày ký đến hạn nộp của từng hợp đồng", "From signing to the last day, by contract"
    ),
    "duties_elsewhere": Said(
        "Đây là những hạn mà luật đặt ra để trình Nhà nước, và để Nhà nước trả lời. Báo cáo và tiền"
        " theo thỏa thuận: xem phần «Quá hạn» ở trang của từng hợp đồng.",
        "These are the days within which the law has contracts filed with the State, and the State"
        " answer. Reports and sums that were agreed are on each contract's page, under «Overdue».",
    ),
    "duty_filed": Said("đã nộp", "filed"),
    "duty_late": Said("muộn {} ngày", "{} days late"),
    "duty_open": Said("chưa nộp", "to be filed"),
    "duty_only_late": Said("chỉ cái muộn", "only what is late"),
    "no_duties": Said(
        "Không có hợp đồng nào như vậy phải đăng ký hoặc xin phép. Bỏ bớt điều kiện, hoặc hỏi ngày"
        " khác.",
        "No such contract has to be registered or permitted. Ask for less, or of another day.",
    ),
}
