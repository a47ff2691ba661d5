"""Which permissions the roles of a stack have, and whether they are those that the system declares."""

from plumbline import commands
from plumbline.permissions.declared import find
from plumbline.permissions.proof import Proof, prove
from plumbline.project import Project

__all__ = ["Proof", "compare", "prove"]


def compare(project: Project, stack: str) -> Proof:
    """Evaluate a stack as a preview and compare its permissions with the declared ones. Raises UserError."""
    system = project.system(stack)
    declared = find(project.root, system)  # a system that declares nothing is told before the stack is evaluated
    graph = commands.accepted(project, stack)
    settings = project.settings(stack)
    return prove(graph, system, settings, declared(settings))
