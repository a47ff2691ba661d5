"""Fixtures of rules about who may invoke functions, and whose code they run."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

OWN = "111122223333"
PERMISSION = made(
    "aws:lambda/permission:Permission",
    action="lambda:InvokeFunction",
    principal="apigateway.amazonaws.com",
    sourceAccount=OWN,
    sourceArn=f"arn:aws:execute-api:eu-west-1:{OWN}:abc/*/GET/orders",
)
LAYER = made(
    "aws:lambda/layerVersionPermission:LayerVersionPermission",
    action="lambda:GetLayerVersion",
    principal="*",
    organizationId="o-abcdefghij",
)
TO_S3 = {"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::orders"}

PUBLIC = Cases(
    rule="lambda-permission-not-public",
    good={
        "service": [PERMISSION],
        "bucket": [changed(PERMISSION, TO_S3)],
        "account": [changed(PERMISSION, {"principal": OWN})],
        "organisation": [changed(PERMISSION, {"principal": "*", "principalOrgId": "o-abcdefghij"})],
        "organisation not known yet": [changed(PERMISSION, {"principal": "*", "principalOrgId": UNKNOWN})],
        "layer": [LAYER],
    },
    bad={
        "everybody": ([changed(PERMISSION, {"principal": "*"})], ("principal",)),
        "with a signature": (
            [changed(PERMISSION, {"principal": "*", "functionUrlAuthType": "AWS_IAM"})],
            ("principal",),
        ),
        "any account": ([changed(PERMISSION, {"principal": "arn:aws:iam::*:root"})], ("principal",)),
        "no organisation": ([changed(PERMISSION, {"principal": "*", "principalOrgId": ""})], ("principal",)),
        "not set": ([changed(PERMISSION, {"principal": GONE})], ("principal",)),
        "bucket": ([changed(PERMISSION, {**TO_S3, "sourceAccount": GONE})], ("sourceAccount",)),
        "layer": ([changed(LAYER, {"organizationId": GONE})], ("principal",)),
    },
    unknown={"principal": ([changed(PERMISSION, {"principal": UNKNOWN})], ("principal",))},
    always=True,
)

SOURCE = Cases(
    rule="lambda-permission-names-source",
    good={
        "both": [PERMISSION],
        "ARN": [changed(PERMISSION, {"sourceAccount": GONE})],
        "ARN not known yet": [changed(PERMISSION, {"sourceAccount": GONE, "sourceArn": UNKNOWN})],
        "account and bucket": [changed(PERMISSION, TO_S3)],
        "any API of an account": [changed(PERMISSION, {"sourceArn": f"arn:aws:execute-api:*:{OWN}:*"})],
        "rotation": [changed(PERMISSION, {"principal": "secretsmanager.amazonaws.com", "sourceArn": GONE})],
        "skill": [
            changed(
                PERMISSION,
                {"principal": "alexa-appkit.amazon.com", "sourceArn": GONE, "eventSourceToken": "amzn1.ask.skill.x"},
            )
        ],
    },
    bad={
        "none": ([changed(PERMISSION, {"sourceArn": GONE, "sourceAccount": GONE})], ("sourceArn",)),
        "only the account": ([changed(PERMISSION, {"sourceArn": GONE})], ("sourceArn",)),
        "any ARN, of an account": ([changed(PERMISSION, {"sourceArn": "*"})], ("sourceArn",)),
        "any ARN": ([changed(PERMISSION, {"sourceArn": "*", "sourceAccount": GONE})], ("sourceAccount",)),
        "any account's": (
            [changed(PERMISSION, {"sourceArn": "arn:aws:sns:*:*:orders", "sourceAccount": GONE})],
            ("sourceAccount",),
        ),
        "bucket": ([changed(PERMISSION, {**TO_S3, "sourceAccount": GONE})], ("sourceAccount",)),
        "pattern of accounts": (
            [changed(PERMISSION, {"sourceArn": "*", "sourceAccount": "*"})],
            ("sourceAccount",),
        ),
        "rotation": (
            [
                changed(
                    PERMISSION, {"principal": "secretsmanager.amazonaws.com", "sourceArn": GONE, "sourceAccount": GONE}
                )
            ],
            ("sourceAccount",),
        ),
    },
    unknown={"principal": ([changed(PERMISSION, {"principal": UNKNOWN})], ("principal",))},
    skipped={"account": [changed(PERMISSION, {"principal": OWN})]},
)

INVOKES = Cases(
    rule="lambda-permission-only-invokes",
    good={
        "function": [PERMISSION],
        "address": [changed(PERMISSION, {"action": "lambda:InvokeFunctionUrl"})],
        "layer": [LAYER],
    },
    bad={
        "everything": ([changed(PERMISSION, {"action": "lambda:*"})], ("action",)),
        "star": ([changed(PERMISSION, {"action": "*"})], ("action",)),
        "sharing": ([changed(PERMISSION, {"action": "lambda:AddPermission"})], ("action",)),
        "code": ([changed(PERMISSION, {"action": "lambda:UpdateFunctionCode"})], ("action",)),
        "not set": ([changed(PERMISSION, {"action": GONE})], ("action",)),
    },
    unknown={"action": ([changed(PERMISSION, {"action": UNKNOWN})], ("action",))},
    always=True,
)

ADDRESS = made(
    "aws:lambda/functionUrl:FunctionUrl",
    authorizationType="AWS_IAM",
    cors={"allowOrigins": ["https://app.example.com"]},
)
URL_AUTH = Cases(
    rule="lambda-url-requires-iam",
    good={"signed": [ADDRESS], "lower case": [changed(ADDRESS, {"authorizationType": "aws_iam"})]},
    bad={
        "open": ([changed(ADDRESS, {"authorizationType": "NONE"})], ("authorizationType",)),
        "not set": ([changed(ADDRESS, {"authorizationType": GONE})], ("authorizationType",)),
    },
    unknown={"type": ([changed(ADDRESS, {"authorizationType": UNKNOWN})], ("authorizationType",))},
    always=True,
)

ORIGINS = "cors.allowOrigins"
URL_CORS = Cases(
    rule="lambda-url-cors-names-origins",
    good={"named": [ADDRESS], "no origin": [changed(ADDRESS, {"cors": {"maxAge": 60}})]},
    bad={
        "any": ([changed(ADDRESS, {ORIGINS: ["*"]})], (f"{ORIGINS}.0",)),
        "any as text": ([changed(ADDRESS, {ORIGINS: "*"})], (f"{ORIGINS}.0",)),
        "pattern": ([changed(ADDRESS, {ORIGINS: ["https://a.example.com", "https://*"]})], (f"{ORIGINS}.1",)),
        "no TLS": ([changed(ADDRESS, {ORIGINS: ["http://app.example.com"]})], (f"{ORIGINS}.0",)),
        "number": ([changed(ADDRESS, {ORIGINS: [1]})], (f"{ORIGINS}.0",)),
    },
    unknown={
        "origin": ([changed(ADDRESS, {ORIGINS: [UNKNOWN]})], (f"{ORIGINS}.0",)),
        "origins": ([changed(ADDRESS, {ORIGINS: UNKNOWN})], (ORIGINS,)),
    },
    skipped={"no CORS": [changed(ADDRESS, {"cors": GONE})]},
)

FUNCTION = made("aws:lambda/function:Function", packageType="Zip", codeSigningConfigArn=UNKNOWN)
SIGNING = made("aws:lambda/codeSigningConfig:CodeSigningConfig", policies={"untrustedArtifactOnDeployment": "Enforce"})
UNTRUSTED = "policies.untrustedArtifactOnDeployment"
SIGNED = Cases(
    rule="lambda-code-is-signed",
    good={"function": [FUNCTION], "config": [SIGNING]},
    bad={
        "none": ([changed(FUNCTION, {"codeSigningConfigArn": GONE})], ("codeSigningConfigArn",)),
        "empty": ([changed(FUNCTION, {"codeSigningConfigArn": ""})], ("codeSigningConfigArn",)),
        "only a warning": ([changed(SIGNING, {UNTRUSTED: "Warn"})], (UNTRUSTED,)),
        "default": ([changed(SIGNING, {"policies": GONE})], (UNTRUSTED,)),
    },
    unknown={"config": ([changed(SIGNING, {UNTRUSTED: UNKNOWN})], (UNTRUSTED,))},
    skipped={"image": [changed(FUNCTION, {"packageType": "Image", "codeSigningConfigArn": GONE})]},
)

CASES: list[Cases] = [PUBLIC, SOURCE, INVOKES, URL_AUTH, URL_CORS, SIGNED]
