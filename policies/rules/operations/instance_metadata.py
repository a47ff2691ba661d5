"""Instances: how their metadata, which holds the role's credentials, is read."""

from __future__ import annotations

from policies.rules.model import NOT_APPLICABLE, Outcome, View, check, check_word, rule

_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_TYPES = (
    _TEMPLATE,
    "aws:ec2/instance:Instance",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
)
_GUIDE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html"
_OPTIONS = "metadataOptions"


def _off(view: View) -> bool:
    value = view.get(f"{_OPTIONS}.httpEndpoint")
    return isinstance(value, str) and value.lower() == "disabled"


@rule(
    "OP-130",
    "instance-metadata-requires-token",
    pack="operations",
    types=_TYPES,
    severity="medium",
    rationale="Without a token, one request that an application was tricked into hands out the instance's credentials.",
    url=_GUIDE,
    remediation='Set http_tokens="required" in metadata_options.',
    controls=("EC2.170", "5.6"),
)
def tokens(view: View) -> Outcome:
    """An instance made from a template takes the template's options."""
    if _off(view) or (view.get(_OPTIONS) is None and view.is_set("launchTemplate")):
        return NOT_APPLICABLE
    return check_word(view, f"{_OPTIONS}.httpTokens", ("required",), known=("optional",))


@rule(
    "OP-131",
    "instance-metadata-stays-on-instance",
    pack="operations",
    types=_TYPES,
    severity="low",
    rationale="Each hop more lets the answer travel on, into containers and through proxies.",
    url=_GUIDE,
    remediation="Leave http_put_response_hop_limit at 1, or 2 where containers need the metadata.",
    controls=("EC2.170",),
    parameters={"hops": 2},
)
def hops(view: View) -> Outcome:
    path, most = f"{_OPTIONS}.httpPutResponseHopLimit", int(view.parameters["hops"])
    if _off(view) or view.get(path) is None:
        return NOT_APPLICABLE
    return check(view, path, lambda value: 1 <= int(value) <= most, f"1 to {most}")
