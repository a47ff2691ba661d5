"""The Pulumi program: reads the stack's settings, builds its system, exports its outputs."""

import pulumi

import systems
from systems.settings import load

config = pulumi.Config()
system = systems.find(config.require("system"))
settings = load(system.Settings, config.require("settings"), pulumi.get_stack())
for name, value in system.build(settings).items():
    pulumi.export(name, value)
