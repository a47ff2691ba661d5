"""components.transforms: several changes of every resource in one transform."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.transforms import Change, change_everything
from tests.evaluations import run_program


def adding(word: str) -> Change:
    """Return a change that adds a word to a queue's name and protects it, and leaves all else alone."""

    def change(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:sqs/queue:Queue":
            return None
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(ignore_changes=[word]))
        return pulumi.ResourceTransformResult(props={**args.props, "name": f"{args.props['name']}-{word}"}, opts=opts)

    return change


def test_each_change_sees_what_the_one_before_made() -> None:
    def program() -> None:
        change_everything(adding("first"), lambda args: None, adding("second"))
        aws.sqs.Queue("queue", name="q")
        aws.sns.Topic("topic", name="t")

    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    queue, topic = (next(r for r in evaluation.graph if r.name == name) for name in ("queue", "topic"))
    assert (queue.inputs["name"], queue.options.ignore_changes) == ("q-first-second", ("first", "second"))
    assert (topic.inputs["name"], topic.options.ignore_changes) == ("t", ())
