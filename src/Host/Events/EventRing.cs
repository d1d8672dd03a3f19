// What has happened on this node lately: the log's own events, kept in memory for operators. It is fed by the log, so that nothing is told
// in two ways; it forgets the oldest, and a listener that does not keep up.
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Events;

/// <summary>One thing that happened.</summary>
/// <param name="Number">Counts on from the node's start: gaps are what a listener has missed.</param>
/// <param name="Time">When, by this node's clock.</param>
/// <param name="Node">On which node.</param>
/// <param name="Epoch">The epoch that the node followed then; 0: none yet.</param>
/// <param name="Kind">The event's name in the log: docs/operations.md has them.</param>
/// <param name="Text">What the log says.</param>
internal sealed record NodeEvent(long Number, DateTimeOffset Time, string Node, ulong Epoch, string Kind, string Text);

/// <summary>The last events of a node. Thread-safe.</summary>
/// <param name="node">The node's id.</param>
/// <param name="time">The clock of the events.</param>
internal sealed class EventRing(string node, TimeProvider time) : ILoggerProvider
{
    /// <summary>How many are kept.</summary>
    public const int Capacity = 1000;

    /// <summary>How many listeners there may be at a time.</summary>
    public const int MostListeners = 64;

    // What a listener may be behind before it is given up.
    private const int ListenerCapacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<NodeEvent> _events = new(Capacity);
    private readonly List<Channel<NodeEvent>> _listeners = [];
    private long _number;
    private ulong _epoch;

    /// <summary>The newest, oldest first.</summary>
    /// <param name="last">At most so many.</param>
    public IReadOnlyList<NodeEvent> Last(int last)
    {
        lock (_lock)
            return [.. _events.Skip(Math.Max(0, _events.Count - last))];
    }

    /// <summary>Begins to listen: what is kept comes first, then what happens. Null when too many listen.</summary>
    /// <param name="stop">Ends it.</param>
    public ChannelReader<NodeEvent>? Listen(CancellationToken stop)
    {
        var listener = Channel.CreateBounded<NodeEvent>(Capacity + ListenerCapacity);
        lock (_lock)
        {
            if (_listeners.Count == MostListeners)
                return null;
            foreach (var each in _events)
                listener.Writer.TryWrite(each);
            _listeners.Add(listener);
        }

        stop.Register(() =>
        {
            lock (_lock)
                _listeners.Remove(listener);
            listener.Writer.TryComplete();
        });
        return listener.Reader;
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Source(this);

    /// <summary>Ends all listeners.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var listener in _listeners)
                listener.Writer.TryComplete();
            _listeners.Clear();
        }
    }

    private void Add(EventId id, object? state, string text)
    {
        lock (_lock)
        {
            if (id.Name == "RoleTaken" && state is IReadOnlyList<KeyValuePair<string, object?>> values)
                _epoch = Convert.ToUInt64(values.First(static value => value.Key == "Epoch").Value, CultureInfo.InvariantCulture);
            if (_events.Count == Capacity)
                _events.Dequeue();
            var happened = new NodeEvent(++_number, time.GetUtcNow(), node, _epoch, id.Name!, text);
            _events.Enqueue(happened);
            _listeners.RemoveAll(listener => !listener.Writer.TryWrite(happened) && listener.Writer.TryComplete());
        }
    }

    // Only what has a name is an event; what operators did is in the audit log, for those alone who may read it.
    private sealed class Source(EventRing ring) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && eventId is { Id: > 0, Name: not (null or nameof(Logging.HostEvents.Operator)) })
                ring.Add(eventId, state, formatter(state, exception));
        }
    }
}
