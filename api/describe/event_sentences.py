"""
One sentence of an event: who did what, in both languages.

In braces stands a path into the body (`*` is any item), or `@signers`; what is in brackets is left
out where something that it names is not there.
"""

from collections.abc import Mapping

from api.describe.language import Said

_OFFICE = "{right}[, {territory}]"

EVENT_SENTENCES: Mapping[str, Said] = {
    "appeal.filed/1": Said(
        "{filed_by} kháng cáo lên {forum} trong {dispute}",
        "{filed_by} appealed to {forum} in {dispute}",
    ),
    "assignment.agreed/1": Said(
        "{assignors/*/party} thỏa thuận chuyển nhượng {rights/*} cho {assignees/*/party}"
        "[, giá {price}]",
        "{assignors/*/party} agreed to assign {rights/*} to {assignees/*/party}[ for {price}]",
    ),
    "assignment.refused/1": Said(
        "Cơ quan từ chối đăng ký {assignment} đối với {rights/*}",
        "The office refused to register {assignment} for {rights/*}",
    ),
    "assignment.registered/1": Said(
        "Cơ quan đăng ký {assignment} đối với {rights/*}, số {register_no}",
        "The office registered {assignment} for {rights/*} under number {register_no}",
    ),
    "assignment.rescinded/1": Said(
        "{parties/*} hủy bỏ {assignment} đối với {rights/*}",
        "{parties/*} rescinded {assignment} for {rights/*}",
    ),
    "auction.closed/1": Said(
        "{closed_by} kết thúc {auction}[: {winner} trúng][ với giá {price}]",
        "{closed_by} closed {auction}[: {winner} won][ at {price}]",
    ),
    "auction.opened/1": Said(
        "{opened_by} mở {auction} cho {listing}, {kind}, giá khởi điểm {reserve}",
        "{opened_by} put {listing} up for {auction}, {kind}, reserve {reserve}",
    ),
    "authors.declared/1": Said(
        "{declared_by/*} khai báo tác giả của {technology}[: {authors/*}]",
        "{declared_by/*} declared the authors of {technology}[: {authors/*}]",
    ),
    "bid.opened/1": Said(
        "{bidder} mở giá kín {price} trong {auction}",
        "{bidder} opened its sealed bid of {price} in {auction}",
    ),
    "bid.placed/1": Said(
        "{bidder} trả giá {price} trong {auction}", "{bidder} bid {price} in {auction}"
    ),
    "bid.sealed/1": Said(
        "{bidder} bỏ giá kín trong {auction}", "{bidder} bid under seal in {auction}"
    ),
    "certificate.issued/1": Said(
        "{authority} cấp giấy chứng nhận số {number} cho {contract} ({purpose})",
        "{authority} issued certificate {number} for {contract} ({purpose})",
    ),
    "compulsory_licence.granted/1": Said(
        "Nhà nước bắt buộc {grant/licensor} cấp li-xăng cho {grant/licensee}[ đối với"
        " {grant/rights/*}], quyết định số {decision_no}",
        "The State had {grant/licensor} license[ {grant/rights/*} to] {grant/licensee}, decision"
        " {decision_no}",
    ),
    "condition.met/1": Said(
        "{parties/*} ghi nhận điều kiện {condition} của {contract} đã thành ngày {met_on}",
        "{parties/*} declared that condition {condition} of {contract} was met on {met_on}",
    ),
    "consent.given/1": Said(
        "{given_by} cho phép trước {to}: {matter}, về {about}",
        "{given_by} consented in advance to {to}: {matter}, about {about}",
    ),
    "contract.concluded/1": Said(
        "{parties/*} ký {contract} ({kind})[: {grants/*/licensor} cấp quyền sử dụng"
        " ({grants/*/exclusivity}) cho {grants/*/licensee}]",
        "{parties/*} concluded {contract} ({kind})[: {grants/*/licensor} granted"
        " {grants/*/licensee} a licence ({grants/*/exclusivity})]",
    ),
    "contract.in_force/1": Said(
        "{parties/*} ghi nhận {contract} có hiệu lực từ ngày {in_force_from}",
        "{parties/*} marked {contract} in force from {in_force_from}",
    ),
    "contract.resumed/1": Said(
        "{resumed_by/*} tiếp tục thực hiện {contract} từ ngày {resumed_on}",
        "{resumed_by/*} resumed {contract} from {resumed_on}",
    ),
    "contract.suspended/1": Said(
        "{suspended_by/*} tạm ngừng {contract} từ ngày {suspended_from}",
        "{suspended_by/*} suspended {contract} from {suspended_from}",
    ),
    "contract.terminated/1": Said(
        "{terminated_by/*} chấm dứt {contract} từ ngày {terminated_on} ({ground})",
        "{terminated_by/*} terminated {contract} from {terminated_on} ({ground})",
    ),
    "contribution.recorded/1": Said(
        "{contributor} đóng góp vào {technology}: {kind}, {witness} làm chứng",
        "{contributor} contributed to {technology}: {kind}, witnessed by {witness}",
    ),
    "conveyance.attested/1": Said(
        "{office} đã ghi hồ sơ {record}: {assignors/*/party} chuyển {rights/*} cho {assignees/*}"
        " ({kind})",
        "{office} recorded {record}: {assignors/*/party} conveyed {rights/*} to {assignees/*}"
        " ({kind})",
    ),
    "coowner.notified/1": Said(
        "{sellers/*/party} báo cho {notified} việc bán {rights/*}[ với giá {price}]",
        "{sellers/*/party} told {notified} of the sale of {rights/*}[ for {price}]",
    ),
    "correction.recorded/1": Said(
        "{parties/*} đính chính {contract}: {reason}",
        "{parties/*} corrected {contract}: {reason}",
    ),
    "disclosure.recorded/1": Said(
        "{recorded_by} ghi nhận {right} bị bộc lộ ngày {disclosed_on}",
        "{recorded_by} recorded that {right} was disclosed on {disclosed_on}",
    ),
    "dispute.admitted/1": Said(
        "{forum} thụ lý {dispute}, số {case_no}", "{forum} admitted {dispute}, case {case_no}"
    ),
    "dispute.opened/1": Said(
        "{claimant} khởi kiện {respondents/*} tại {forum}, về {concerns/*}",
        "{claimant} brought a claim against {respondents/*} before {forum}, about {concerns/*}",
    ),
    "dispute.withdrawn/1": Said(
        "{claimant} rút yêu cầu khởi kiện trong {dispute}",
        "{claimant} withdrew its claim in {dispute}",
    ),
    "document.acknowledged/1": Said(
        "{acknowledged_by} trả lời {document}: {outcome}",
        "{acknowledged_by} answered {document}: {outcome}",
    ),
    "document.received/1": Said(
        "{received_by} nhận {document}", "{received_by} received {document}"
    ),
    "document.sent/1": Said(
        "{sender} gửi {recipients/*} văn bản “{title}”",
        "{sender} sent {recipients/*} the document “{title}”",
    ),
    "evidence.filed/1": Said(
        "{filed_by} nộp chứng cứ trong {dispute}", "{filed_by} filed evidence in {dispute}"
    ),
    "file.opened/1": Said(
        "{opened_by} mở tệp bảo mật của {document}",
        "{opened_by} opened a confidential file of {document}",
    ),
    "filing.made/1": Said(
        "{filed_by} nộp hồ sơ về {contract} cho {authority} ({purpose})",
        "{filed_by} filed {contract} with {authority} ({purpose})",
    ),
    "funding.agreed/1": Said(
        "{owners/*} thỏa thuận với {contributors/*/party} về tài trợ {technology}",
        "{owners/*} agreed with {contributors/*/party} on the funding of {technology}",
    ),
    "hold.lifted/1": Said(
        "{forum} hủy bỏ biện pháp tạm thời đối với {lifts/*/on/*}",
        "{forum} lifted interim measures on {lifts/*/on/*}",
    ),
    "hold.ordered/1": Said(
        "{forum} áp dụng biện pháp tạm thời ({orders/*/effect}) đối với {orders/*/on/*}",
        "{forum} ordered interim measures ({orders/*/effect}) on {orders/*/on/*}",
    ),
    "interest.accrued/1": Said(
        "{claimed_by} tính lãi chậm trả {amount} theo {contract}",
        "{claimed_by} claimed late interest of {amount} under {contract}",
    ),
    "interest.shown/1": Said(
        "{party} quan tâm đến {listing}", "{party} was interested in {listing}"
    ),
    "investment.ended/1": Said(
        "{ended_by} chấm dứt cam kết của {investment} về {rights/*}",
        "{ended_by} gave up the covenants of {investment} on {rights/*}",
    ),
    "investment.made/1": Said(
        "{fund} đầu tư {amount} vào {company}", "{fund} invested {amount} in {company}"
    ),
    "key.added/1": Said(
        "{party} thêm {key/key_id}[, {vouched_by} bảo lãnh]",
        "{party} added {key/key_id}[, vouched for by {vouched_by}]",
    ),
    "key.resumed/1": Said("{key_id} của {party} được khôi phục", "{key_id} of {party} was resumed"),
    "key.revoked/1": Said(
        "{key_id} của {party} bị thu hồi ({reason})",
        "{key_id} of {party} was revoked ({reason})",
    ),
    "key.stopped/1": Said(
        "{stopped_by} dừng {key_id} của {party} khi đang chờ",
        "{stopped_by} stopped the waiting {key_id} of {party}",
    ),
    "key.suspended/1": Said(
        "{suspended_by} đình chỉ {key_id} của {party}",
        "{suspended_by} suspended {key_id} of {party}",
    ),
    "ledger.closed/1": Said("{@signers} đóng sổ cái", "{@signers} closed the ledger"),
    "ledger.delay_adopted/1": Said(
        "Thời gian chờ của sổ cái đổi thành {delay_seconds}",
        "The ledger's delay was changed to {delay_seconds}",
    ),
    "ledger.log_keys_adopted/1": Said(
        "{@signers} áp dụng bộ khóa mới của nhật ký", "{@signers} adopted new keys of the log"
    ),
    "ledger.opened/1": Said(
        "Mở sổ cái {origin}, {operator} vận hành, {registrar} là đăng ký viên",
        "The ledger {origin} was opened, operated by {operator}, with {registrar} as registrar",
    ),
    "ledger.operation_handed_over/1": Said(
        "Việc vận hành sổ cái được bàn giao cho {operator}",
        "The operation of the ledger was handed over to {operator}",
    ),
    "ledger.policy_adopted/1": Said(
        "{@signers} áp dụng chính sách nhân chứng mới", "{@signers} adopted a witness policy"
    ),
    "ledger.refusal_keys_adopted/1": Said(
        "{@signers} áp dụng khóa ký lời từ chối", "{@signers} adopted keys for refusals"
    ),
    "ledger.resumed/1": Said(
        "{@signers} cho sổ ký tiếp sau khi dừng", "{@signers} resumed signing after a halt"
    ),
    "ledger.rules_adopted/1": Said(
        "{@signers} áp dụng bộ quy tắc {edition}", "{@signers} adopted the rules {edition}"
    ),
    "ledger.sealed/1": Said(
        "{@signers} niêm ấn toàn sổ đến {size} mục",
        "{@signers} sealed the whole ledger of {size} entries",
    ),
    "ledger.succession_declared/1": Said(
        "Sổ cái này kế thừa {predecessor} với {size} mục",
        "This ledger succeeded {predecessor} of {size} entries",
    ),
    "listing.closed/1": Said(
        "{closed_by} đóng {listing} ({reason})", "{closed_by} closed {listing} ({reason})"
    ),
    "listing.drafted/1": Said(
        "{lister} soạn tin niêm yết “{title}”", "{lister} drafted the listing “{title}”"
    ),
    "listing.mirrored/1": Said(
        "Sàn {exchange} niêm yết “{title}” của {owner}",
        "The exchange {exchange} listed “{title}” of {owner}",
    ),
    "listing.published/1": Said(
        "{lister} đăng tin niêm yết “{title}”[, giá chào {ask}]",
        "{lister} published the listing “{title}”[, asking {ask}]",
    ),
    "listing.resumed/1": Said(
        "{reviewer} mở lại {listing}: {reason}", "{reviewer} resumed {listing}: {reason}"
    ),
    "listing.suspended/1": Said(
        "{reviewer} tạm ngừng {listing}: {reason}", "{reviewer} suspended {listing}: {reason}"
    ),
    "mandate.ended/1": Said(
        "{ended_by} chấm dứt ủy quyền của {principal} cho {holder}",
        "{ended_by} ended the mandate of {principal} for {holder}",
    ),
    "mandate.given/1": Said(
        "{principal} ủy quyền cho {holder}: {topics/*}[, không quá {ceiling}]",
        "{principal} gave {holder} a mandate for {topics/*}[, up to {ceiling}]",
    ),
    "nda.signed/1": Said(
        "{parties/*} ký thỏa thuận bảo mật[ về {listing}]",
        "{parties/*} signed a confidentiality agreement[ about {listing}]",
    ),
    "need.posted/1": Said(
        "{buyer} đăng nhu cầu “{title}”[, ngân sách {budget}]",
        "{buyer} posted the need “{title}”[, budget {budget}]",
    ),
    "notice.received/1": Said(
        "{confirmed_by} xác nhận {notice} đến ngày {received_on}",
        "{confirmed_by} confirmed that {notice} arrived on {received_on}",
    ),
    "notice.served/1": Said(
        "{served_by} gửi {served_on} thông báo về {contract} ({matter})",
        "{served_by} served {served_on} a notice about {contract} ({matter})",
    ),
    "offer.accepted/1": Said("{accepted_by} chấp nhận {offer}", "{accepted_by} accepted {offer}"),
    "offer.countered/1": Said(
        "{offeror} đề nghị lại với {offeree}: {subject_matter}[, giá {price}]",
        "{offeror} countered to {offeree}: {subject_matter}[, for {price}]",
    ),
    "offer.made/1": Said(
        "{offeror} đề nghị giao kết với {offeree}: {subject_matter}[, giá {price}]",
        "{offeror} made {offeree} an offer: {subject_matter}[, for {price}]",
    ),
    "offer.rejected/1": Said("{rejected_by} từ chối {offer}", "{rejected_by} rejected {offer}"),
    "offer.revoked/1": Said("{revoked_by} rút lại {offer}", "{revoked_by} revoked {offer}"),
    "office_event.recorded/1": Said(
        f"Cơ quan ghi nhận về {_OFFICE}: {{description}}",
        f"The office recorded of {_OFFICE}: {{description}}",
    ),
    "option.exercised/1": Said(
        "{exercised_by} thực hiện quyền chọn theo {contract}: quyền cấp {grant/grant} của"
        " {grant/licensor}",
        "{exercised_by} exercised its option under {contract}: grant {grant/grant} by"
        " {grant/licensor}",
    ),
    "overpayment.noted/1": Said(
        "{payer} và {payee} ghi nhận trả thừa {amount} của {distribution}",
        "{payer} and {payee} noted an overpayment of {amount} in {distribution}",
    ),
    "party.dissolved/1": Said(
        "{party} chấm dứt tồn tại từ ngày {effective_on} ({reason})",
        "{party} ceased to exist on {effective_on} ({reason})",
    ),
    "party.identified/1": Said(
        "{party} có mã số {identifiers/*/value} ({identifiers/*/scheme})",
        "{party} was identified by {identifiers/*/value} ({identifiers/*/scheme})",
    ),
    "party.known_as/1": Said(
        "{party} còn được viết là “{spelling}”", "{party} was confirmed to be spelled “{spelling}”"
    ),
    "party.merged/1": Said(
        "{party} sáp nhập vào {into} từ ngày {effective_on}",
        "{party} merged into {into} on {effective_on}",
    ),
    "party.registered/1": Said(
        "{party} được đăng ký tham gia sổ cái[ với vai trò {roles/*}]",
        "{party} was registered[ as {roles/*}]",
    ),
    "party.renamed/1": Said(
        "{party} đổi tên thành “{name}” từ ngày {effective_on}",
        "{party} was renamed to “{name}” from {effective_on}",
    ),
    "party.stopped/1": Said(
        "{@signers} dừng việc đăng ký {party}", "{@signers} stopped the registration of {party}"
    ),
    "payment.confirmed/1": Said(
        "{confirmed_by} xác nhận {payer} đã trả {payee} {amount}",
        "{confirmed_by} confirmed that {payer} paid {payee} {amount}",
    ),
    "payment.failed/1": Said(
        "{said_by} báo {payment} không thành: {reason}",
        "{said_by} said that {payment} failed: {reason}",
    ),
    "payment.instructed/1": Said(
        "{payer} ra lệnh trả {payee} {amount}",
        "{payer} instructed a payment of {amount} to {payee}",
    ),
    "permit.issued/1": Said(
        "{authority} cấp giấy phép số {number} cho {contract}",
        "{authority} issued permit {number} for {contract}",
    ),
    "person.erased/1": Said(
        "{@signers} xóa danh tính của {token} ({ground})",
        "{@signers} erased the identity of {token} ({ground})",
    ),
    "preemption.waived/1": Said(
        "{waived_by} từ bỏ quyền ưu tiên mua theo {preemption}",
        "{waived_by} waived pre-emption by {preemption}",
    ),
    "priority.noted/1": Said(
        "{noted_by} giữ chỗ ưu tiên cho {assignment} đối với {rights/*} đến hết ngày {until}",
        "{noted_by} noted priority of {assignment} for {rights/*} to the end of {until}",
    ),
    "profit.declared/1": Said(
        "{declared_by} khai báo lợi nhuận sau thuế {after_tax} theo {contract}",
        "{declared_by} declared a profit after tax of {after_tax} under {contract}",
    ),
    "profit.distributed/1": Said(
        "{@signers} phân chia {total} lợi nhuận phần Nhà nước cho {parts/*/party}",
        "{@signers} distributed {total} of the State's profit to {parts/*/party}",
    ),
    "reconfirmation.given/1": Said(
        "{given_by} xác nhận lại sự kiện ký bằng khóa đã lộ: {outcome}",
        "{given_by} looked again at an event signed by a compromised key: {outcome}",
    ),
    "refund.made/1": Said(
        "{confirmed_by} xác nhận {payee} hoàn trả {payer} {amount}",
        "{confirmed_by} confirmed that {payee} refunded {payer} {amount}",
    ),
    "registration.refused/1": Said(
        "{authority} từ chối {contract} ({purpose}): {reason}",
        "{authority} refused {contract} ({purpose}): {reason}",
    ),
    "relation.declared/1": Said(
        "{declared_by} khai báo quan hệ giữa {party} và {other} ({kind})",
        "{declared_by} declared a relation of {party} to {other} ({kind})",
    ),
    "relation.ended/1": Said(
        "Quan hệ giữa {party} và {other} chấm dứt từ ngày {ended_on}",
        "The relation of {party} to {other} ended on {ended_on}",
    ),
    "report.accepted/1": Said("{said_by} chấp nhận {report}", "{said_by} accepted {report}"),
    "report.disputed/1": Said(
        "{said_by} phản đối {report}: {reason}", "{said_by} disputed {report}: {reason}"
    ),
    "report.queried/1": Said(
        "{said_by} yêu cầu giải trình {report}: {question}",
        "{said_by} asked about {report}: {question}",
    ),
    "revenue.distributed/1": Said(
        "{@signers} phân chia {total} doanh thu theo {contract} cho {parts/*/party}",
        "{@signers} distributed {total} under {contract} to {parts/*/party}",
    ),
    "revenue.reported/1": Said(
        "{reported_by} báo cáo doanh thu theo {contract}: tổng thu {gross}, phải trả {due}",
        "{reported_by} reported revenue under {contract}: gross {gross}, due {due}",
    ),
    "right.cancelled/1": Said(
        f"{_OFFICE} bị hủy bỏ hiệu lực ({{extent}})", f"{_OFFICE} was cancelled ({{extent}})"
    ),
    "right.fee_paid/1": Said(
        f"Đã nộp phí duy trì {_OFFICE}[ cho năm {{fee_year}}]",
        f"The fee for keeping {_OFFICE} was paid[ for year {{fee_year}}]",
    ),
    "right.filed/1": Said(
        "Đơn số {application_no} nộp tại {office}: “{name}” ({kind}) của {owners/*/party}",
        "Application {application_no} was filed with {office}: “{name}” ({kind}) of"
        " {owners/*/party}",
    ),
    "right.granted/1": Said(
        f"Văn bằng số {{title_no}} được cấp cho {_OFFICE}, có hiệu lực từ ngày {{in_force_from}}",
        f"Title {{title_no}} was granted for {_OFFICE}, in force from {{in_force_from}}",
    ),
    "right.lapsed/1": Said(
        f"{_OFFICE} chấm dứt hiệu lực từ ngày {{effective_from}}: {{reason}}",
        f"{_OFFICE} lapsed from {{effective_from}}: {{reason}}",
    ),
    "right.limited/1": Said(
        f"Phạm vi của {_OFFICE} bị thu hẹp từ ngày {{effective_from}}",
        f"The scope of {_OFFICE} was limited from {{effective_from}}",
    ),
    "right.published/1": Said(
        f"Đơn của {_OFFICE} được công bố, số {{publication_no}}",
        f"The application of {_OFFICE} was published under number {{publication_no}}",
    ),
    "right.renewed/1": Said(
        f"{_OFFICE} được gia hạn đến hết ngày {{expires_on}}",
        f"{_OFFICE} was renewed to the end of {{expires_on}}",
    ),
    "right.restored/1": Said(
        f"{_OFFICE} được phục hồi hiệu lực từ ngày {{effective_from}}",
        f"{_OFFICE} was restored from {{effective_from}}",
    ),
    "right.surrendered/1": Said(
        f"Chủ sở hữu từ bỏ {_OFFICE} từ ngày {{effective_from}}",
        f"{_OFFICE} was surrendered by its owner from {{effective_from}}",
    ),
    "ruling.made/1": Said(
        "{forum} ra phán quyết trong {dispute}: {outcome}",
        "{forum} ruled in {dispute}: {outcome}",
    ),
    "security.assigned/1": Said(
        "{creditor} chuyển giao {security} đối với {rights/*} cho {new_creditor}",
        "{creditor} assigned {security} on {rights/*} to {new_creditor}",
    ),
    "security.created/1": Said(
        "{debtors/*} thế chấp {rights/*} cho {creditor}",
        "{debtors/*} charged {rights/*} in favour of {creditor}",
    ),
    "security.enforced/1": Said(
        "{security} được xử lý: {rights/*} chuyển từ {owners/*/party} sang {acquirers/*/party}",
        "{security} was enforced: {rights/*} passed from {owners/*/party} to {acquirers/*/party}",
    ),
    "security.perfected/1": Said(
        "{security} đối với {rights/*} được đăng ký, số {register_no}",
        "{security} on {rights/*} was registered under number {register_no}",
    ),
    "security.released/1": Said(
        "{creditor} giải chấp {rights/*}", "{creditor} released {rights/*} from {security}"
    ),
    "settlement.recorded/1": Said(
        "{parties/*} hòa giải trong {dispute}", "{parties/*} settled {dispute}"
    ),
    "share.agreed/1": Said(
        "{agreed_by/*} thỏa thuận phân chia[ {of} của] {contract}[ cho {parts/*/party}]",
        "{agreed_by/*} agreed on sharing[ the {of} of] {contract}[ with {parts/*/party}]",
    ),
    "sublicence.granted/1": Said(
        "{sublicensor} cấp li-xăng thứ cấp ({grant/exclusivity}) cho {sublicensee} theo"
        " {head_contract}",
        "{sublicensor} granted {sublicensee} a sublicence ({grant/exclusivity}) under"
        " {head_contract}",
    ),
    "suspense.released/1": Said(
        "{@signers} giải tỏa khoản tạm treo của {distribution} cho {authors/*/party}",
        "{@signers} released the suspended sum of {distribution} to {authors/*/party}",
    ),
    "technology.classified/1": Said(
        "{classified_by} phân loại {technology}[: {category}]: {reason}",
        "{classified_by} classified {technology}[ as {category}]: {reason}",
    ),
    "technology.registered/1": Said(
        "{owners/*/party} khai báo công nghệ “{title}” ({object_kind})",
        "{owners/*/party} declared the technology “{title}” ({object_kind})",
    ),
    "technology.trl_declared/1": Said(
        "{declared_by} khai báo {technology} ở mức sẵn sàng (TRL) {trl}",
        "{declared_by} declared that {technology} is at readiness level {trl}",
    ),
    "terms.amended/1": Said(
        "{parties/*} sửa đổi {contract}, có hiệu lực từ ngày {effective_from}",
        "{parties/*} amended {contract} with effect from {effective_from}",
    ),
    "use.declared/1": Said(
        "{used_by} khai báo tự sử dụng {right}: {acts/*}",
        "{used_by} declared its own use of {right}: {acts/*}",
    ),
}
"""By topic."""
