"""What of a stack AWS charges nothing for, what costs, and which criterion demands what costs.

`assess.assess` answers for a graph by `data/free_tier.yaml`, which knows AWS and no system. What a system pays for on
purpose stands in its own `systems/<system>/data/paid.yaml`. `report` shows the answer, `verb` is the command.
"""
