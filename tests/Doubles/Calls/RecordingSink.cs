using System.Collections.Concurrent;
using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Doubles;

/// <summary>A connection that remembers what it was told, by the tags of the calls and in order.</summary>
internal sealed class RecordingSink : IReplySink
{
    private readonly ConcurrentQueue<uint> _answered = new();
    private readonly ConcurrentQueue<uint> _abandoned = new();

    public IReadOnlyCollection<uint> Answered => _answered;

    public IReadOnlyCollection<uint> Abandoned => _abandoned;

    public int Answers => _answered.Count;

    public int Abandons => _abandoned.Count;

    /// <summary>Runs before an answer is remembered.</summary>
    public Action? OnAnswer { get; set; }

    public void Answer(MasterCall call)
    {
        OnAnswer?.Invoke();
        _answered.Enqueue(call.Tag);
    }

    public void Abandon(MasterCall call) => _abandoned.Enqueue(call.Tag);
}
