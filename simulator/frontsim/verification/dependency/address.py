"""A dependency of the receiver, as `--dependency` names it: `NAME=HOST:PORT`, or `NAME=HOST:PORT@PORT`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from frontsim.errors import BadInput

_FORM = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)=(?:\[(?P<ipv6>[^\]]+)\]|(?P<host>[^:@/\s\[\]]+)):(?P<port>\d+)(?:@(?P<own>\d+))?"
)
_EXPECTED = "expected NAME=HOST:PORT, such as db=127.0.0.1:5432 or db=[::1]:5432"
LOOPBACK = "127.0.0.1"
"""The address that proxies listen on."""


@dataclass(frozen=True, slots=True)
class DependencyAddress:
    """Where a dependency is. `own_port` is the port that frontsim listens on for it; 0 picks a free one."""

    name: str
    host: str
    port: int
    own_port: int = 0

    @property
    def shown(self) -> str:
        """`HOST:PORT`, as a user writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def placeholder(self) -> str:
        """The placeholder for the port in `--receiver-cmd`."""
        return f"{{{self.name}_port}}"

    @property
    def variable(self) -> str:
        """The environment variable that tells a receiver where to connect."""
        return f"FRONTSIM_DEPENDENCY_{self.name.upper().replace('-', '_')}"


def read_address(text: str) -> DependencyAddress:
    """One dependency from its option. Raises BadInput."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"--dependency: {_EXPECTED}, got {text[:100]!r}")
    address = DependencyAddress(
        found["name"], found["ipv6"] or found["host"], int(found["port"]), int(found["own"] or 0)
    )
    for port in (address.port, address.own_port):
        if port > 65_535 or address.port == 0:
            raise BadInput(f"--dependency: expected a port from 1 to 65535, got {port} in {text[:100]!r}")
    return address


def read_addresses(texts: Sequence[str]) -> list[DependencyAddress]:
    """All dependencies of a run. Raises BadInput, also when two have one name."""
    addresses = [read_address(text) for text in texts]
    variables: dict[str, str] = {}
    for each in addresses:
        if each.variable in variables:
            raise BadInput(
                f"--dependency: expected names that differ, got {variables[each.variable]!r} and {each.name!r}, "
                f"which share the variable {each.variable}"
            )
        variables[each.variable] = each.name
    return addresses
