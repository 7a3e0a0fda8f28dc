"""How a run is kept, traced and shown."""
