"""One node of the graph a file, in flow order: intake, classify, plan, execute, synthesize, verify, remember."""
