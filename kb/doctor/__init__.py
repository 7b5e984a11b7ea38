"""What `kb doctor` looks at: the machine, the tools on it, and the servers."""
