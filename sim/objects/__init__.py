"""Objects as geometry: parts, masses, cross-sections, and where fingers could grasp them."""
