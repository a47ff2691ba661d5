"""What the agentic system's functions and its operator's tools share; import the modules by name."""
