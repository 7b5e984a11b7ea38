"""What keeps the knowledge right between two builds: deletion, retention, graces, freshness."""
