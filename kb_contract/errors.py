"""Everything that can be wrong with what people give us, drawn as a tree.

ScriptoriumError
├── BadInput                 what a person gave us: a file, a setting, a question
│   ├── BadIdentifier        a folder name that cannot be an agent's id
│   ├── BadManifest          agent.yaml or golden.yaml
│   ├── BadDocument          one document; it is quarantined, the rest goes on
│   └── BadSetting           an environment variable or a line of the settings file
├── BadVector                a model gave numbers that no search can use
├── NotServed                nothing live to answer from
├── ToolRefused              a tool may not be called like this: not by us, or not by its server
├── Unavailable              something that we stand on does not answer in time
│   ├── KnowledgeUnavailable the vector store or the ledger
│   ├── ToolUnavailable      the server of a tool
│   └── ModelFailed          the provider of a chat model, or what it wrote
└── GateRefused              a generation may not go live
    └── AgentPaused          nothing may build the agent until a person resumes it
"""


class ScriptoriumError(Exception):
    """Something is wrong; `what` says what, `where` where, `cure` how to mend it."""

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        self.what = what
        self.where = where
        self.cure = cure
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" → {self.cure}" if self.cure else ""
        return f"{place}{self.what}{cure}"


class BadInput(ScriptoriumError):
    """A person gave us something that we cannot use."""


class BadIdentifier(BadInput):
    """A name that cannot be an agent's id."""


class BadManifest(BadInput):
    """agent.yaml or golden.yaml does not say what it must."""


class BadDocument(BadInput):
    """One document cannot be read; it is quarantined and named, and the rest goes on."""


class BadSetting(BadInput):
    """A setting has a value that is not allowed."""


class BadVector(ScriptoriumError):
    """A model gave a vector that would spoil every search."""


class NotServed(ScriptoriumError):
    """There is no live generation to answer from."""


class Unavailable(ScriptoriumError):
    """Something that we stand on does not answer, or not in time."""


class KnowledgeUnavailable(Unavailable):
    """The vector store or the ledger does not answer."""


class ToolRefused(ScriptoriumError):
    """A tool may not be called like this, or its server says that it failed."""


class ToolUnavailable(Unavailable):
    """The server of a tool does not answer."""


class ModelFailed(Unavailable):
    """A chat model gave no usable answer within its deadline."""


class GateRefused(ScriptoriumError):
    """A generation did not pass its checks, so the alias stays where it is."""


class AgentPaused(GateRefused):
    """Nothing builds the agent until a person resumes it; what is live stays live."""
