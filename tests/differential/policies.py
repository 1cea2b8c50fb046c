"""What the judges are asked about the adoption of a policy: who speaks, and who approves."""

from tests.differential.bench import Bench, as_it_is
from tests.support import builders as b
from tests.support.governance import policy_adopted


def _adopted(bench: Bench, approved_by: list[str], **speakers: str) -> bytes | None:
    if not bench.writer.mandated:
        return None
    named = [{"group": group, "party": party} for group, party in speakers.items()]
    body = policy_adopted(speakers=named, approved_by=sorted(approved_by))
    said = body.model_dump(mode="json", exclude_unset=True)
    bound = bench.writer.bound(body.TOPIC, said)
    return as_it_is(bench, body.TOPIC, said, [*map(bench.writer.key, bound)])


def policy_of_two_groups(bench: Bench) -> bytes | None:
    return _adopted(
        bench, [b.INSTITUTE, b.REGISTRAR], state=b.REGISTRAR, institutes=b.INSTITUTE, firms=b.FIRM
    )


def policy_by_the_operator_alone(bench: Bench) -> bytes | None:
    operator = bench.writer.officers.operator
    return _adopted(bench, [operator], institutes=operator, firms=operator)


def policy_by_one_for_two_groups(bench: Bench) -> bytes | None:
    party = bench.chance.choice((b.FIRM, b.REGISTRAR))
    return _adopted(bench, [party], institutes=party, firms=party)


def policy_by_puppets(bench: Bench) -> bytes | None:
    """Let two parties that speak for nobody yet approve it."""
    return _adopted(bench, [b.RIVAL, b.THIRD], institutes=b.RIVAL, firms=b.THIRD)


def policy_for_which_the_operator_speaks(bench: Bench) -> bytes | None:
    operator = bench.writer.officers.operator
    return _adopted(bench, [b.INSTITUTE, b.REGISTRAR], institutes=b.INSTITUTE, firms=operator)
