"""What the workflows tell GitHub: one comment per pull request, one issue about drift, and which stacks a run is for.

Comments and issues need the standard library alone, so that a job with a token that writes installs nothing.
"""
