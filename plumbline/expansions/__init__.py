"""What remote components register: on the real engine a plugin's work, here pure functions that say the same.

An expansion says which resources a component of another language registers for given inputs, and what it
answers. The monitor registers them as the plugin would, transforms included.
"""

from __future__ import annotations

from plumbline.expansions.awsx_vpc import expand as _vpc
from plumbline.expansions.shape import Child, Expander, Expansion, NotExpanded, Ref, Reference

__all__ = ["EXPANDERS", "Child", "Expander", "Expansion", "NotExpanded", "Ref", "Reference"]

EXPANDERS: dict[str, Expander] = {"awsx:ec2:Vpc": _vpc}
