"""Headwater: stream chat with language models, whoever provides them.

    async with Runner() as runner:
        async with runner.stream_chat("openai/gpt-5-mini", "Write a haiku about rivers.") as stream:
            async for text in stream.text():
                print(text, end="", flush=True)
        print(stream.response.usage)

The modules, in the order in which data meets them:

    secret                      keys that do not show
    parts, messages             what a conversation is made of
    schemas, tools, requests, options    what is asked
    usage, events, responses    what comes out
    errors                      what can go wrong, the tree at its head
    limits, progress, watch, call    one call under way, and what holds it to its limits
    wire                        bytes to frames
    hookspecs, discovery        the contract of a plugin, and finding who fulfils it
    estimate, prices            token counts that nobody reports, and what a count costs
    guard, dispatch             from a call to the hook of a plugin, the contract held to
    middleware                  logging, budget, deadline, retry, timeouts
    runner, stream              the public entry, and the handle that a caller iterates
    turns, transcript           what a call adds to a conversation, and its JSON
    store                       conversations in a database
    session                     a conversation that keeps its history right
    blocking                    the same without an event loop; imported by name
"""

from .call import Call, Operation
from .discovery import PluginStatus
from .errors import (
    AuthenticationError,
    BudgetExceeded,
    Category,
    ConfigurationError,
    ConnectFailed,
    ConnectTimeout,
    ContentGapTimeout,
    ContextTooLong,
    DeadlineExceeded,
    DuplicateProvider,
    FirstContentTimeout,
    HeadwaterError,
    IdleTimeout,
    InvalidRequest,
    LimitPassed,
    MalformedKey,
    MissingKey,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    PluginError,
    PluginLoadError,
    ProtocolError,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    RequestError,
    ServerError,
    SessionBusy,
    StorageError,
    StreamInterrupted,
    TransportError,
    UnknownProvider,
    UnsupportedFeature,
)
from .events import (
    Event,
    EventStream,
    Finished,
    FinishReason,
    ProviderEvent,
    RawFrame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    UsageUpdated,
)
from .hookspecs import Health, ModelInfo, ProviderInfo, hookimpl
from .limits import Limits
from .messages import Message, Role, assistant, system, tool_result, user
from .options import ChatOptions
from .parts import (
    Audio,
    Cache,
    Document,
    Image,
    JSONObject,
    JSONValue,
    Part,
    ProviderPart,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from .requests import ChatRequest, ModelId, ReasoningEffort
from .responses import ChatResponse, fold
from .runner import Runner
from .secret import Secret
from .stream import ChatStream, StreamMetrics
from .tools import ResponseFormat, Tool, ToolChoice
from .usage import Provenance, Usage

__all__ = [
    "Audio",
    "AuthenticationError",
    "BudgetExceeded",
    "Cache",
    "Call",
    "Category",
    "ChatOptions",
    "ChatRequest",
    "ChatResponse",
    "ChatStream",
    "ConfigurationError",
    "ConnectFailed",
    "ConnectTimeout",
    "ContentGapTimeout",
    "ContextTooLong",
    "DeadlineExceeded",
    "Document",
    "DuplicateProvider",
    "Event",
    "EventStream",
    "FinishReason",
    "Finished",
    "FirstContentTimeout",
    "HeadwaterError",
    "Health",
    "IdleTimeout",
    "Image",
    "InvalidRequest",
    "JSONObject",
    "JSONValue",
    "LimitPassed",
    "Limits",
    "MalformedKey",
    "Message",
    "MissingKey",
    "ModelId",
    "ModelInfo",
    "ModelNotFound",
    "Operation",
    "Overloaded",
    "Part",
    "PermissionDenied",
    "PluginError",
    "PluginLoadError",
    "PluginStatus",
    "ProtocolError",
    "Provenance",
    "ProviderError",
    "ProviderEvent",
    "ProviderInfo",
    "ProviderPart",
    "QuotaExceeded",
    "RateLimited",
    "RawFrame",
    "Reasoning",
    "ReasoningDelta",
    "ReasoningEffort",
    "RefusalDelta",
    "RequestError",
    "ResponseFormat",
    "Role",
    "Runner",
    "Secret",
    "ServerError",
    "SessionBusy",
    "Started",
    "StorageError",
    "StreamInterrupted",
    "StreamMetrics",
    "Text",
    "TextDelta",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallFinished",
    "ToolCallStarted",
    "ToolChoice",
    "ToolResult",
    "TransportError",
    "UnknownProvider",
    "UnsupportedFeature",
    "Usage",
    "UsageUpdated",
    "Video",
    "__version__",
    "assistant",
    "fold",
    "hookimpl",
    "system",
    "tool_result",
    "user",
]

__version__ = "0.1.0"
