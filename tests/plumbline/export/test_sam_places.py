"""Where resources and values go in a SAM template: parts of others, pseudo parameters, parameters, nowhere."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from plumbline.export.sam import LeftOut, Template
from tests.plumbline.export.sam_tools import of_program


def account(region: str = "eu-west-1") -> pulumi.ResourceOptions:
    provider = aws.Provider("aws", region=region, allowed_account_ids=["123456789012"])
    return pulumi.ResourceOptions(provider=provider)


def test_account_region_partition_and_zones_are_those_of_whoever_deploys() -> None:
    def program() -> None:
        opts = account()
        invoke = pulumi.InvokeOptions(provider=opts.provider)
        zone = aws.route53.get_zone_output(name="example.com", private_zone=False, opts=invoke)
        aws.route53.Record(
            "a", zone_id=zone.zone_id, name="a.example.com", type="A", ttl=60, records=["192.0.2.1"], opts=opts
        )
        statement = {
            "Resource": "arn:aws:s3:::files-123456789012/*",
            "Condition": "eu-west-1",
            "Sid": "eu-west-12 ${x}",
        }
        policy = json.dumps(
            {"Statement": [statement, {"Resource": "arn:aws:sqs:eu-west-1:123456789012:${aws:userid}"}]}
        )
        aws.iam.RolePolicy("p", name="p", role="r", policy=policy, opts=opts)

    body = of_program(program).body
    zone = "HostedZoneExampleCom"
    assert body["Parameters"] == {
        zone: {"Type": "AWS::Route53::HostedZone::Id", "Description": "Id of the public hosted zone example.com"}
    }
    assert body["Resources"]["A"]["Properties"] == {
        "HostedZoneId": {"Ref": zone},
        "Name": "a.example.com",
        "ResourceRecords": ["192.0.2.1"],
        "TTL": "60",
        "Type": "A",
    }
    assert body["Resources"]["P"]["Properties"]["PolicyDocument"]["Statement"] == [
        {
            "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::files-${AWS::AccountId}/*"},
            "Condition": {"Ref": "AWS::Region"},
            "Sid": "eu-west-12 ${x}",
        },
        {"Resource": {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${!aws:userid}"}},
    ]


def test_what_has_no_place_is_listed_with_its_reason() -> None:
    def program() -> None:
        here = account()
        aws.ssm.Parameter("key", name="/key", type="SecureString", value="x", opts=here)
        aws.ssm.Parameter("level", name="/level", type="String", value="info", opts=here)
        aws.sqs.Queue("near", name="near", policy="{}", opts=here)
        aws.sqs.Queue("far", name="far", region="us-east-1", opts=here)
        network = aws.ec2.Vpc("network", cidr_block="10.0.0.0/16", opts=here)
        aws.s3.BucketVersioning("loose", bucket="elsewhere", versioning_configuration={"status": "Enabled"}, opts=here)
        aws.sns.Topic("topic", name="topic", display_name=network.id, opts=here)
        function = aws.lambda_.Function(
            "f", name="f", role="arn", code=pulumi.FileArchive("tests"), publish=True, opts=here
        )
        for name in ("blue", "green"):
            aws.lambda_.Alias(name, name=name, function_name="f", function_version=function.version, opts=here)

    found = of_program(program)
    no_secret = "CloudFormation makes no SecureString: whoever deploys puts it into Parameter Store, under its name"
    two = "SAM publishes to one alias of a function"
    assert set(found.left_out) == {
        LeftOut("aws:ssm/parameter:Parameter", "key", "", no_secret),
        LeftOut("aws:sqs/queue:Queue", "near", "policy", "no counterpart is known"),
        LeftOut("aws:sqs/queue:Queue", "far", "", "it is in us-east-1; a CloudFormation stack has one region"),
        LeftOut("aws:ec2/vpc:Vpc", "network", "", "no counterpart of this type is known"),
        LeftOut("aws:s3/bucketVersioning:BucketVersioning", "loose", "", "what it belongs to is not in the template"),
        LeftOut("aws:lambda/alias:Alias", "blue", "", two),
        LeftOut("aws:lambda/alias:Alias", "green", "", two),
        LeftOut("pulumi:providers:aws", "aws", "", "whoever deploys a template says where, and with which credentials"),
    }
    metadata = found.body["Metadata"]["Plumbline"]
    assert metadata["LeftOut"]["aws:lambda/alias:Alias"] == {two: ["blue", "green"]}
    assert metadata["LeftOutProperties"] == {"aws:sqs/queue:Queue": {"policy: no counterpart is known": ["near"]}}
    assert sorted(found.body["Resources"]) == ["F", "Level", "Near", "Topic"]
    assert found.body["Resources"]["Topic"]["Properties"]["DisplayName"] == {"Ref": "NetworkVpcId"}
    assert found.body["Resources"]["F"]["Properties"]["CodeUri"] == "tests/"


def test_a_part_is_written_into_its_whole_and_makes_no_circle() -> None:
    def program() -> None:
        rule = aws.cloudwatch.EventRule("rule", name="rule", schedule_expression="rate(1 day)")
        queue = aws.sqs.Queue("queue", name="queue")
        policy = rule.arn.apply(
            lambda arn: json.dumps({"Statement": [{"Condition": {"ArnEquals": {"aws:SourceArn": arn}}}]})
        )
        allowed = aws.sqs.QueuePolicy("policy", queue_url=queue.url, policy=policy)
        after = pulumi.ResourceOptions(depends_on=[allowed])
        aws.cloudwatch.EventTarget("target", rule=rule.name, target_id="one", arn=queue.arn, opts=after)

    body = of_program(program).body["Resources"]
    assert body["Rule"] == {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": "rule",
            "ScheduleExpression": "rate(1 day)",
            "Targets": [{"Id": "one", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
        },
    }
    condition = {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}}
    assert body["Policy"]["Properties"]["PolicyDocument"] == {"Statement": [{"Condition": condition}]}


def test_a_websocket_domain_is_reached_where_aws_says() -> None:
    def program() -> None:
        configuration = {"certificate_arn": "arn", "endpoint_type": "REGIONAL", "security_policy": "TLS_1_2"}
        domain = aws.apigatewayv2.DomainName("d", domain_name="d.example.com", domain_name_configuration=configuration)
        answer = domain.domain_name_configuration
        target = {"name": answer.target_domain_name, "zone_id": answer.hosted_zone_id, "evaluate_target_health": True}
        aws.route53.Record("r", zone_id="Z1", name="d.example.com", type="A", aliases=[target])

    found = of_program(program).body["Resources"]
    assert found["D"]["Properties"]["DomainNameConfigurations"] == [
        {"CertificateArn": "arn", "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}
    ]
    assert found["R"]["Properties"]["AliasTarget"] == {
        "DNSName": {"Fn::GetAtt": ["D", "RegionalDomainName"]},
        "HostedZoneId": {"Fn::GetAtt": ["D", "RegionalHostedZoneId"]},
        "EvaluateTargetHealth": True,
    }


def test_limits_of_cloudformation_are_told() -> None:
    def of(count: int, **row: Any) -> list[str]:
        return Template({"Resources": {f"R{number}": row for number in range(count)}}, (), {}).warnings()

    published = {"Properties": {"AutoPublishAlias": "live"}}
    assert of(500) == []
    assert of(501) == ["501 resources; CloudFormation takes 500 in a stack"]
    assert of(166, **published) == []
    assert of(167, **published) == ["501 resources; CloudFormation takes 500 in a stack"]
    parameters = {f"P{number}": {} for number in range(201)}
    body = {"Resources": {}, "Parameters": parameters}
    assert Template(body, (), {}).warnings() == ["201 parameters; CloudFormation takes 200 in a stack"]
    large = Template({"Resources": {}, "Description": "x" * 1_000_000}, (), {}).warnings()
    assert large == ["1,000,028 bytes; CloudFormation takes 1,000,000"]
