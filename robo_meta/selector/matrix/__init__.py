"""The outcome matrix: every strategy played on many scenes."""
