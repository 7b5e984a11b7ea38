"""What libraries read when they are imported; whoever imports this first has it set."""

import os

# From checkpoints LangGraph reads what is known to it, and nothing else.
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
# litellm fetches no list of prices, which it tries three times, for seconds.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
