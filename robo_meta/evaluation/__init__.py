"""How well each strategy does on tasks it has never seen."""
