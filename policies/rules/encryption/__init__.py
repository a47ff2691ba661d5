"""Rules of the pack encryption."""
