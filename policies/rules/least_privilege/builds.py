"""CodeBuild projects: their credentials, images and visibility."""

from __future__ import annotations

import re

from plumbline.graph import UNKNOWN
from policies.rules.encryption.credentials import setting
from policies.rules.model import PASS, Outcome, View, all_of, check, check_false, check_word, fail, rule, unknown

PROJECT = "aws:codebuild/project:Project"
_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/codebuild-controls.html"
_GUIDE = "https://docs.aws.amazon.com/codebuild/latest/userguide"
_USER_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@?#]+@", re.IGNORECASE)
# A key in the query is one as well.
_KEY_IN_URL = re.compile(r"[?&](access_?token|token|private_token|password|secret)=", re.IGNORECASE)


@rule(
    "LP-120",
    "codebuild-source-without-credentials",
    pack="least_privilege",
    types=(PROJECT,),
    severity="critical",
    rationale="Whoever may look at a project reads the address of its source, and a token in it with that.",
    url=f"{_CONTROLS}#codebuild-1",
    remediation="Give the bare address, and connect by CodeConnections or aws.codebuild.SourceCredential.",
    controls=("CodeBuild.1",),
)
def source(view: View) -> Outcome:
    secondary = view.items("secondarySources")
    expected = "an address without credentials"
    paths = ["source.location", *(f"secondarySources.{number}.location" for number in range(len(secondary or ())))]
    outcomes = [_address(view, path, expected) for path in paths]
    return all_of([*outcomes, *([unknown("secondarySources", expected)] if secondary is None else [])])


def _address(view: View, path: str, expected: str) -> Outcome:
    value = view.get(path)
    if value is UNKNOWN:
        return unknown(path, expected)
    found = isinstance(value, str) and (_USER_IN_URL.search(value) or _KEY_IN_URL.search(value))
    # What stands before the host of an address by SSH is a user without password.
    by_ssh = isinstance(value, str) and re.match(r"ssh://[^/:@]+@", value) is not None
    return fail(path, "credentials in the address", expected) if found and not by_ssh else PASS


@rule(
    "LP-121",
    "codebuild-variables-without-credentials",
    pack="least_privilege",
    types=(PROJECT,),
    severity="critical",
    rationale="Plain variables stand in the project, its logs and its history, where many may read them.",
    url=f"{_CONTROLS}#codebuild-2",
    remediation='Keep the value in Secrets Manager and give its name with type="SECRETS_MANAGER".',
    controls=("CodeBuild.2",),
)
def variables(view: View) -> Outcome:
    path, expected = "environment.environmentVariables", "a reference to a secret"
    given = view.items(path)
    if given is None:
        return unknown(path, expected)
    return all_of([PASS, *(_variable(view, f"{path}.{number}") for number in range(len(given)))])


def _variable(view: View, path: str) -> Outcome:
    """Judge one variable. One that is a key of AWS by its name is a credential whatever it holds."""
    kind, name, value = (view.get(f"{path}.{key}") for key in ("type", "name", "value"))
    if isinstance(kind, str) and kind.upper() in ("SECRETS_MANAGER", "PARAMETER_STORE"):
        return PASS
    text = name if isinstance(name, str) else ""
    if text.upper() in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        outcome = fail(f"{path}.value", "a key of AWS", "the role of the project")
    else:
        outcome = setting(view, f"{path}.value", text, value)
    if name is UNKNOWN and outcome.word == "pass":
        return unknown(f"{path}.name", "a name that tells what the variable is")
    if kind is UNKNOWN and outcome.word == "fail":
        return unknown(f"{path}.type", "SECRETS_MANAGER or PARAMETER_STORE")
    return outcome


@rule(
    "LP-122",
    "codebuild-not-privileged",
    pack="least_privilege",
    types=(PROJECT,),
    severity="high",
    rationale="In privileged mode a build is root on its host: what it runs from the internet is as well.",
    url=f"{_GUIDE}/create-project.html",
    remediation="Leave out privileged_mode; build images with a tool that needs no Docker daemon, or by a waiver.",
    controls=("CKV_AWS_316",),
)
def privileged(view: View) -> Outcome:
    return check_false(view, "environment.privilegedMode")


@rule(
    "LP-123",
    "codebuild-uses-managed-image",
    pack="least_privilege",
    types=(PROJECT,),
    severity="high",
    rationale="A build holds the rights of a deployment: an image that strangers can change gets them too.",
    url=f"{_GUIDE}/build-env-ref-available.html",
    remediation='Set environment.image to one of AWS\'s, such as "aws/codebuild/amazonlinux-aarch64-standard:3.0".',
    controls=("AwsSolutions-CB5",),
    parameters={"images": ["aws/codebuild/"]},
)
def image(view: View) -> Outcome:
    """`images` are beginnings of the allowed ones, such as that of the own registry."""
    allowed = tuple(str(each) for each in view.parameters["images"])
    return check(view, "environment.image", lambda name: name.startswith(allowed), " or ".join(allowed))


@rule(
    "LP-124",
    "codebuild-project-is-private",
    pack="least_privilege",
    types=(PROJECT,),
    severity="high",
    rationale="The logs and artifacts of a public project are for everybody, with whatever a build prints.",
    url=f"{_GUIDE}/public-builds.html",
    remediation="Leave out project_visibility.",
    controls=("CodeBuild.2",),
)
def private(view: View) -> Outcome:
    return check_word(view, "projectVisibility", ("PRIVATE",), default="PRIVATE", known=("PUBLIC_READ",))
