"""Security groups whose rules are written in one way only."""

from __future__ import annotations

from policies.rules.least_privilege.holders import written
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, fail, rule
from policies.rules.operations.openings import EGRESS, GROUP, INGRESS, RULE

_WAYS = (("ingress", INGRESS), ("egress", EGRESS))


@rule(
    "OP-335",
    "security-group-has-rules-one-way",
    pack="operations",
    types=(GROUP,),
    severity="medium",
    scope="stack",
    rationale="A group that lists its rules takes away, with each deployment, those that other resources add.",
    url="https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/",
    remediation="Use aws.vpc.SecurityGroupIngressRule and SecurityGroupEgressRule only, without ingress and egress.",
    controls=("security-group-no-rule-management-conflicts",),
)
def one_way(view: View) -> Outcome:
    """The older SecurityGroupRule and the newer types take each other's rules for changes as well."""
    old, _ = view.referrers(RULE, "securityGroupId")
    outcomes: list[Outcome] = []
    for path, type_ in _WAYS:
        new, _ = view.referrers(type_, "securityGroupId")
        same = [each for each in old if str(each.get("type")).lower() == path]
        inline = written(view, path)
        if inline and (new or same):
            outcomes.append(fail(path, f"set beside {(new or same)[0].resource.name}", "not set"))
        elif new and same:
            outcomes.append(fail("", f"{same[0].resource.name} beside {new[0].resource.name}", "one kind of rules"))
        elif inline or new or same:
            outcomes.append(PASS)
    return all_of(outcomes) if outcomes else NOT_APPLICABLE
