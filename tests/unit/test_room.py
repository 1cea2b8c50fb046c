"""Which connections there may be, and which of them goes for a new one: network by network."""

import asyncio

import pytest

from api.limits.guarded import Guard, Limits
from api.limits.networks import group_of, groups_of


class Here:
    """A connection from an address, of which nothing but that is known."""

    def __init__(self, host):
        self.host, self.groups, self.gone = host, groups_of(host), False

    def owes_s(self, now):
        del now
        return 0.0

    def displace(self):
        self.gone = True

    def look(self, tick_s):
        del tick_s


def entered(hosts, **limits):
    """Have connections from hosts enter in turn; return them, and how each was taken in."""

    async def story():
        guard, here = Guard(Limits(**limits)), [Here(host) for host in hosts]
        return here, [guard.enter(each) for each in here]

    return asyncio.run(story())


class Dripping(Here):
    """One that is waited for since it came; it counts how often that is asked."""

    asked = 0

    def __init__(self, host, since):
        super().__init__(host)
        self.since = since

    def owes_s(self, now):
        Dripping.asked += 1
        return now - self.since


class Owing(Here):
    """One that is waited for as long as it is said."""

    def __init__(self, host, owed):
        super().__init__(host)
        self.owed = owed

    def owes_s(self, now):
        del now
        return self.owed


def test_who_has_said_what_it_wants_since_the_last_look_stays():
    async def story():
        guard = Guard(Limits(connections=2))
        here = [Owing(f"192.0.2.{n}", owed) for n, owed in enumerate((10, 5, 1))]
        for each in here:
            guard.enter(each)
        assert [True, False, False] == [each.gone for each in here]
        here[1].owed = 0
        assert 0 == guard.enter(Owing("192.0.2.9", 0))
        return [each.gone for each in here]

    assert [True, False, True] == asyncio.run(story())


@pytest.mark.parametrize("per_address", [1, 2, 10])
def test_a_new_connection_costs_no_look_at_all_the_others(monkeypatch, per_address):
    """As many come as there is room for: the oldest go, and none is looked at for each of them."""

    async def story():
        monkeypatch.setattr(Dripping, "asked", 0)
        guard, now = Guard(Limits(connections=1000)), asyncio.get_running_loop().time()
        here = [
            Dripping(
                f"10.0.{n // per_address // 250}.{n // per_address % 250}", now - 10 + n / 1000
            )
            for n in range(1000)
        ]
        new = [Dripping(f"10.1.{n // 250}.{n % 250}", now - 0.001) for n in range(500)]
        assert [0] * 1500 == [guard.enter(each) for each in (*here, *new)]
        assert 500 == sum(each.gone for each in here)
        if per_address == 1:
            assert all(each.gone for each in here[:500])
        return Dripping.asked

    assert asyncio.run(story()) < 1000 * 2 + 500 * (per_address + 1)


@pytest.mark.parametrize(
    ("hosts", "let_in"),
    [
        ([f"2001:db8:1:2::{n:x}" for n in range(50)], 10),
        ([f"2001:db8:1:2{n:02x}::1" for n in range(50)], 20),
        ([f"2001:db8:1:{n:x}00::1" for n in range(50)], 40),
        ([f"2001:db8:{n:x}::1" for n in range(50)], 50),
        ([f"192.0.2.{n}" for n in range(50)], 50),
    ],
    ids=["64", "56", "48", "sites", "ipv4"],
)
def test_a_network_has_few_shares_however_many_addresses(hosts, let_in):
    _here, taken = entered(hosts, share=10)
    assert let_in == taken.count(0)


def test_a_site_gives_up_one_of_its_own_to_another():
    """Thirty addresses of one /48 are one site: it has most."""
    site = [f"2001:db8:1:{n:x}00::1" for n in range(30)]
    others = [f"2001:db8:{n:x}::1" for n in range(2, 12)]
    here, taken = entered([*site, *others, "192.0.2.1"], connections=40, share=10)
    assert [0] * 41 == taken
    assert [1, 0] == [sum(each.gone for each in some) for some in (here[:30], here[30:])]


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_ipv6_counts_by_its_64(address, group):
    assert group == group_of(address)
