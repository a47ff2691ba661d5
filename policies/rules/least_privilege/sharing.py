"""What rules about resource policies share: where the policies are, and whom their statements let in.

A statement lets in a principal, and its conditions narrow down who of them. For "everybody" they decide alone.
"""

from __future__ import annotations

import ipaddress
import re
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from plumbline.graph import UNKNOWN
from policies.rules.documents import Condition, Document, Statement, decoded, document, restricts
from policies.rules.least_privilege.actions import account, has_wildcard
from policies.rules.model import NOT_APPLICABLE, PASS, Estate, Outcome, View, all_of, unknown

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
KEYS = (
    KEY,
    "aws:kms/externalKey:ExternalKey",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
)
PERMISSION = "aws:lambda/permission:Permission"
LAYER_PERMISSION = "aws:lambda/layerVersionPermission:LayerVersionPermission"

_ELSEWHERE = {
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": "accessPolicy",
    "aws:cloudsearch/domainServiceAccessPolicy:DomainServiceAccessPolicy": "accessPolicy",
    "aws:opensearch/domain:Domain": "accessPolicies",
    "aws:opensearch/domainPolicy:DomainPolicy": "accessPolicies",
    "aws:s3tables/tableBucketPolicy:TableBucketPolicy": "resourcePolicy",
    "aws:s3tables/tablePolicy:TablePolicy": "resourcePolicy",
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": "resourcePolicy",
}
# The types that hold a policy of a resource. Policies of endpoints limit what passes, and grant nothing; a REST API's
# is about who may send it requests, which its authorizers decide.
RESOURCE_POLICIES = (
    *KEYS,
    KEY_POLICY,
    "aws:acmpca/policy:Policy",
    "aws:backup/vaultPolicy:VaultPolicy",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
    "aws:codebuild/resourcePolicy:ResourcePolicy",
    "aws:dynamodb/resourcePolicy:ResourcePolicy",
    "aws:ecr/registryPolicy:RegistryPolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy",
    "aws:glue/resourcePolicy:ResourcePolicy",
    "aws:kinesis/resourcePolicy:ResourcePolicy",
    "aws:redshift/resourcePolicy:ResourcePolicy",
    "aws:s3/accessPoint:AccessPoint",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3control/accessPointPolicy:AccessPointPolicy",
    "aws:s3control/bucketPolicy:BucketPolicy",
    "aws:s3control/objectLambdaAccessPointPolicy:ObjectLambdaAccessPointPolicy",
    "aws:schemas/registryPolicy:RegistryPolicy",
    "aws:secretsmanager/secret:Secret",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:ses/identityPolicy:IdentityPolicy",
    "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy",
    "aws:sns/topic:Topic",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:vpclattice/resourcePolicy:ResourcePolicy",
    *_ELSEWHERE,
)


def policy_path(view: View) -> str:
    """Return the property that holds the policy of a resource."""
    return _ELSEWHERE.get(view.type, "policy")


def resource_policy(view: View) -> Document | None:
    """Return the policy that a resource holds, None where it has none of its own."""
    path = policy_path(view)
    return None if view.get(path) == "" else document(view, path)


def each_allowing(view: View, expected: str, judge: Callable[[Statement], Iterable[Outcome]]) -> Outcome:
    """Judge each statement of a resource policy that allows something.

    A text that is no policy is for another rule to tell.
    """
    found = resource_policy(view)
    if found is None:
        return NOT_APPLICABLE
    outcomes = [PASS, *(outcome for statement in found.allowing() for outcome in judge(statement))]
    if not found.known:
        outcomes.append(unknown(found.path, expected))
    return all_of(outcomes)


_ACCOUNT = re.compile(r"\d{12}")
ACCOUNT_KEYS = (
    "aws:principalaccount",
    "aws:sourceaccount",
    "aws:sourceowner",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
)
ARN_KEYS = ("aws:principalarn", "aws:sourcearn", "s3:dataaccesspointarn")
ORGANISATION_KEYS = ("aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths")
_NETWORK_KEYS = {"aws:sourcevpc": "vpc-", "aws:sourcevpce": "vpce-"}
_ADDRESS_KEYS = ("aws:sourceip", "aws:vpcsourceip")
# Wider ranges are everybody's, as S3 has it for its public access blocks.
_WIDEST = {4: 8, 6: 32}
# Amazon's own principals of CloudFront, which belong to whoever made the identity, have this instead of an account.
_CLOUDFRONT = "cloudfront"


def named_account(text: str) -> str:
    """Return the account that an account id or an ARN names, "" where it names none."""
    found = text if ":" not in text else account(text)
    return found if _ACCOUNT.fullmatch(found) else ""


def any_account(arn: str) -> bool:
    """Say whether a pattern of ARNs leaves the account open. Some resources have none in their ARN."""
    return set(arn) <= {"*", "?"} or has_wildcard(account(arn)) or (has_wildcard(arn) and arn.count(":") < 5)


def accounts_asked(condition: Condition) -> list[str]:
    """Return the accounts of which a condition asks the caller to be, [] where it leaves that open."""
    if not restricts(condition) or condition.key not in (*ACCOUNT_KEYS, *ARN_KEYS):
        return []
    found = [named_account(value) for value in condition.values]
    return found if all(found) else []


def in_organisation(statement: Statement) -> bool:
    """Say whether a statement asks the caller to be of an organisation."""
    return any(
        restricts(condition) and all(re.match(r"o-[a-z0-9]+(/|$)", value) for value in condition.values)
        for condition in statement.condition(*ORGANISATION_KEYS)
    )


def closes(condition: Condition) -> bool:
    """Say whether a condition keeps everybody but those out whom it names."""
    if not restricts(condition):
        return False
    key, values = condition.key, condition.values
    if key in ACCOUNT_KEYS or key in ARN_KEYS:
        return bool(accounts_asked(condition)) or (key == "aws:sourcearn" and all(map(_bucket, values)))
    if key in _NETWORK_KEYS:
        return all(re.fullmatch(_NETWORK_KEYS[key] + r"[0-9a-z]+", value) for value in values)
    if key in _ADDRESS_KEYS:
        return all(map(_narrow, values))
    if key == "aws:userid":
        return all(re.match(r"A[A-Z0-9]{15,}", value) for value in values)
    # Whoever mounts a file system passes its security group, with or without an identity.
    return key == "elasticfilesystem:accessedviamounttarget" and all(value.lower() == "true" for value in values)


def closed(statement: Statement) -> bool:
    """Say whether a statement's conditions name who of everybody is let in."""
    return in_organisation(statement) or any(closes(condition) for condition in statement.conditions)


def _bucket(arn: str) -> bool:
    """Say whether an ARN is that of a bucket, which has no account in it."""
    return re.match(r"arn:[a-z-]+:s3:::[a-z0-9]", arn) is not None


def _narrow(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]


def open_principals(statement: Statement) -> list[str]:
    """Return the principals of a statement that stand for many: a star, or a pattern."""
    return [value for _, value in statement.principals if has_wildcard(value)]


def aws_principals(statement: Statement) -> list[str]:
    """Return the accounts and identities that are principals of a statement."""
    return [value for kind, value in statement.principals if kind == "AWS"]


def whole_account(principal: str) -> bool:
    """Say whether a principal is a whole account."""
    found = named_account(principal)
    return bool(found) and (principal == found or principal.endswith(f":{found}:root"))


def refuses_everybody(statement: Statement, action: str) -> bool:
    """Say whether a statement refuses an action to everybody, or to everybody of an account, whatever the request."""
    everybody = statement.anybody or any(map(whole_account, aws_principals(statement)))
    unlimited = not statement.not_principals and not statement.conditions
    return statement.denies and everybody and unlimited and statement.grants(action)


def services(statement: Statement) -> list[str]:
    """Return the service principals of a statement."""
    return [value for kind, value in statement.principals if kind == "Service" and not has_wildcard(value)]


def for_services(statement: Statement) -> bool:
    """Say whether a statement about grants is only about those that services of AWS hold."""
    return any(
        restricts(condition) and all(value.lower() == "true" for value in condition.values)
        for condition in statement.condition("kms:grantisforawsresource")
    )


def accounts_let_in(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield the accounts that a statement lets in, or "" for an identity of an unknown one, with how it names each."""
    for kind, value in statement.principals:
        if kind == "CanonicalUser" or (kind == "AWS" and not has_wildcard(value) and account(value) != _CLOUDFRONT):
            yield (named_account(value) if kind == "AWS" else ""), value
    for condition in statement.conditions:
        yield from ((found, found) for found in accounts_asked(condition))


_IN_ARN = re.compile(r"\barn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}):")
_OWN: weakref.WeakKeyDictionary[Estate, frozenset[str]] = weakref.WeakKeyDictionary()
_PROVIDER = "pulumi:providers:aws"
_ROLES = ("aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")


def own_accounts(view: View) -> frozenset[str]:
    """Return the accounts that a stack is for, and those that the parameter `trusted_accounts` names.

    A stack is for those that its providers allow; without that, for the one that its policies name most.
    """
    estate = view.stack
    if estate not in _OWN:
        _OWN[estate] = _allowed(view) or _most_named(view)
    return _OWN[estate] | {str(each) for each in view.parameters.get("trusted_accounts", ())}


def _allowed(view: View) -> frozenset[str]:
    found: set[str] = set()
    for provider in view.of_type(_PROVIDER):
        text = provider.get("allowedAccountIds")
        given = decoded(text, [text])
        rows = given if isinstance(given, list) else [given]
        found |= {str(each) for each in rows if each is not UNKNOWN}
    return frozenset(each for each in found if _ACCOUNT.fullmatch(each))


def _most_named(view: View) -> frozenset[str]:
    counts: Counter[str] = Counter()
    for each in view.of_type(*RESOURCE_POLICIES, *_ROLES):
        for path in (policy_path(each), "assumeRolePolicy", "arn"):
            counts.update(_IN_ARN.findall(str(each.get(path))))
    return frozenset(name for name, _ in counts.most_common(1))
