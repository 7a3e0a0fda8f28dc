"""How good a selector is: references, intervals, explanations."""
