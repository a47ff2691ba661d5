"""What changes between two revisions of the project, evaluated each with its own code: a graph diff."""
