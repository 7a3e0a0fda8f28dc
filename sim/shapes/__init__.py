"""Shape families: named distributions over part layouts."""
