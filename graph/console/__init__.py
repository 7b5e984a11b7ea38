"""The console: pages for people, which ask the server as any other client does."""
