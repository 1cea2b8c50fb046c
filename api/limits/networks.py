"""Whom an address counts as where each has a share: in IPv6 one host has a network at will."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

SHARES = {48: 4, 56: 2, 64: 1}
"""How many shares an IPv6 network of that prefix has: sites are given networks, not addresses."""


def groups_of(host: str) -> tuple[str, ...]:
    """Return the groups that an address is in, the widest first: in IPv6 its /48, /56 and /64."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return (host,) * len(SHARES)
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return tuple(str(ip_network((address, prefix), strict=False)) for prefix in SHARES)
    return (str(getattr(address, "ipv4_mapped", None) or address),) * len(SHARES)


def group_of(host: str) -> str:
    """Return whom an address counts as alone: itself; in IPv6 its /64."""
    return groups_of(host)[-1]


@lru_cache(4096)
def wider_networks(group: str) -> tuple[tuple[str, int], ...]:
    """Return the networks that a group is in, each with its shares; in IPv4 there are none."""
    address, _, prefix = group.partition("/")
    if not prefix:
        return ()
    shares = [each for each in SHARES.items() if each[0] < int(prefix)]
    return tuple((str(ip_network((address, at), strict=False)), share) for at, share in shares)
