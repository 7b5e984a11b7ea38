"""Importing it first lets LangGraph read from checkpoints what is known to it, and nothing else."""

import os

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
