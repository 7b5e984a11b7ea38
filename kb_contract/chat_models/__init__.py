"""Chat models: which there are, which one is asked, what came back, and what it cost."""
