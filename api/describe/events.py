"""What the types of events are called, in both languages."""

from collections.abc import Mapping

from api.describe.language import Language, Said

EVENTS: Mapping[str, Said] = {
    "appeal.filed/1": Said("Kháng cáo", "Appeal filed"),
    "assignment.agreed/1": Said("Thỏa thuận chuyển nhượng", "Assignment agreed"),
    "assignment.refused/1": Said(
        "Từ chối đăng ký chuyển nhượng", "Registration of an assignment refused"
    ),
    "assignment.registered/1": Said("Đăng ký chuyển nhượng", "Assignment registered"),
    "assignment.rescinded/1": Said("Hủy bỏ thỏa thuận chuyển nhượng", "Assignment rescinded"),
    "auction.closed/1": Said("Kết thúc phiên đấu giá", "Auction closed"),
    "auction.opened/1": Said("Mở phiên đấu giá", "Auction opened"),
    "authors.declared/1": Said("Khai báo tác giả", "Authors declared"),
    "bid.opened/1": Said("Mở giá kín", "Sealed bid opened"),
    "bid.placed/1": Said("Trả giá", "Bid placed"),
    "bid.sealed/1": Said("Bỏ giá kín", "Sealed bid placed"),
    "certificate.issued/1": Said(
        "Cấp giấy chứng nhận đăng ký", "Certificate of registration issued"
    ),
    "compulsory_licence.granted/1": Said("Cấp li-xăng bắt buộc", "Compulsory licence granted"),
    "condition.met/1": Said("Điều kiện đã thành", "Condition met"),
    "consent.given/1": Said("Cho phép trước", "Consent given in advance"),
    "contract.concluded/1": Said("Ký kết hợp đồng", "Contract concluded"),
    "contract.in_force/1": Said("Hợp đồng có hiệu lực", "Contract in force"),
    "contract.resumed/1": Said("Tiếp tục thực hiện hợp đồng", "Contract resumed"),
    "contract.suspended/1": Said("Tạm ngừng thực hiện hợp đồng", "Contract suspended"),
    "contract.terminated/1": Said("Chấm dứt hợp đồng", "Contract terminated"),
    "contribution.recorded/1": Said("Ghi nhận phần đóng góp", "Contribution recorded"),
    "conveyance.attested/1": Said(
        "Xác nhận chuyển quyền từ sổ đăng bạ khác", "Conveyance of another register attested"
    ),
    "coowner.notified/1": Said("Thông báo bán cho đồng chủ sở hữu", "Co-owners told of a sale"),
    "correction.recorded/1": Said("Đính chính", "Correction recorded"),
    "disclosure.recorded/1": Said("Ghi nhận bộc lộ", "Disclosure recorded"),
    "dispute.admitted/1": Said("Thụ lý tranh chấp", "Dispute admitted"),
    "dispute.opened/1": Said("Khởi kiện", "Dispute opened"),
    "dispute.withdrawn/1": Said("Rút yêu cầu khởi kiện", "Claim withdrawn"),
    "document.acknowledged/1": Said("Trả lời văn bản", "Document answered"),
    "document.received/1": Said("Nhận văn bản", "Document received"),
    "document.sent/1": Said("Gửi văn bản", "Document sent"),
    "evidence.filed/1": Said("Nộp chứng cứ", "Evidence filed"),
    "file.opened/1": Said("Mở tệp bảo mật", "Confidential file opened"),
    "filing.made/1": Said("Nộp hồ sơ cho cơ quan nhà nước", "Filing with an authority made"),
    "funding.agreed/1": Said("Thỏa thuận tài trợ", "Funding agreed"),
    "hold.lifted/1": Said("Hủy bỏ biện pháp tạm thời", "Interim measure lifted"),
    "hold.ordered/1": Said("Áp dụng biện pháp tạm thời", "Interim measure ordered"),
    "interest.accrued/1": Said("Tính lãi chậm trả", "Late interest accrued"),
    "interest.shown/1": Said("Bày tỏ quan tâm", "Interest shown"),
    "investment.ended/1": Said("Chấm dứt cam kết với nhà đầu tư", "Investor's covenants ended"),
    "investment.made/1": Said("Đầu tư", "Investment made"),
    "key.added/1": Said("Thêm khóa", "Key added"),
    "key.resumed/1": Said("Khôi phục khóa bị đình chỉ", "Suspended key resumed"),
    "key.revoked/1": Said("Thu hồi khóa", "Key revoked"),
    "key.stopped/1": Said("Dừng khóa đang chờ hiệu lực", "Waiting key stopped"),
    "key.suspended/1": Said("Đình chỉ khóa", "Key suspended"),
    "ledger.closed/1": Said("Đóng sổ cái", "Ledger closed"),
    "ledger.delay_adopted/1": Said("Đổi thời gian chờ của sổ cái", "Ledger's delay changed"),
    "ledger.log_keys_adopted/1": Said("Áp dụng bộ khóa mới của sổ", "Log's keys adopted"),
    "ledger.opened/1": Said("Mở sổ cái", "Ledger opened"),
    "ledger.operation_handed_over/1": Said(
        "Bàn giao việc vận hành sổ cái", "Operation handed over"
    ),
    "ledger.policy_adopted/1": Said("Áp dụng chính sách nhân chứng", "Witness policy adopted"),
    "ledger.refusal_keys_adopted/1": Said(
        "Áp dụng khóa ký lời từ chối", "Keys for refusals adopted"
    ),
    "ledger.resumed/1": Said("Ký tiếp sau khi dừng", "Signing resumed after a halt"),
    "ledger.rules_adopted/1": Said("Áp dụng bộ quy tắc", "Rules adopted"),
    "ledger.sealed/1": Said("Niêm ấn toàn sổ", "Whole ledger sealed"),
    "ledger.succession_declared/1": Said(
        "Kế thừa sổ cái trước", "Succession to an earlier ledger declared"
    ),
    "listing.closed/1": Said("Đóng tin niêm yết", "Listing closed"),
    "listing.drafted/1": Said("Soạn tin niêm yết", "Listing drafted"),
    "listing.mirrored/1": Said(
        "Tin niêm yết trên sàn liên thông", "Listing mirrored on a linked exchange"
    ),
    "listing.published/1": Said("Đăng tin niêm yết", "Listing published"),
    "listing.resumed/1": Said("Mở lại tin niêm yết", "Listing resumed"),
    "listing.suspended/1": Said("Tạm ngừng tin niêm yết", "Listing suspended"),
    "mandate.ended/1": Said("Chấm dứt ủy quyền", "Mandate ended"),
    "mandate.given/1": Said("Ủy quyền", "Mandate given"),
    "nda.signed/1": Said("Ký thỏa thuận bảo mật", "Confidentiality agreement signed"),
    "need.posted/1": Said("Đăng nhu cầu", "Need posted"),
    "notice.received/1": Said("Nhận thông báo", "Notice received"),
    "notice.served/1": Said("Gửi thông báo", "Notice served"),
    "offer.accepted/1": Said("Chấp nhận đề nghị", "Offer accepted"),
    "offer.countered/1": Said("Đề nghị lại", "Offer countered"),
    "offer.made/1": Said("Đề nghị giao kết", "Offer made"),
    "offer.rejected/1": Said("Từ chối đề nghị", "Offer rejected"),
    "offer.revoked/1": Said("Rút lại đề nghị", "Offer revoked"),
    "office_event.recorded/1": Said(
        "Ghi nhận sự kiện của cơ quan sở hữu công nghiệp", "Event of an office recorded"
    ),
    "option.exercised/1": Said("Thực hiện quyền chọn", "Option exercised"),
    "overpayment.noted/1": Said("Ghi nhận trả thừa", "Overpayment noted"),
    "party.dissolved/1": Said("Giải thể, chấm dứt tồn tại", "Party dissolved"),
    "party.identified/1": Said("Ghi mã số định danh", "Identifier recorded"),
    "party.known_as/1": Said("Xác nhận cách viết tên", "Spelling of a name confirmed"),
    "party.merged/1": Said("Sáp nhập", "Party merged"),
    "party.registered/1": Said("Đăng ký bên tham gia", "Party registered"),
    "party.renamed/1": Said("Đổi tên", "Party renamed"),
    "party.stopped/1": Said("Dừng việc đăng ký đang chờ hiệu lực", "Waiting registration stopped"),
    "payment.confirmed/1": Said(
        "Xác nhận đã nhận thanh toán", "Payment confirmed by who received it"
    ),
    "payment.failed/1": Said("Thanh toán không thành", "Payment failed"),
    "payment.instructed/1": Said("Lệnh thanh toán", "Payment instructed"),
    "permit.issued/1": Said("Cấp giấy phép", "Permit issued"),
    "person.erased/1": Said("Xóa danh tính cá nhân", "Person's identity erased"),
    "preemption.waived/1": Said("Từ bỏ quyền ưu tiên mua", "Pre-emption waived"),
    "priority.noted/1": Said("Ghi nhận quyền ưu tiên", "Priority noted"),
    "profit.declared/1": Said("Khai báo lợi nhuận", "Profit declared"),
    "profit.distributed/1": Said(
        "Phân chia lợi nhuận phần Nhà nước", "State's part of the profit distributed"
    ),
    "reconfirmation.given/1": Said(
        "Xác nhận lại sau khi lộ khóa", "Confirmed again after a key was compromised"
    ),
    "refund.made/1": Said("Hoàn trả", "Refund made"),
    "registration.refused/1": Said(
        "Từ chối đăng ký hợp đồng", "Registration of a contract refused"
    ),
    "relation.declared/1": Said("Khai báo quan hệ", "Relation declared"),
    "relation.ended/1": Said("Chấm dứt quan hệ", "Relation ended"),
    "report.accepted/1": Said("Chấp nhận báo cáo", "Report accepted"),
    "report.disputed/1": Said("Phản đối báo cáo", "Report disputed"),
    "report.queried/1": Said("Yêu cầu giải trình báo cáo", "Explanation of a report asked for"),
    "revenue.distributed/1": Said("Phân chia doanh thu", "Revenue distributed"),
    "revenue.reported/1": Said("Báo cáo doanh thu", "Revenue reported"),
    "right.cancelled/1": Said("Hủy bỏ hiệu lực quyền", "Right cancelled"),
    "right.fee_paid/1": Said("Nộp phí duy trì hiệu lực", "Fee for keeping the right paid"),
    "right.filed/1": Said("Nộp đơn đăng ký quyền", "Application for a right filed"),
    "right.granted/1": Said("Cấp văn bằng bảo hộ", "Right granted"),
    "right.lapsed/1": Said("Chấm dứt hiệu lực quyền", "Right lapsed"),
    "right.limited/1": Said("Thu hẹp phạm vi bảo hộ", "Scope of a right limited"),
    "right.published/1": Said("Công bố đơn", "Application published"),
    "right.renewed/1": Said("Gia hạn hiệu lực", "Right renewed"),
    "right.restored/1": Said("Phục hồi hiệu lực quyền", "Right restored"),
    "right.surrendered/1": Said("Chủ sở hữu từ bỏ quyền", "Right surrendered by its owner"),
    "ruling.made/1": Said("Phán quyết", "Ruling made"),
    "security.assigned/1": Said("Chuyển giao biện pháp bảo đảm", "Security assigned"),
    "security.created/1": Said("Thế chấp", "Security created"),
    "security.enforced/1": Said("Xử lý tài sản bảo đảm", "Security enforced"),
    "security.perfected/1": Said("Đăng ký biện pháp bảo đảm", "Security registered"),
    "security.released/1": Said("Giải chấp", "Security released"),
    "settlement.recorded/1": Said("Hòa giải", "Settlement recorded"),
    "share.agreed/1": Said("Thỏa thuận phân chia doanh thu", "Sharing of revenue agreed"),
    "sublicence.granted/1": Said("Cấp li-xăng thứ cấp", "Sublicence granted"),
    "suspense.released/1": Said("Giải tỏa khoản tạm treo", "Suspended sum released"),
    "technology.classified/1": Said("Phân loại công nghệ", "Technology classified"),
    "technology.registered/1": Said("Khai báo công nghệ", "Technology registered"),
    "technology.trl_declared/1": Said(
        "Khai báo mức độ sẵn sàng công nghệ", "Readiness of a technology declared"
    ),
    "terms.amended/1": Said("Sửa đổi hợp đồng", "Terms amended"),
    "use.declared/1": Said("Khai báo việc chủ sở hữu tự sử dụng", "Owner's own use declared"),
}
"""One for each topic of `ledger.domain.registry`; a test holds the two together."""


def event_name(topic: str, language: Language) -> str:
    """Return what a type of event is called, with its version or without; others as they are."""
    said = EVENTS.get(topic) or EVENTS.get(f"{topic}/1")
    return topic if said is None else said.in_(language)
