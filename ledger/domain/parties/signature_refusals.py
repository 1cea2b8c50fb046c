"""
What is refused of who signs: lines that bind nobody, keys and mandates that are not in force.

`ledger.domain.signing.signers` judges them; they stand here, so that the module of a subject can
raise them too.
"""

from ledger.domain.core.refusal import Refusal


class LedgerNotOpen(Refusal):
    """Nothing can be recorded before `ledger.opened/1`, which stands at position 0."""

    code = "LEDGER_NOT_OPEN"
    final = False
    title_vi = "Sổ cái chưa được mở"


class NotBound(Refusal):
    """Superclass of what is wrong with the signatures of an event. Never raised itself."""

    final = False


class BadSignature(NotBound):
    """A signature does not verify over the bytes that were sent."""

    code = "BAD_SIGNATURE"
    title_vi = "Chữ ký không khớp với nội dung"


class WrongSigner(NotBound):
    """Somebody signed who is not bound by the event, or may not bind whom they signed for."""

    code = "WRONG_SIGNER"
    title_vi = "Người ký không có thẩm quyền ký sự kiện này"


class SignerMissing(NotBound):
    """A party that the event binds, or a key that it brings, has not signed."""

    code = "SIGNER_MISSING"
    title_vi = "Thiếu chữ ký của bên bị ràng buộc"


class MandateExpired(NotBound):
    """The mandate under which somebody signed has ended."""

    code = "MANDATE_EXPIRED"
    members = ("mandate",)
    title_vi = "Ủy quyền đã hết hiệu lực"


class CeilingExceeded(NotBound):
    """The event commits a signer to more than the ceiling of the mandate under which it is signed.

    Its sums are added up. What has no bound exceeds any ceiling, and so does what assigns, charges,
    releases or grants exclusively.
    """

    code = "CEILING"
    title_vi = "Nội dung vượt quá hạn mức của ủy quyền"


class SelfDealing(NotBound):
    """Nobody signs both sides of an event, for others or for itself and another.

    No mandate lets it: who speaks for a party there must not speak for its opposite, or be it.
    """

    code = "SELF_DEALING"
    title_vi = "Một người không được đại diện cho cả hai bên của cùng một giao dịch"
    article = "Bộ luật Dân sự, Điều 141(3)"


class KeyUnknown(NotBound):
    """The log has no such key."""

    code = "KEY_UNKNOWN"
    title_vi = "Khóa ký chưa được ghi trong sổ cái"


class KeyNoLongerValid(NotBound):
    """The key was revoked before this position."""

    code = "KEY_REVOKED"
    title_vi = "Khóa ký đã bị thu hồi"


class KeyIsSuspended(NotBound):
    """The key is said to be compromised, and binds nobody until that is cleared up."""

    code = "KEY_SUSPENDED"
    title_vi = "Khóa ký đang bị đình chỉ vì nghi bị lộ"


class KeyNotYetValid(NotBound):
    """The key's validity has not begun."""

    code = "KEY_NOT_YET_VALID"
    title_vi = "Khóa ký chưa đến thời điểm có hiệu lực"


class KeyExpired(NotBound):
    """The key's validity has ended."""

    code = "KEY_EXPIRED"
    title_vi = "Khóa ký đã hết thời hạn hiệu lực"


class BindsTooEarly(Refusal):
    """What officers vouch for binds only after the ledger's delay: `not_before` is too early."""

    code = "BINDS_TOO_EARLY"
    members = ("not_before",)
    title_vi = "Thời điểm bắt đầu có hiệu lực sớm hơn thời gian chờ của sổ cái"
