"""What the pages of a year's figures say around them."""

from collections.abc import Mapping

from api.describe.language import Said

FIGURES_WORDS: Mapping[str, Said] = {
    "all_year": Said("Cả năm", "The whole year"),
    "as_known_at_its_end": Said("biết đến hết 31/12", "as known on 31 December"),
    "as_known_now": Said("biết đến nay", "as known now"),
    "by_field": Said("Theo lĩnh vực", "By field"),
    "by_kind": Said("Theo loại hợp đồng", "By kind of contract"),
    "by_seat": Said("Theo trụ sở của bên nhận", "By seat of the licensee"),
    "by_months": Said("Theo tháng", "By month"),
    "deals": Said("Hợp đồng giao kết", "Deals concluded"),
    "figures": Said("Số liệu", "Figures"),
    "figures_lead": Said(
        "Năm {}: {} hợp đồng được giao kết, {} khoản tiền được xác nhận.",
        "In {}: {} deals were concluded and {} payments confirmed.",
    ),
    "figures_of_month": Said(
        "Tháng {}/{}: {} hợp đồng được giao kết, {} khoản tiền được xác nhận.",
        "In month {} of {}: {} deals were concluded and {} payments confirmed.",
    ),
    "how_counted": Said("Đếm thế nào", "What is counted"),
    "how_counted_deals": Said(
        "Hợp đồng, kể cả li-xăng thứ cấp và li-xăng bắt buộc, theo ngày giao kết (ngày Hà Nội), như"
        " được thỏa thuận lúc đầu, dù về sau ra sao. Một hợp đồng thuộc nhiều lĩnh vực, hoặc có bên"
        " nhận ở nhiều nước, được đếm ở mỗi nơi một lần.",
        "Contracts, sublicences and compulsory licences too, by the day on which they were"
        " concluded (in Hanoi), as first agreed, whatever became of them. One of several fields, or"
        " with licensees of several States, counts once in each.",
    ),
    "how_counted_late": Said(
        "Điều ghi muộn được tính vào năm mà nó xảy ra, nên số của năm cũ còn có thể tăng.",
        "What is recorded late counts in the year in which it happened: figures of a year may still"
        " grow.",
    ),
    "how_counted_money": Said(
        "Tiền mà bên nhận hoặc ngân hàng đã xác nhận, theo ngày trả, trừ khoản hoàn lại. Giá được"
        " niêm phong, hoặc mới chỉ thỏa thuận, không được tính.",
        "Money that those who received it, or a bank, confirmed, by the day of the payment, less"
        " what was paid back. A price that is sealed, or only agreed, is not counted.",
    ),
    "money_confirmed": Said("Tiền đã xác nhận", "Money confirmed"),
    "month": Said("Tháng", "Month"),
    "no_figures": Said(
        "Sổ này chưa ghi hợp đồng hay khoản tiền nào của thời gian đó.",
        "This ledger has recorded no deal and no payment of that time.",
    ),
    "of_month_events": Said("Các sự kiện được đếm", "The events that are counted"),
    "seat_unknown": Said("chưa rõ", "not known"),
    "year": Said("Năm", "Year"),
}
