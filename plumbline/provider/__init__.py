"""The sandbox for the real engine: a daemon per stack, which the engine reaches as its AWS provider."""
