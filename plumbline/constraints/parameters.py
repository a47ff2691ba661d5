"""Parameters of Parameter Store (AWS: PutParameter, "Requirements and constraints for parameter names")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import UNKNOWN, Resource, StackGraph, reveal

PARAMETER = "aws:ssm/parameter:Parameter"
_NAME = re.compile(r"[A-Za-z0-9_.\-/]+")
_LONGEST_NAME = 1011
_MOST_LEVELS = 15
_BYTES = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}


@for_types(PARAMETER)
def name(parameter: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A name has known characters, at most 15 levels, begins with / where it has levels, and not with aws or ssm."""
    given = parameter.get("name")
    if not isinstance(given, str):
        return
    if not _NAME.fullmatch(given):
        yield "name", f"{given!r} given; allowed: letters, digits and _.-/"
    if len(given) > _LONGEST_NAME:
        yield "name", f"{len(given)} characters given; allowed: at most {_LONGEST_NAME}"
    if re.match(r"/?(aws|ssm)", given, re.IGNORECASE):
        yield "name", f"{given!r} given; a name may not begin with aws or ssm, in capitals or not"
    if "/" in given and not given.startswith("/"):
        yield "name", f"{given!r} given; a name of several levels begins with /"
    levels = given.strip("/").count("/") + 1
    if levels > _MOST_LEVELS:
        yield "name", f"{levels} levels given; allowed: at most {_MOST_LEVELS}"


@for_types(PARAMETER)
def content(parameter: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A parameter has a value from one place, not empty, within its tier's size; only a SecureString has a key."""
    places = [place for place in ("value", "insecureValue", "valueWo") if parameter.get(place) is not None]
    if len(places) != 1:
        yield (
            "value",
            f"{' and '.join(places) or 'nothing'} given; exactly one of value, insecureValue, valueWo is needed",
        )
    type_, tier = parameter.get("type"), parameter.get("tier", "Standard")
    for place in places:
        text = reveal(parameter.get(place))
        if not isinstance(text, str):
            continue
        size = len(text.encode())
        if not size:
            yield place, "empty; Parameter Store keeps no empty value"
        if isinstance(tier, str) and size > (most := _BYTES.get(tier, max(_BYTES.values()))):
            yield place, f"{size} bytes given; allowed: at most {most} in the tier {tier}"
    if "insecureValue" in places and type_ == "SecureString":
        yield "insecureValue", "given, but a SecureString takes value or valueWo"
    if parameter.get("keyId") is not None and type_ is not UNKNOWN and type_ != "SecureString":
        yield "keyId", f"given, but a {type_} is not encrypted"
    if parameter.get("dataType") not in (None, UNKNOWN, "text") and type_ not in (None, UNKNOWN, "String"):
        yield "dataType", f"given, but a {type_} is text"
