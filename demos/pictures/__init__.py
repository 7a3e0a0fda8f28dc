"""Pictures of recorded episodes, drawn afterwards: a replay shows the cameras what was there, bit for bit."""
