"""Deploys the functions without downtime: backup, shift of the aliases, way back (AGENTIC-02.4, 02.5, 06.2).

`pulumi up` makes everything and publishes a version of each changed function, but moves no alias (`moves_aliases` of
components/functions.py): callers stay with the version they had. `shift` moves the aliases where the new versions are
healthy, and back where they are not. All state is AWS's own, so that every command can be interrupted and given again.
"""
