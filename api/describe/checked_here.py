"""What a page's own check says (`verify.js`): its steps, what it saw, left out and found wrong."""

from collections.abc import Mapping

from api.describe.language import Said

CHECKED: Mapping[str, Said] = {
    "button": Said("Kiểm tra tại đây", "Check here"),
    "working": Said("Đang tải bằng chứng và kiểm tra…", "Fetching the evidence, and checking…"),
    "own_trust": Said(
        "trust.json của riêng bạn, nếu có:", "A trust.json of your own, if you have one:"
    ),
    "script": Said("SHA-256 của verify.js:", "SHA-256 of verify.js:"),
    "all_steps": Said("Từng bước", "Every step"),
    "at_entry": Said("mục {0}", "entry {0}"),
    "left_out": Said(
        "Trình duyệt này còn để lại {0} điều không kiểm tra, kể trong từng bước bên dưới.",
        "This browser left {0} things unchecked, which stand in the steps below.",
    ),
    "green": Said(
        "XANH: trình duyệt này đã kiểm tra. Mục này đúng như đã ký, chưa bị đổi, và nằm trong sổ"
        " mà trình duyệt này tin.",
        "GREEN: checked by this browser. The entry is as it was signed, unchanged, and stands in"
        " the log that this browser trusts.",
    ),
    "amber": Said(
        "VÀNG: không thấy gì sai, nhưng chưa đủ để tin:",
        "AMBER: nothing was found wrong, but it does not suffice:",
    ),
    "red": Said("ĐỎ: có điều không đúng:", "RED: something is wrong:"),
    "state_passed": Said("đạt", "passed"),
    "state_noted": Said("không thấy sai, còn điều chưa kiểm tra", "nothing wrong, not all checked"),
    "state_failed": Said("SAI", "WRONG"),
    "state_open": Said("không chạy", "not run"),
    "step_1": Said("1. Tin vào đâu", "1. What is trusted"),
    "step_2": Said(
        "2. Điểm kiểm soát có chữ ký của sổ và của các nhân chứng",
        "2. The checkpoint is signed by the log and its witnesses",
    ),
    "step_3": Said("3. Mỗi mục dẫn lên đúng gốc đã ký", "3. Every entry leads up to the root"),
    "step_4": Said("4. Mục 0 là mục được tin", "4. Entry 0 is the trusted one"),
    "step_5": Said(
        "5 đến 7. Hình thức, sổ, thời gian, danh sách của mỗi mục",
        "5 to 7. Form, log, time and lists of every entry",
    ),
    "step_8": Said("8. Chữ ký của các bên", "8. The parties' signatures"),
    "step_9": Said("9. Sổ chỉ dài thêm, không đổi", "9. The log only went on"),
    "step_10": Said("10. Lịch sử trọn vẹn theo niêm phong", "10. Whole histories, under the seal"),
    "step_11": Said("11. Phần kín được mở", "11. Openings of what is sealed"),
    "step_12": Said("12. Kết luận của trang", "12. What the page concludes"),
    # What was seen.
    "kept": Said(
        "đúng sổ {0} mà trình duyệt này đã giữ từ trước, mục 0 có SHA-256 {1}",
        "it is the log {0} that this browser kept, entry 0 with the SHA-256 {1}",
    ),
    "brought": Said(
        "đúng sổ {0} của trust.json bạn đưa, mục 0 có SHA-256 {1}",
        "it is the log {0} of the trust.json that you brought, entry 0 with the SHA-256 {1}",
    ),
    "genesis": Said(
        "mục 0 mở sổ {0}, có SHA-256 {1}", "entry 0 opens the log {0}, and has the SHA-256 {1}"
    ),
    "log_signed": Said(
        "sổ đã ký {0} mục dưới gốc {1}, bằng khóa {2}",
        "the log signed {0} entries under the root {1}, by the key {2}",
    ),
    "witnessed": Said(
        "{0} trên {1} nhân chứng đã ký, chữ ký đúng: {2}",
        "{0} of {1} witnesses cosigned, and their signatures verify: {2}",
    ),
    "included": Said(
        "{0} mục được đưa ra, mỗi mục đều nằm trong {1} mục đã ký",
        "{0} entries are shown, each among the {1} that are signed",
    ),
    "entry": Said(
        "mục {0} là {1}, ghi lúc {2}, mã {3}, bên ký: {4}",
        "entry {0} is {1}, recorded {2}, event {3}, signed by {4}",
    ),
    "signatures": Said(
        "{0} chữ ký của {1} mục, bằng khóa mà các mục trước đó ghi nhận",
        "{0} signatures of {1} entries, by keys that entries before them record",
    ),
    "by_mandate": Said(
        "{0} được ký thay bởi {1}, theo ủy quyền {2} được đưa ra",
        "{0} is signed for by {1}, under the mandate {2} that is shown",
    ),
    "earlier": Said(
        "{0} mục được ký trước đây là phần đầu của {1} mục nay",
        "the {0} entries signed earlier are the beginning of the {1} of now",
    ),
    "kept_same": Said(
        "gốc của {0} mục đúng là gốc mà trình duyệt này đã giữ",
        "the root of {0} entries is the one that this browser kept",
    ),
    "kept_goes_on": Said(
        "{0} mục mà trình duyệt này đã giữ là phần đầu của {1} mục nay",
        "the {0} entries that this browser kept are the beginning of the {1} of now",
    ),
    "whole": Said(
        "{0}: {1} mục được đưa ra là toàn bộ lịch sử dưới mục {2}",
        "{0}: the {1} entries shown are its whole history below entry {2}",
    ),
    # What is never checked here.
    "mldsa_line": Said(
        "chữ ký ML-DSA-44 của {0} có đó, nhưng trình duyệt không kiểm tra được ML-DSA",
        "a signature of {0} by ML-DSA-44 is there, and browsers cannot verify ML-DSA",
    ),
    "no_witnesses": Said(
        "sổ không đòi nhân chứng: chỉ mình sổ nói rằng nó không có bản thứ hai",
        "the log asks for no witnesses: that there is no second one is its word alone",
    ),
    "about": Said(
        "không kiểm tra ở đây: đối tượng của mỗi mục có kể đủ những gì thân mục nói đến",
        "not checked here: that the subjects of each entry have all that its body is about",
    ),
    "authority": Said(
        "không kiểm tra ở đây: ngoài khóa, ủy quyền và điều lệ của sổ, loại sự kiện nào phải do ai"
        " ký, ai được làm gì, hai phía đối nhau, thời gian chờ, khóa có yếu không; một khóa đã hết"
        " hiệu lực ở mục không được đưa ra",
        "not checked here: beside keys, mandates and the log's charter, who must sign which event,"
        " who may do what, opposed sides, delays, whether keys are weak; that a key had ended by an"
        " entry that is not shown",
    ),
    "no_seal": Said(
        "chưa có niêm phong: lịch sử có đủ hay không thì không thấy được",
        "there is no seal: that a history is whole cannot be seen",
    ),
    "since_seal": Said(
        "niêm phong nói về các mục dưới {0}: sau đó có thêm gì thì không thấy ở đây",
        "the seal is of the entries below {0}: what came since cannot be seen here",
    ),
    "behind_seal": Said(
        "{0}: {1} mục nằm sau niêm phong; có đủ hay không thì không thấy",
        "{0}: {1} entries lie behind the seal; whether these are all cannot be seen",
    ),
    # What keeps the answer from being green.
    "first_time": Said(
        "lần đầu ở đây: trình duyệt này giữ từ nay sổ {0} và dấu {1} của mục 0; hãy so dấu ấy với"
        " một nguồn khác (công báo, hợp đồng, trust.json) rồi kiểm tra lại",
        "first time here: from now on this browser keeps the log {0} and the fingerprint {1} of"
        " entry 0; compare it with one from elsewhere (gazette, contract, trust.json), then check"
        " again",
    ),
    "not_kept": Said(
        "trình duyệt này không giữ được gì (cửa sổ riêng tư?): lần sau lại là lần đầu",
        "this browser can keep nothing (a private window?): next time is the first again",
    ),
    "kept_unasked": Said(
        "không hỏi được sổ có nối tiếp {0} mục mà trình duyệt này đã giữ hay không; hãy thử lại",
        "whether the log goes on from the {0} entries that this browser kept got no answer; try"
        " again",
    ),
    "no_ed25519": Said(
        "trình duyệt này không biết Ed25519, nên chữ ký của {0} chưa được kiểm tra; hãy dùng bản"
        " mới hơn",
        "this browser does not know Ed25519, so the signature of {0} was not checked; take a newer"
        " one",
    ),
    "key_unread": Said(
        "trình duyệt này không kiểm tra được chữ ký {0} của khóa {1} của {2}",
        "this browser cannot verify a signature by {0}, of the key {1} of {2}",
    ),
    "quorum_unread": Said(
        "nhóm nhân chứng «{0}» chỉ đủ nếu tính cả chữ ký mà trình duyệt không kiểm tra được",
        "the quorum «{0}» of witnesses is reached only with signatures that were not verified",
    ),
    "policy_unknown": Said(
        "chính sách nhân chứng lúc sổ có {0} mục không được đưa ra",
        "the policy of witnesses at size {0} is not shown",
    ),
    "ceiling": Said(
        "ủy quyền {0} của {1} có trần; số tiền không được tính lại ở đây",
        "the mandate {0} of {1} has a ceiling; sums are not added up here",
    ),
    "named_by_none": Said(
        "{0}: không mục nào dưới niêm phong nhắc đến", "{0}: no entry below the seal names it"
    ),
    "not_shown": Said("{0}: không mục nào được đưa ra nhắc đến", "{0}: no entry shown names it"),
    "not_whole": Said(
        "{0}: các mục được đưa ra có là toàn bộ lịch sử hay không thì không thấy",
        "{0}: that the entries shown are its whole history is not shown",
    ),
    "openings": Said(
        "{0} phần kín được mở không được kiểm tra ở đây", "{0} openings are not checked here"
    ),
    "conclusion": Said(
        "bằng chứng đã kiểm tra, kết luận thì chưa: câu trả lời trên trang này là của máy chủ;"
        " «techledger audit verify» tính lại các quy tắc",
        "evidence checked, conclusion not: what this page answers is the server's word;"
        " `techledger audit verify` runs the rules again",
    ),
    "no_crypto": Said(
        "chưa kiểm tra gì: trình duyệt chỉ có mật mã (WebCrypto) ở địa chỉ https hoặc trên chính"
        " máy này",
        "nothing was checked: browsers have cryptography (WebCrypto) under https or on this very"
        " machine only",
    ),
    "no_evidence": Said(
        "chưa kiểm tra gì: máy chủ không đưa bằng chứng ({0}); hãy thử lại sau",
        "nothing was checked: the server gave no evidence ({0}); try again later",
    ),
    # What is wrong.
    "unreadable": Said("không đọc được: {0}", "it cannot be read: {0}"),
    "bundle_form": Said(
        "gói bằng chứng không đúng dạng techledger-bundle/v1 ({0})",
        "the bundle is not of the form techledger-bundle/v1 ({0})",
    ),
    "spelling": Said(
        "JSON không ở cách viết duy nhất của nó: {0}", "the JSON is not in its one spelling: {0}"
    ),
    "not_json": Said("không phải JSON: {0}", "it is not JSON: {0}"),
    "base64": Said(
        "không phải Base64 ở cách viết duy nhất, hoặc sai độ dài: {0}",
        "it is not Base64 in its one spelling, or of another length: {0}",
    ),
    "order": Said("{0} không xếp theo thứ tự: {1}", "{0} are not in order: {1}"),
    "genesis_missing": Said(
        "mục 0 không được đưa ra, hoặc không mở sổ này",
        "entry 0 is not shown, or does not open this log",
    ),
    "genesis_other": Said(
        "mục 0 có SHA-256 {0}, mà được tin là {1}: đây là sổ khác",
        "entry 0 has the SHA-256 {0}, and {1} is trusted: this is another log",
    ),
    "keys_other": Said(
        "sổ này chưa từng có các khóa được tin: {0}", "the log never had the trusted keys: {0}"
    ),
    "other_log": Said("nói về sổ {0}, không phải sổ {1}", "it is of the log {0}, and not of {1}"),
    "note_form": Said("điểm kiểm soát sai dạng: {0}", "the checkpoint is not a signed note: {0}"),
    "checkpoint_form": Said(
        "điểm kiểm soát không có ba dòng sổ, số mục, gốc: {0}",
        "the checkpoint has not the three lines log, size, root: {0}",
    ),
    "log_key": Said("khóa của sổ hoặc nhân chứng sai dạng: {0}", "a key is malformed: {0}"),
    "line_unknown": Said(
        "dòng ký của {0} là của khóa không thuộc sổ, cũng không thuộc chính sách",
        "the line of {0} is by a key of neither the log nor the policy",
    ),
    "line_missing": Said("thiếu chữ ký của khóa {0} của sổ", "the log's key {0} has not signed"),
    "line_wrong": Said(
        "chữ ký của {0} trên điểm kiểm soát không đúng",
        "the signature of {0} under the checkpoint does not verify",
    ),
    "line_time": Said("giờ ký của {0} không có thật", "the time of {0} is none"),
    "policy_form": Said("chính sách nhân chứng sai dạng: {0}", "the policy is malformed: {0}"),
    "policy_other": Said(
        "chính sách nhân chứng là {0}, mà có hiệu lực là {1}",
        "the policy of witnesses is {0}, and {1} counts",
    ),
    "policy_of_others": Said(
        "chính sách nhân chứng là của các sổ khác, không phải {0}",
        "the policy is for other logs, and not for {0}",
    ),
    "policy_unapproved": Said(
        "chính sách nhân chứng không được hai nhóm chấp thuận, chỉ: {0}",
        "the policy is not approved by two of the groups, only by: {0}",
    ),
    "quorum_missing": Said(
        "nhóm nhân chứng «{0}» chưa đủ, chỉ có: {1}",
        "the quorum «{0}» has not cosigned, only: {1}",
    ),
    "root_differs": Said(
        "mục dẫn lên gốc {0}, mà gốc đã ký là {1}: nó đã bị đổi, hoặc không nằm ở đó",
        "the entry leads to the root {0}, and {1} is signed: it was changed, or does not stand"
        " there",
    ),
    "proof_length": Said(
        "đường dẫn {0} mã băm không có độ dài đúng", "the proof of {0} hashes is of another length"
    ),
    "beyond": Said("sổ có {1} mục, không có mục {0}", "the log of {1} entries has no entry {0}"),
    "entry_missing": Said("mục {0} không được đưa ra", "entry {0} is not shown"),
    "forked": Said(
        "SỔ BỊ RẼ NHÁNH: {0} mục đầu có gốc {1}, và không nối tới gốc {2}",
        "THE LOG IS FORKED: its first {0} entries have the root {1}, and do not lead to {2}",
    ),
    "cut_short": Said(
        "SỔ BỊ CẮT NGẮN: đã ký {0} mục, nay chỉ còn {1}",
        "THE LOG WAS CUT SHORT: {0} entries were signed, and now there are {1}",
    ),
    "shorter": Said(
        "SỔ NGẮN ĐI: trình duyệt này đã giữ {0} mục đã ký, và máy chủ nói không có chừng ấy",
        "THE LOG IS SHORTER: this browser kept {0} signed entries, and the server says that there"
        " are fewer",
    ),
    "frame": Said(
        "mục {0} byte không đúng dạng techledger-entry/v1",
        "the entry of {0} bytes is not of the form techledger-entry/v1",
    ),
    "members": Said("nội dung đã ký có thành phần lạ: {0}", "the payload has other members: {0}"),
    "header": Said("{0} sai dạng: {1}", "{0} is not of its form: {1}"),
    "instant": Said("không phải một thời điểm: {0}", "it is not an instant: {0}"),
    "payload_value": Said(
        "nội dung đã ký có giá trị không được phép: {0}",
        "the payload holds a value that is not allowed: {0}",
    ),
    "not_in_time": Said(
        "ghi lúc {0}, ngoài khoảng từ {1} đến {2}", "recorded at {0}, not from {1} to {2}"
    ),
    "before_the_last": Said(
        "ghi lúc {0}, trước mục đứng trước nó, {1}",
        "recorded at {0}, before the entry before it, {1}",
    ),
    "after_witnesses": Said(
        "ghi lúc {0}, sau khi nhân chứng đã ký", "recorded at {0}, after witnesses had cosigned it"
    ),
    "event_twice": Said("sự kiện {0} được ghi hai lần", "the event {0} is recorded twice"),
    "page_differs": Said(
        "trang này nói khác điều mục {0} nói", "this page says other than what entry {0} says"
    ),
    "signature_wrong": Said(
        "chữ ký bằng khóa {0} của {1} không đúng: mục đã bị đổi, hoặc khóa là của người khác",
        "the signature by the key {0} of {1} does not verify: the entry was changed, or the key is"
        " another's",
    ),
    "high_s": Said(
        "chữ ký ECDSA là dạng lớn hơn trong hai dạng", "the signature of ECDSA is the larger form"
    ),
    "der": Said("chữ ký ECDSA không ở dạng DER", "the signature of ECDSA is not in strict DER"),
    "key_id": Said("mã khóa {0} không phải SHA-256 của khóa", "the key id {0} is not its SHA-256"),
    "key_form": Said("khóa không đọc được: {0}", "the key cannot be read: {0}"),
    "key_unknown": Said(
        "không mục nào trước đó ghi nhận khóa {0} còn hiệu lực",
        "no entry before it records a key {0} in force",
    ),
    "key_twice": Said("khóa {0} đã có trong sổ", "the key {0} is in the log already"),
    "key_revoked": Said(
        "khóa {0} của {1} đã bị thu hồi ở mục {2}", "the key {0} of {1} was revoked by entry {2}"
    ),
    "key_suspended": Said(
        "khóa {0} của {1} đang bị tạm ngừng từ mục {2}",
        "the key {0} of {1} is suspended since entry {2}",
    ),
    "key_not_in_time": Said(
        "khóa {0} của {1} không có hiệu lực lúc ấy", "the key {0} of {1} did not bind then"
    ),
    "key_silent": Said(
        "khóa {0} được đưa vào mà không ký", "the key {0} is brought in and has not signed"
    ),
    "signers": Said("bên ký là {0}, mà phải là {1}", "it is signed by {0}, and has to be by {1}"),
    "binds_nobody": Said(
        "khóa {0} của {1} không ràng buộc bên ký nào: không phải của họ, cũng không được ủy quyền",
        "the key {0} of {1} binds no signer: it is none of theirs, and has no mandate",
    ),
    "unbound": Said("không chữ ký nào ràng buộc {0}", "no signature binds {0}"),
    "not_older": Said(
        "khóa thêm vào không được khóa có trước, hay viên chức khác, bảo lãnh: {0}",
        "the key added rests on no older key and no other officer: {0}",
    ),
    "party_ended": Said("{0} đã không còn", "{0} has ceased to be"),
    "party_twice": Said("{0} đã được đăng ký", "{0} is registered already"),
    "mandate_twice": Said("ủy quyền {0} đã được lập", "the mandate {0} was given before"),
    "mandate_unknown": Said("ủy quyền {0} không có hiệu lực", "the mandate {0} is not in force"),
    "log_keys_new": Said(
        "các khóa mới của sổ không giữ khóa cũ nào", "of the log's new keys none is an old one"
    ),
    "opened_twice": Said("sổ được mở lần thứ hai", "the log is opened a second time"),
    "closed": Said("sổ đã đóng ở mục {0}", "the log was closed by entry {0}"),
    "seal": Said("mục {0} không phải niêm phong đúng dạng", "entry {0} is no seal of its form"),
    "history_differs": Said(
        "{0}: {1} mục được đưa ra, mà niêm phong đếm {2}, hoặc là mục khác",
        "{0}: {1} entries are shown, and the seal counts {2}, or others",
    ),
    "map_path": Said(
        "{0}: đường dẫn không tới gốc mà niêm phong nói",
        "{0}: its path does not lead to the root that the seal states",
    ),
}
"""By name; `api/explorer/static/verify.js` says all of them, and puts values for `{0}`."""
