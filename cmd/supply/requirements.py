"""Print the packages of a list of requirements, and those that they require, as JSON."""

import json
import re
import sys
from importlib import metadata
from pathlib import Path


def license_of(package: metadata.PackageMetadata) -> str:
    """Return what a package says its licence is: an SPDX name, if it has one."""
    said = package.get("License-Expression")
    named = [c.split(" :: ")[-1] for c in package.get_all("Classifier") or [] if c.startswith("License ::")]
    return str(said or " AND ".join(sorted(named, key=len)[:1]) or package.get("License") or "unknown")


pinned = dict(line.split("==") for line in Path(sys.argv[1]).read_text().split() if "==" in line)
found: dict[str, dict[str, str]] = {}
wanted = list(pinned)
while wanted:
    name = re.split(r"[^\w.-]", wanted.pop().strip())[0].replace("_", "-").lower()
    if name in found:
        continue
    package = metadata.metadata(name)
    found[name] = {"name": name, "version": pinned.get(name, ""), "license": license_of(package)}
    wanted += [r for r in metadata.requires(name) or [] if "extra ==" not in r]
json.dump(list(found.values()), sys.stdout)
