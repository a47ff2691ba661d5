"""Rules of the pack least_privilege."""
