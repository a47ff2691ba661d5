"""Tells credentials among settings, by their form or by the names that people give them.

Only texts that are written out are judged: a reference, such as a secret's ARN, is how it should be.
"""

from __future__ import annotations

import re
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.model import PASS, Outcome, View, fail, unknown

# Forms that are credentials whatever their name is.
_FORMS = {
    "an AWS access key": r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a token of GitHub": r"\b(gh[pousr]_\w{30,}|github_pat_\w{22,})",
    "a token of GitLab": r"\bglpat-[\w-]{20,}",
    "a token of Slack": r"\bxox[abeprs]-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "a key of Stripe": r"\b[rs]k_(live|test)_\w{16,}",
    "a key of Google": r"\bAIza[\w-]{30,}",
    "a key of an AI provider": r"\bsk-[\w-]{20,}",
    "a key of SendGrid": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "a JSON web token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",
    "an address with a password": r"(?i)[a-z][a-z0-9+.-]*://[^\s/:@]*:(?![*$<{])[^\s/@]+@",
    "a password in a connection string": r"(?i)(^|[?;&\s])(password|pwd|accountkey|sharedaccesskey)=(?![*$<{])[^;&\s]+",
    # The secret half of an AWS access key, and other keys of that length written in base64. The length comes first:
    # nearly every place of a long text fails there at once.
    "a secret access key": r"(?<![\w/+=-])(?=[A-Za-z0-9/+]{40}(?![\w/+=-]))"
    r"(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9/+]{40}",
}
_FORM = {kind: re.compile(form) for kind, form in _FORMS.items()}

# The words of a name say that the value is a credential ...
_NAMED = re.compile(
    r"passw(or)?d|passphrase|(^|_)(pwd|pass|secrets?|credentials?|creds?|tokens?|bearer|auth)(_|$)|"
    r"(access|api|app|auth|bot|client|jwt|refresh|session|shared)(secret|token)s?(_|$)|"
    r"(access|account|api|auth|client|encryption|hmac|jwt|license|master|private|session|shared|signing|webhook)_?keys?(_|$)"
)
# ... unless the last one says that it only describes or names one.
_ABOUT = re.compile(
    r"(^|_)(arn|name|id|path|prefix|suffix|url|uri|endpoint|host|port|region|file|dir|version|type|kind|mode|format|"
    r"table|bucket|queue|topic|ttl|seconds|minutes|hours|days|expiry|expires|expiration|lifetime|timeout|age|limit|max|"
    r"min|length|size|count|algorithm|method|issuer|audience|scope|header|field|attribute|policy|enabled|required|"
    r"rotation|interval|provider|backend|source|stage|label|budget|usage|parameter|ref|alias|store|manager|service|"
    r"cache|per|used)s?$"
)
# What a reference or a plain switch looks like: an ARN, an address, the path of a secret, a number.
_HOLDER = re.compile(
    r"arn:aws|\{\{resolve:|\$\{|https?://|(?i:true|false|none|null)$|[\d.]+$|/?[a-z][a-z_.-]*(/[a-z0-9_.-]+)+/?$"
)
# Resources among whose outputs there is a credential itself.
_BEARERS = frozenset(
    {
        "aws:apigateway/apiKey:ApiKey",
        "aws:docdb/cluster:Cluster",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:iam/accessKey:AccessKey",
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
        "aws:redshift/cluster:Cluster",
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:ssm/parameter:Parameter",
        "random:index/randomPassword:RandomPassword",
        "random:index/randomString:RandomString",
        "tls:index/privateKey:PrivateKey",
    }
)
# Resources that have the ARN of a secret among their outputs.
_REFERRED = frozenset({"aws:secretsmanager/secret:Secret", "aws:rds/instance:Instance", "aws:rds/cluster:Cluster"})


def credential(name: str, value: Any) -> str:
    """Say what credential a setting's known value is, "" where it is none. The value is never shown."""
    if not isinstance(value, str) or not value.strip():
        return ""
    form = form_of(value)
    if form:
        return form
    return "a text under the name of a credential" if named(name) and not _HOLDER.match(value.strip()) else ""


def form_of(text: str) -> str:
    """Say which credential a text has in it by its form, "" where none."""
    return next((kind for kind, form in _FORM.items() if form.search(text)), "")


def named(name: str) -> bool:
    """Say whether a setting's name is that of a credential."""
    return _NAMED.search(_words(name)) is not None and _ABOUT.search(_words(name)) is None


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).lower()


def setting(view: View, path: str, name: str, value: Any) -> Outcome:
    """Judge one setting, such as an environment variable, at a path of a resource."""
    expected = "the ARN or the name of a secret, which the code reads"
    if value is UNKNOWN:
        return unknown(path, expected) if named(name) and _may_be_credential(view, path, name) else PASS
    found = credential(name, value)
    return fail(path, found, expected) if found else PASS


def _may_be_credential(view: View, path: str, name: str) -> bool:
    """Say whether a value that is not known may be a credential itself, by the resources that it comes from."""
    types = set(view.source_types(path))
    # A variable that is called after a secret gets the secret's ARN where one is there to give it.
    refers = "secret" in _words(name) and not types.isdisjoint(_REFERRED)
    return not refers and not types.isdisjoint(_BEARERS)
