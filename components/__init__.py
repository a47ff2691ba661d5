"""ComponentResource classes, one requirement area each. They know AWS and nothing of any system."""
