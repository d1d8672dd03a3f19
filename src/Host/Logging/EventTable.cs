// The ids of what the actors log: their texts are the keys, so that an actor states a thing once. A test goes through the sources and
// fails for a text that has no id; docs/operations.md lists them. An id is never given to another event.
using System.Collections.Frozen;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Logging;

/// <summary>Ids and names of the actors' events.</summary>
internal static class EventTable
{
    /// <summary>By template.</summary>
    public static readonly FrozenDictionary<string, EventId> Ids = new Dictionary<string, EventId>().ToFrozenDictionary();

    /// <summary>The id for a template; 0 for what is not this project's own.</summary>
    public static EventId IdOf(string template) => Ids.GetValueOrDefault(template);
}
