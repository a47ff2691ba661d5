"""Where identities of services may use keys, and what passes the endpoints of a network."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rules.documents import Condition, Statement, document, parse, restricts
from policies.rules.least_privilege.actions import named
from policies.rules.least_privilege.sharing import own_accounts
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, fail, rule, unknown

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ENDPOINT_POLICY = "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"
_USES = frozenset({"kms:decrypt", "kms:encrypt", "kms:generatedatakey", "kms:reencryptfrom", "kms:reencryptto"})


@rule(
    "LP-204",
    "iam-policy-uses-keys-through-services",
    pack="least_privilege",
    types=(ROLE_POLICY,),
    severity="medium",
    scope="stack",
    rationale="Code that may use a key directly decrypts whatever it gets hold of, past the service that keeps it.",
    url="https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service",
    remediation="Ask for kms:ViaService, or for the kms:EncryptionContext of what the role may read.",
    controls=("KMS.2",),
    criteria=("TRADING-17.2",),
)
def through_services(view: View) -> Outcome:
    """Only for roles that services take on: people and pipelines encrypt and decrypt by themselves."""
    holders = [role for role in view.of_type(ROLE) if view.refers_to("role", role) is not False]
    if not any(map(_of_service, holders)):
        return NOT_APPLICABLE
    found = document(view, "policy")
    if found is None:
        return NOT_APPLICABLE
    expected = "a condition on kms:ViaService or kms:EncryptionContext"
    outcomes = [PASS if found.known else unknown(found.path, expected)]
    for statement in found.allowing():
        used = sorted(action.key for action in named(statement.actions) if action.key in _USES)
        if used and not any(map(_through, statement.conditions)):
            outcomes.append(fail(f"{statement.path}.Condition", f"{', '.join(used[:3])} directly", expected))
    return all_of(outcomes)


def _of_service(role: View) -> bool:
    trust = parse(role.get("assumeRolePolicy"), "assumeRolePolicy")
    return any(kind == "Service" for statement in trust.allowing() for kind, _ in statement.principals)


def _through(condition: Condition) -> bool:
    return restricts(condition) and condition.key.startswith(("kms:viaservice", "kms:encryptioncontext"))


@rule(
    "LP-205",
    "vpc-endpoint-policy-limits-resources",
    pack="least_privilege",
    types=(ENDPOINT, ENDPOINT_POLICY),
    severity="medium",
    level="open",
    scope="stack",
    rationale="Code in the network can carry data through an endpoint into a resource of whoever wants it.",
    url="https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
    remediation="Ask for aws:ResourceAccount of the own account with StringEquals or StringEqualsIfExists.",
    criteria=("TRADING-02.4",),
    parameters={"trusted_accounts": []},
)
def endpoint_resources(view: View) -> Outcome:
    """An endpoint without a policy is for another rule to tell."""
    found = document(view, "policy")
    if found is None:
        return NOT_APPLICABLE
    if found.broken:
        return fail("policy", "no policy document", "a policy document")
    own = own_accounts(view)
    expected = "named resources, or a condition on aws:ResourceAccount of the own account"
    outcomes = [PASS if found.known else unknown(found.path, expected)]
    outcomes += [each for statement in found.allowing() for each in _endpoint(statement, own, expected)]
    return all_of(outcomes)


def _endpoint(statement: Statement, own: frozenset[str], expected: str) -> Iterator[Outcome]:
    for key in ("aws:principalaccount", "aws:resourceaccount"):
        others = [value for each in statement.condition(key) for value in each.values if value not in own]
        if others:
            yield fail(f"{statement.path}.Condition", f"{', '.join(others)} in {key}", "the own account")
    asked = statement.condition("aws:resourceaccount", "aws:resourceorgid", "s3:resourceaccount")
    # Requests that name no resource have no such key, so a condition may let them pass.
    if statement.any_resource and not any("equals" in each.operator and "not" not in each.operator for each in asked):
        yield fail(f"{statement.path}.Condition", "every resource of every account", expected)
