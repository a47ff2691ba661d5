"""Rules of the pack operations."""
