"""What an account has one of: by such resources the stack of an account is told from that of an application."""

from __future__ import annotations

from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, fail

# Of each of these an account has one, or one in a region.
ACCOUNT_TYPES = (
    "aws:accessanalyzer/analyzer:Analyzer",
    "aws:apigateway/account:Account",
    "aws:cfg/recorder:Recorder",
    "aws:cloudtrail/trail:Trail",
    "aws:ebs/encryptionByDefault:EncryptionByDefault",
    "aws:guardduty/detector:Detector",
    "aws:iam/accountAlias:AccountAlias",
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
    "aws:securityhub/account:Account",
)
# How many kinds of them make a stack that of an account: an application may bring one along.
NEEDS = {"needs": 2}


def account_has(view: View, type_: str, what: str) -> Outcome:
    """Judge whether the stack of an account has a resource of a type; not applicable to other stacks.

    It is asked once for a stack: of the first resource of the type, else of the first that an account has one of.
    """
    present = [found for each in dict.fromkeys((type_, *ACCOUNT_TYPES)) if (found := view.of_type(each))]
    if view.resource.urn != present[0][0].resource.urn:
        return NOT_APPLICABLE
    if view.type == type_:
        return PASS
    return fail("", f"no {what}", what) if len(present) >= view.parameters["needs"] else NOT_APPLICABLE
