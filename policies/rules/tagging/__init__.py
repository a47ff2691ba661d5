"""Rules of the pack tagging."""
