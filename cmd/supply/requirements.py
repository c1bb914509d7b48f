"""Print the packages of a list of requirements as JSON, with the licences they name."""

import json
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def licenses_of(package: metadata.PackageMetadata) -> list[str]:
    """Return what a package says: an SPDX expression, or else names of its own."""
    if expression := package.get("License-Expression"):
        return [str(expression)]
    named = [
        c.split(" :: ")[-1]
        for c in package.get_all("Classifier") or []
        if c.startswith("License ::")
    ]
    return sorted(named) or [str(package.get("License"))]


lines = [line.split("==") for line in Path(sys.argv[1]).read_text().split() if "==" in line]
pinned = {name.partition("[")[0]: version for name, version in lines}  # of name[extra] the name
found = [
    {"name": name, "version": version, "licenses": licenses_of(metadata.metadata(name))}
    for name, version in pinned.items()
]
# What these want themselves, so that a list that is said to be whole can be held to it.
wanted = {
    canonicalize_name(each.name)
    for name in pinned
    for each in map(Requirement, metadata.requires(name) or [])
    if each.marker is None or each.marker.evaluate({"extra": ""})
}
json.dump({"pinned": found, "lacks": sorted(wanted - pinned.keys())}, sys.stdout)
