"""What the predicates of several systems share: ways into the graph, and judgements that name no system."""
