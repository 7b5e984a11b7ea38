"""Servers of tools that speak MCP: over stdio, started by us, or over HTTP."""
