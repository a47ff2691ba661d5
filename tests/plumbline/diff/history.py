"""Changes as people make them, each a commit on top of the shop: what it edits, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable

from tests.plumbline.diff.repository import Repository

PROGRAM = "systems/shop/__init__.py"
SETTINGS = "Pulumi.live.yaml"
_ORDERS = 'table(f"{name}-orders", f"{prefix}-orders", "id", inside)'
_PURCHASES = _ORDERS.replace('"{name}-orders"', '"{name}-purchases"')


def renamed_table(shop: Repository) -> None:
    shop.edit(PROGRAM, _ORDERS, _PURCHASES)


def renamed_table_with_alias(shop: Repository) -> None:
    renamed_table(shop)
    shop.edit(
        PROGRAM,
        _PURCHASES,
        _PURCHASES.replace(
            "inside",
            'pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(name="storage-orders")])',
        ),
    )


def changed_key(shop: Repository) -> None:
    shop.edit(PROGRAM, '"email", inside', '"customer_id", inside')


def changed_key_with_approval(shop: Repository) -> None:
    changed_key(shop)
    shop.write("approvals.yaml", APPROVAL.replace("DAY", "2026-12-31"))


def changed_key_with_old_approval(shop: Repository) -> None:
    changed_key(shop)
    shop.write("approvals.yaml", APPROVAL.replace("DAY", "2026-11-30"))


APPROVAL = """\
approvals:
- stack: live
  resource: aws:dynamodb/table:Table::storage-customers
  action: replace
  reason: the old customers are in the new shop already
  owner: shop-team
  expires: "DAY"
"""


def moved_component(shop: Repository) -> None:
    shop.edit(PROGRAM, 'Storage("storage", settings', 'Storage("data", settings')


def moved_component_with_alias(shop: Repository) -> None:
    moved_component(shop)
    shop.edit(
        PROGRAM,
        'pulumi.ResourceOptions(providers={"aws": provider}))',
        'pulumi.ResourceOptions(providers={"aws": provider}, aliases=[pulumi.Alias(name="storage")]))',
    )


def moved_below_another(shop: Repository) -> None:
    shop.edit(PROGRAM, '"storage", settings.environment, pulumi.ResourceOptions(', BELOW)


BELOW = '"storage", settings.environment, pulumi.ResourceOptions(parent=pulumi.ComponentResource("shop:Shop", "shop"), '


def new_function(shop: Repository) -> None:
    checkout = '    checkout = function("checkout", settings, storage, opts)\n'
    shop.edit(PROGRAM, checkout, checkout + '    function("refund", settings, storage, opts)\n')


def widened_rights(shop: Repository) -> None:
    shop.edit(PROGRAM, '["dynamodb:GetItem"]', '["dynamodb:GetItem", "dynamodb:Scan"]')
    shop.edit(
        PROGRAM,
        '"Action": ["dynamodb:PutItem"], "Resource": [arn(settings, "orders")]',
        '"Action": ["dynamodb:PutItem"], "Resource": [arn(settings, "*")]',
    )


def lowered_retention(shop: Repository) -> None:
    shop.edit(SETTINGS, "log_days: 30", "log_days: 7")


def removed_tag(shop: Repository) -> None:
    shop.edit(PROGRAM, "tagged(settings.all_tags())", 'tagged({"Project": "shop", "Environment": "live"})')


def new_stack(shop: Repository) -> None:
    text = (shop.folder / SETTINGS).read_text(encoding="utf-8")
    text = text.replace("environment: live", "environment: play").replace("protected", "disposable")
    shop.write("Pulumi.play.yaml", text.replace("log_days: 30", "log_days: 7"))


def only_comments(shop: Repository) -> None:
    shop.edit(PROGRAM, "def build(", "# The whole shop.\ndef build(")


def only_formatting(shop: Repository) -> None:
    shop.edit(
        PROGRAM,
        '    return {"orders": storage.orders.arn, ',
        '    return {\n        "orders": storage.orders.arn,\n        ',
    )


def only_order(shop: Repository) -> None:
    text = (shop.folder / PROGRAM).read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    read = next(number for number, line in enumerate(lines) if '"Sid": "Read"' in line)
    lines[read], lines[read + 1] = lines[read + 1], lines[read]
    shop.write(PROGRAM, "".join(lines))


def broken(shop: Repository) -> None:
    shop.edit(PROGRAM, '    storage = Storage("storage"', '    storage = Stowage("storage"')


# By name, which is that of the file with the comment that is expected.
CHANGES: dict[str, Callable[[Repository], None]] = {
    change.__name__.replace("_", "-"): change
    for change in (
        renamed_table,
        renamed_table_with_alias,
        changed_key,
        changed_key_with_approval,
        changed_key_with_old_approval,
        moved_component,
        moved_component_with_alias,
        moved_below_another,
        new_function,
        widened_rights,
        lowered_retention,
        removed_tag,
        new_stack,
        only_comments,
        only_formatting,
        only_order,
        broken,
    )
}
