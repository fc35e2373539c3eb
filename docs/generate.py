#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/reference/ and docs/parameters.md from the plugins' own tables: `./dev reference`.

usage: generate.py BINARY [DIRECTORY]   into DIRECTORY (default: this one)
"""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ["input", "filter", "output", "parser", "formatter", "buffer"]

HEAD = """\
# Fluentd's parameters, and which of them tailrace has

Made by `./dev reference` from [fluentd_parameters.txt](fluentd_parameters.txt), what Fluentd's classes declare, and from the tables of
tailrace's plugins. *Works*: the parameter does here what it does there. *Accepted*: it may stand in a configuration and has no effect;
its page in the [reference](reference/README.md) says so, and why. *Missing*: `tailrace check` warns that it has no effect.
Parameters that Fluentd itself refuses (obsoleted) are not counted. `buffer` stands for all buffer types, whose parameters tailrace
keeps in one table.

| plugin | declared | works | accepted | missing |
| --- | --- | --- | --- | --- |
"""


def split_top(text):
    """Splits at commas that stand in no bracket and no quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char in "{[(":
            depth += 1
        elif char in "}])":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def parse_params(text, groups, prefix=""):
    """Qualified names of a list of parameters: "key", "rule.pattern"."""
    names = []
    for part in split_top(text):
        section = re.match(r"<(\w+)>[+!]*\s*(\{.*\})?", part)
        group = re.match(r"«([\w.-]+)»$", part)
        param = re.match(r"([\w@]+)(?::|=)", part)
        if group:
            names += parse_params(groups[group.group(1)], groups, prefix)
        elif section:
            if section.group(2):
                names += parse_params(section.group(2)[1:-1], groups, f"{prefix}{section.group(1)}.")
        elif param and not part.startswith("(arg)") and "✗" not in part and not param.group(1).startswith("@"):
            names.append(prefix + param.group(1))
    return names


def read_declared():
    """{(kind, type): [qualified parameter, ...]} of everything that Fluentd has."""
    groups, declared = {}, {}
    with open(os.path.join(HERE, "fluentd_parameters.txt"), encoding="utf-8") as file:
        for line in file:
            match = re.match(r"(\w+) ([\w.-]+): (.*)", line)
            if not match or line.startswith("#"):
                continue
            kind, name, rest = match.groups()
            if kind == "group":
                groups[name] = rest
                continue
            like = re.match(r"= (\w+) (\w+)(?: plus/changed: (.*))?$", rest)
            if like:
                added, _, without = (like.group(3) or "").partition(" ; without: ")
                names = list(declared[(like.group(1), like.group(2))])
                names += [n for n in parse_params(added, groups) if n not in names]
                declared[(kind, name)] = [n for n in names if n not in without.split(", ")]
            else:
                declared[(kind, name)] = parse_params(rest, groups)
    return declared


def read_ours(binary):
    """{(kind, type): {qualified parameter: has no effect}}."""
    ours = {}
    for plugin in json.loads(subprocess.run([binary, "plugins", "--json"], capture_output=True, check=True).stdout):
        params = {}
        for param in plugin["params"]:
            for name in [param["name"], *param["aliases"]]:
                params[name] = param["no_effect"]
        for name in plugin["types"]:
            ours[(plugin["kind"], name)] = params
    for kind in ("file", "file_single", "memory"):
        ours[("buffer", kind)] = ours[("section", "buffer")]
    return ours


def table(declared, ours):
    rows, absent = [], []
    for key in sorted(declared, key=lambda k: (KINDS.index(k[0]) if k[0] in KINDS else len(KINDS), k)):
        kind, name = key
        if key not in ours:
            absent.append(f"{kind} `{name}` ({len(declared[key])})")
            continue
        mine = ours[key]
        works = [p for p in declared[key] if p in mine and not mine[p]]
        accepted = [p for p in declared[key] if mine.get(p)]
        missing = [p for p in declared[key] if p not in mine]
        show = lambda names: f"{len(names)}: " + ", ".join(f"`{n}`" for n in names) if names else "0"
        rows.append(f"| {kind} {name} | {len(declared[key])} | {len(works)} | {show(accepted)} | {show(missing)} |")
    return HEAD + "\n".join(rows) + "\n\n## Plugins that tailrace does not have\n\nWith the number of their parameters.\n\n" + \
        "\n".join(f"- {item}" for item in absent) + "\n"


def totals(declared, ours):
    """A line of sums, for people; not part of a page, so that pages of different branches merge."""
    here = [(p, ours[key]) for key in declared if key in ours for p in declared[key]]
    works = sum(p in mine and not mine[p] for p, mine in here)
    accepted = sum(bool(mine.get(p)) for p, mine in here)
    return (f"{len(here)} parameters of {sum(key in ours for key in declared)} plugins: {works} work, {accepted} accepted, "
            f"{len(here) - works - accepted} missing")


def main(binary, directory=HERE):
    subprocess.run([binary, "plugins", "--reference", os.path.join(directory, "reference")], check=True)
    declared, ours = read_declared(), read_ours(binary)
    with open(os.path.join(directory, "parameters.md"), "w", encoding="utf-8") as file:
        file.write(table(declared, ours))
    print(totals(declared, ours))


if __name__ == "__main__":
    main(*sys.argv[1:])
