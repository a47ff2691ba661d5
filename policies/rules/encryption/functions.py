"""Lambda: what environment variables hold, and under which key."""

from __future__ import annotations

from collections.abc import Mapping

from plumbline.graph import UNKNOWN
from policies.rules.encryption.credentials import setting
from policies.rules.encryption.keys import CUSTOMER_KEY, asked_key
from policies.rules.model import NOT_APPLICABLE, Outcome, View, all_of, rule, unknown

FUNCTION = "aws:lambda/function:Function"
_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"


@rule(
    "EN-060",
    "function-environment-without-credentials",
    pack="encryption",
    types=(FUNCTION,),
    severity="critical",
    rationale="Everybody who may look at a function's configuration reads its variables, and so does each log of them.",
    url=f"{_GUIDE}/configuration-envvars.html",
    remediation="Keep the value in Secrets Manager, give the function the secret's ARN, and let the code read it.",
    scope="stack",
    controls=("CKV_AWS_45",),
    criteria=("TRADING-09.1", "TRADING-09.3", "MOMENTUM-1.4.2", "CONSULTING-08.3"),
)
def literals(view: View) -> Outcome:
    path = "environment.variables"
    variables = view.get(path)
    if variables is UNKNOWN:
        return unknown(path, "variables without credentials")
    if not isinstance(variables, Mapping):
        return NOT_APPLICABLE
    return all_of(setting(view, f"{path}.{name}", str(name), value) for name, value in variables.items())


@rule(
    "EN-061",
    "function-environment-has-key",
    pack="encryption",
    types=(FUNCTION,),
    severity="critical",
    rationale="Under a key of the stack's own, whoever may look at functions still cannot read their variables.",
    url=f"{_GUIDE}/configuration-envvars-encryption.html",
    remediation="Set kms_key_arn to a customer key that the function's role may use.",
    controls=("CKV_AWS_173",),
    parameters=CUSTOMER_KEY,
)
def key(view: View) -> Outcome:
    """Without variables there is nothing that the key would encrypt."""
    return asked_key(view, "kmsKeyArn") if view.is_set("environment.variables") else NOT_APPLICABLE
