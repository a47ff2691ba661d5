"""Who may become a role: trust policies, and the identity providers that they name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from policies.rules.documents import Condition, Statement, document, restricts
from policies.rules.least_privilege.actions import account, has_wildcard, service_name, source_senders
from policies.rules.least_privilege.statements import IAM, ROLE, names, specific
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, check, fail, rule, unknown

_PATH = "assumeRolePolicy"
_GITHUB = "token.actions.githubusercontent.com"
_STS = "sts.amazonaws.com"
_ORGANISATION = ("aws:principalorgid", "aws:principalorgpaths")
_CALLER = (*_ORGANISATION, "aws:principalarn", "aws:principalaccount")


def _each(view: View, expected: str, judge: Callable[[Statement], Iterable[Outcome]]) -> Outcome:
    """Judge each statement that lets somebody assume the role; not applicable where none is for the rule."""
    found = document(view, _PATH)
    if found is None:
        return NOT_APPLICABLE
    outcomes = [outcome for statement in found.allowing() for outcome in judge(statement)]
    if not found.known:
        outcomes.append(unknown(_PATH, expected))
    return all_of(outcomes)


def _asks_for(statement: Statement, *keys: str) -> bool:
    """Say whether a statement's conditions ask for values of one of some keys that name something."""
    return any(names(condition) for condition in statement.condition(*keys))


def _of_kind(statement: Statement, kind: str) -> list[str]:
    return [value for each, value in statement.principals if each == kind and not has_wildcard(value)]


@rule(
    "LP-025",
    "iam-trust-names-principals",
    pack="least_privilege",
    types=(ROLE,),
    severity="critical",
    rationale="A role that everybody may assume is everybody's.",
    url=f"{IAM}/reference_policies_elements_principal.html",
    remediation="Name the service, role or provider; for a whole organisation, ask for aws:PrincipalOrgID besides.",
    controls=("CKV_AWS_60", "CKV_AWS_61"),
    criteria=("TRADING-16.8", "TRADING-09.5"),
)
def anybody(view: View) -> Outcome:
    def judge(statement: Statement) -> Iterator[Outcome]:
        if statement.not_principals:
            yield fail(f"{statement.path}.NotPrincipal", "Allow with NotPrincipal", "Allow with Principal")
        open_ = [value for _, value in statement.principals if has_wildcard(value)]
        if open_ and not _asks_for(statement, *_CALLER):
            yield fail(f"{statement.path}.Principal", ", ".join(open_), "named principals")
        yield PASS

    return _each(view, "named principals", judge)


_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:(?:iam|sts)::)?(\d{12})(?::(.+))?")


@rule(
    "LP-026",
    "iam-trust-limits-accounts",
    pack="least_privilege",
    types=(ROLE,),
    severity="high",
    rationale="Trust in an account is trust in everybody there, and another account can be talked into using a role.",
    url=f"{IAM}/id_roles_common-scenarios_third-party.html",
    remediation="Name a role rather than an account; ask another account for sts:ExternalId or aws:PrincipalOrgID.",
    controls=("CKV_AWS_60", "CKV_AWS_61"),
    criteria=("TRADING-16.8",),
    parameters={"accounts": []},
)
def accounts(view: View) -> Outcome:
    """The own account is that of the role's ARN, where it is known, and those of the parameter `accounts`."""
    arn = view.get("arn")
    own = {*view.parameters["accounts"], *(arn.split(":")[4:5] if isinstance(arn, str) else ())}
    expected = "a role of an own account, or sts:ExternalId"

    def judge(statement: Statement) -> Iterator[Outcome]:
        tagged = tuple(each.key for each in statement.conditions if each.key.startswith("aws:principaltag/"))
        for value in _of_kind(statement, "AWS"):
            found = _ACCOUNT.fullmatch(value)
            path = f"{statement.path}.Principal"
            if found is None:
                yield fail(path, f"{value}, which is no ARN of an identity", "the ARN of a role")
            elif found[2] in (None, "root"):
                keys = (*_ORGANISATION, "aws:principalarn", "sts:externalid", *tagged)
                yield PASS if _asks_for(statement, *keys) else fail(path, f"{value}, a whole account", expected)
            else:
                known = found[1] in own or _asks_for(statement, *_ORGANISATION, "sts:externalid")
                yield PASS if known else fail(path, f"{value}, of another account", expected)

    return _each(view, expected, judge)


@rule(
    "LP-027",
    "iam-trust-limits-federation",
    pack="least_privilege",
    types=(ROLE,),
    severity="critical",
    rationale="A provider such as GitHub vouches for all of its users: only the token's claims say who of them it is.",
    url=f"{IAM}/id_roles_create_for-idp_oidc.html",
    remediation='Ask with StringEquals for the claims aud and sub, such as "repo:owner/name:environment:prod".',
    controls=("CKV_AWS_393",),
    criteria=("TRADING-16.8", "TRADING-21.1"),
    parameters={"repositories": []},
)
def federation(view: View) -> Outcome:
    """Where the parameter `repositories` has patterns, such as "owner/*", GitHub's claim names one of them."""

    def judge(statement: Statement) -> Iterator[Outcome]:
        for provider in _of_kind(statement, "Federated"):
            yield PASS
            for claim, why in _missing_claims(statement, provider, view.parameters["repositories"]):
                yield fail(f"{statement.path}.Condition", why, f"a condition on {claim} that names who may come")

    return _each(view, "conditions on the claims of the token", judge)


def _missing_claims(statement: Statement, provider: str, repositories: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the claims that a statement does not ask for as it should, and what it does instead."""
    if ":saml-provider/" in provider:
        if not _asks_for(statement, "saml:aud"):
            yield "SAML:aud", "any audience"
        return
    host = provider.lower().partition(":oidc-provider/")[2] or provider.lower()
    # Cognito's identity pools name the person in no way that a policy could know, but whether they signed in.
    who = "amr" if host == "cognito-identity.amazonaws.com" else "sub"
    if not _asks_for(statement, f"{host}:aud"):
        yield f"{host}:aud", "any audience"
    subjects = [each for each in statement.condition(f"{host}:{who}") if restricts(each)]
    if not subjects:
        yield f"{host}:{who}", "any subject"
    elif not any(all(_subject(value, host, repositories) for value in each.values) for each in subjects):
        yield f"{host}:{who}", ", ".join(value for each in subjects for value in each.values)


# What runs for these has not been reviewed: whoever may open a pull request decides what it does.
_UNREVIEWED = ("pull_request", "pull_request_target")
_REPOSITORY = re.compile(r"repo:([^/:*?]+/[^/:*?]+):(.+)")


def _subject(value: str, host: str, repositories: Sequence[str]) -> bool:
    """Say whether a subject is one and no pattern: of GitHub a repository with a branch, tag or environment."""
    if not specific(value):
        return False
    if host.startswith(_GITHUB):
        found = _REPOSITORY.fullmatch(value)
        if found is None or found[2].partition(":")[0].lower() in _UNREVIEWED:
            return False
        return not repositories or any(fnmatch.fnmatchcase(found[1], pattern) for pattern in repositories)
    return not (value.startswith("system:serviceaccount:") and has_wildcard(value))


@rule(
    "LP-028",
    "iam-trust-names-source-of-service",
    pack="least_privilege",
    types=(ROLE,),
    severity="high",
    rationale="A service acts for many customers: the source says for whose resource it uses the role.",
    url=f"{IAM}/confused-deputy.html",
    remediation="Ask for aws:SourceAccount, and for aws:SourceArn with the resource that uses the role.",
    controls=(
        "iam_role_cross_service_confused_deputy_prevention",
        "iam_role_service_trust_restricts_source_to_account",
    ),
    criteria=("TRADING-16.8", "TRADING-16.2a", "TRADING-16.2b"),
    parameters={"senders": []},
)
def source(view: View) -> Outcome:
    """Services that do not send the source could not use a role that asks for it; `senders` are further that do."""
    senders = source_senders() | {service_name(each) for each in view.parameters["senders"]}

    def judge(statement: Statement) -> Iterator[Outcome]:
        sending = [value for value in _of_kind(statement, "Service") if service_name(value) in senders]
        if not sending:
            return
        found = [_source_accounts(each) for each in statement.conditions]
        named = [each for each in found if each]
        if not named:
            yield fail(f"{statement.path}.Condition", f"{', '.join(sending)} for anybody", "aws:SourceAccount")
        elif not set.intersection(*named) and not any("" in each for each in named):
            yield fail(f"{statement.path}.Condition", "sources of different accounts", "one account")
        yield PASS

    return _each(view, "aws:SourceAccount and aws:SourceArn", judge)


def _source_accounts(condition: Condition) -> set[str]:
    """Return the accounts that a condition on the source allows, "" for what has none in its name; {} for no such."""
    if not restricts(condition) or any(not value for value in condition.values):
        return set()
    if condition.key in ("aws:sourceorgid", "aws:sourceorgpaths", "sts:externalid"):
        return {""} if names(condition) else set()
    if condition.key == "aws:sourceaccount":
        return set() if any(has_wildcard(value) for value in condition.values) else set(condition.values)
    if condition.key != "aws:sourcearn":
        return set()
    accounts_ = {account(value) for value in condition.values}
    if any(has_wildcard(each) for each in accounts_) or ("" in accounts_ and not names(condition)):
        return set()
    return accounts_


@rule(
    "LP-030",
    "iam-trust-is-for-one-user",
    pack="least_privilege",
    types=(ROLE,),
    severity="low",
    rationale="A role for several services has the rights of all of their tasks, and each can be used by the others.",
    url=f"{IAM}/best-practices.html#grant-least-privilege",
    remediation="Make a role for each service, provider or account that assumes one.",
    controls=("CKV_AWS_60",),
    criteria=("TRADING-16.1", "TRADING-16.8"),
    parameters={"together": [["edgelambda.amazonaws.com", "lambda.amazonaws.com"]]},
)
def one_user(view: View) -> Outcome:
    """Services of one of the lists in `together` use a role for one and the same thing."""
    found = document(view, _PATH)
    if found is None:
        return NOT_APPLICABLE
    if not found.known:
        return unknown(_PATH, "one service, or one kind of principal")
    principals = {principal for statement in found.allowing() for principal in statement.principals}
    services = sorted({service_name(value) for kind, value in principals if kind == "Service"})
    kinds = sorted({kind for kind, _ in principals})
    if len(kinds) > 1:
        return fail(_PATH, f"principals of the kinds {', '.join(kinds)}", "one kind of principal")
    if len(services) > 1 and not any(set(services) <= set(each) for each in view.parameters["together"]):
        return fail(_PATH, ", ".join(services), "one service")
    return PASS if principals else NOT_APPLICABLE


@rule(
    "LP-029",
    "iam-oidc-provider-names-audience",
    pack="least_privilege",
    types=("aws:iam/openIdConnectProvider:OpenIdConnectProvider",),
    severity="high",
    rationale="A token that was made for another service must not open an account.",
    url=f"{IAM}/id_roles_providers_create_oidc.html",
    remediation=f'Set url to the provider\'s https address and client_id_lists to its audience, for GitHub ["{_STS}"].',
    controls=("CKV_AWS_393",),
    criteria=("TRADING-16.8", "TRADING-21.1"),
)
def provider_audience(view: View) -> Outcome:
    url = view.get("url")
    github = isinstance(url, str) and _GITHUB in url

    def named(audiences: object) -> bool:
        given = [audiences] if isinstance(audiences, str) else list(audiences) if isinstance(audiences, list) else []
        if not given or any(not isinstance(each, str) or not specific(each) or has_wildcard(each) for each in given):
            return False
        return not github or given == [_STS]

    return all_of(
        [
            check(view, "url", lambda given: not given.startswith("http:") and bool(given), "an https address"),
            check(view, "clientIdLists", named, f"only {_STS}" if github else "the audience"),
        ]
    )
