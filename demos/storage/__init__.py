"""Episode files and the dataset they form."""
