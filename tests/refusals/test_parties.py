"""Rules 4 and 82, and the form of tax codes: who a party is, and what may not stand in the log."""

import pytest

from ledger.domain.admission import Folds
from ledger.domain.parties.identifier import TaxCodeInvalid
from ledger.domain.parties.name import PartyByName, spelling_subject
from ledger.domain.parties.name_alias import must_be_called
from tests.support.builders import FIRM, RIVAL, STRANGER, party_registered, planted_key
from tests.support.parties import known_as
from tests.support.specification import given

VALID = "party:vn.mst.0100047516"
OTHERWISE = "U.S. WELL SERVICES, LLC"


def test_party_by_name() -> None:
    """Two spellings without one identifier: the other's registration, and its claim to the name."""
    log = given(known_as("US WELL SERVICES LLC"))
    log.when(known_as(OTHERWISE, party=RIVAL)).then_refused(PartyByName, positions=(0,))
    log.when(party_registered(name=OTHERWISE)).then_refused(PartyByName, positions=(0,))
    log.when(known_as(OTHERWISE)).then_admitted()
    log.when(known_as(OTHERWISE, party=RIVAL, distinct_from=[FIRM])).then_admitted()


@pytest.mark.parametrize(
    "code",
    ["0100047517", "0100000001", "010004751", "0100047516001", "0100047516-001", "0000000000"],
)
def test_tax_code_invalid(code: str) -> None:
    """A wrong digit, too few digits, or a branch, which is no legal person."""
    party = f"party:vn.mst.{code}"
    wrong = party_registered(party=party, keys=[planted_key(party)])
    given().when(wrong).then_refused(TaxCodeInvalid)
    given().when(party_registered(party=VALID, keys=[planted_key(VALID)])).then_admitted()


def test_party_by_name_knows_the_names_of_registration() -> None:
    log = given(party_registered(name="Công ty Lạ"))
    must_be_called(Folds(log.subjects), STRANGER, "Công ty Lạ")
    with pytest.raises(PartyByName):
        must_be_called(Folds(log.subjects), STRANGER, "CÔNG TY LẠ")
    other = party_registered(party=VALID, keys=[planted_key(VALID)], name="CÔNG TY LẠ")
    log.when(other).then_admitted()


def test_party_by_name_of_whom_an_act_is_said_to_be() -> None:
    """A record's spelling is the party's only once somebody vouches for it, letter by letter."""
    log = given(known_as("US WELL SERVICES LLC"))
    subject = spelling_subject(OTHERWISE)
    assert subject == "spelling:uswellservicesllc"
    state = Folds(log.subjects)
    must_be_called(state, FIRM, "US WELL SERVICES LLC")
    with pytest.raises(PartyByName) as unmapped:
        must_be_called(state, FIRM, OTHERWISE)
    assert (FIRM, subject) == unmapped.value.subjects
    with pytest.raises(PartyByName):
        must_be_called(state, RIVAL, "US WELL SERVICES LLC")
    must_be_called(Folds(log.and_then(known_as(OTHERWISE)).subjects), FIRM, OTHERWISE)
