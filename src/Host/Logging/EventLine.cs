// One event of the actor system, as a template with its values.
using System.Collections;
using Akka.Event;

namespace HotStandby.Host.Logging;

/// <summary>What the node's log is given as an event's state: its values by name, and its text.</summary>
/// <param name="message">What was logged: a template with values, or any object.</param>
internal sealed class EventLine(object message) : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly KeyValuePair<string, object?>[] _values = message is LogMessage { PropertyNames: var names } template
        ? [.. names.Zip(template.Parameters(), (name, value) => new KeyValuePair<string, object?>(name, value))]
        : [];

    /// <summary>The text before its values are in it.</summary>
    public string Template { get; } = (message as LogMessage)?.Format ?? "";

    /// <summary>What lines that say the same have in common: the template or, without one, the text.</summary>
    public string Kind => Template.Length > 0 ? Template : ToString();

    /// <inheritdoc/>
    public int Count => _values.Length;

    /// <inheritdoc/>
    public KeyValuePair<string, object?> this[int index] => _values[index];

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() =>
        ((IEnumerable<KeyValuePair<string, object?>>)_values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _values.GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => message.ToString() ?? "";
}
