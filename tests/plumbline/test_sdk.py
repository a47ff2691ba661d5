"""plumbline.sdk: what the installed SDK says of types."""

from __future__ import annotations

from plumbline import sdk


def _property(node: sdk.Node, name: str) -> sdk.Node:
    assert isinstance(node, sdk.Nested)
    found = node.properties[name]
    return found.item if isinstance(found, sdk.ListOf) else found


def test_a_type_may_hold_itself() -> None:
    acl = sdk.inputs_of("aws:wafv2/webAcl:WebAcl")
    assert acl is not None
    statement = _property(_property(acl, "rules"), "statement")
    assert _property(_property(statement, "orStatement"), "statements") is statement
    assert sdk.tag_shape("aws:wafv2/webAcl:WebAcl") == "map"
