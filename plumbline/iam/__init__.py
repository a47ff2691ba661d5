"""What IAM would answer: an exact evaluator of policies, without AWS.

    role = session("arn:aws:iam::111122223333:role/orders")
    policies = Policies(identity=[policy(text, "orders-table")], resource=[policy(key_policy, "key", "resource")])
    evaluate(Request(role, "dynamodb:GetItem", table_arn), policies)
    effective(role, policies, table_arn, ["dynamodb:GetItem", "dynamodb:Scan"])

It follows the IAM User Guide, section by section named in its modules. What it does not look at: resource control
policies, access points' and endpoints' policies, access control lists, grants of KMS keys, and RAM's shares.
"""

from plumbline.iam.documents import Policy, Statement, policy
from plumbline.iam.evaluation import effective, evaluate
from plumbline.iam.gates import Reason, Slot
from plumbline.iam.principals import ANONYMOUS, Principal, session
from plumbline.iam.requests import Decision, Policies, Request
from plumbline.iam.variables import Context

__all__ = [
    "ANONYMOUS",
    "Context",
    "Decision",
    "Policies",
    "Policy",
    "Principal",
    "Reason",
    "Request",
    "Slot",
    "Statement",
    "effective",
    "evaluate",
    "policy",
    "session",
]
