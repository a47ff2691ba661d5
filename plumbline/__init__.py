"""Evaluates, judges and rehearses Pulumi stacks without an AWS account."""
