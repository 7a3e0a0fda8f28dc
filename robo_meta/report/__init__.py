"""Results for people: HTML pages and terminal tables."""
