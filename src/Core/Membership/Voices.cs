// Which nodes were heard lately, and what this node has asked. A message that was sent before a question was asked proves nothing about
// now: it may have waited in a buffer while its sender, or this process, stood still. An answer that repeats the question's number does
// prove it. Used by JoinPolicy.
using HotStandby.Messages.Membership;

namespace HotStandby.Core.Membership;

/// <summary>What one address has said.</summary>
/// <param name="Address">The address.</param>
/// <param name="Hello">The latest hello from there.</param>
/// <param name="AtTicks">When it came.</param>
/// <param name="SinceTicks">When the first one of that process came.</param>
/// <param name="KnownSince">The last question that this node had asked by then.</param>
/// <param name="Answered">The latest of this node's questions that it has answered; 0: none.</param>
internal readonly record struct Voice(string Address, Hello Hello, long AtTicks, long SinceTicks, ulong KnownSince, ulong Answered);

/// <summary>Pure; times are monotonic ticks of 100 ns.</summary>
internal sealed class Voices
{
    /// <summary>What was said longer ago counts no more.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Voice> _voices = new(StringComparer.Ordinal);
    private readonly Queue<(ulong Number, long AtTicks)> _recent = [];
    private readonly ulong _first;
    private ulong _last;

    /// <param name="firstQuestion">Where the numbers of questions begin: other than those of earlier processes at this address.</param>
    public Voices(ulong firstQuestion) => _last = _first = firstQuestion;

    /// <summary>The number of a question to any node that may answer.</summary>
    public ulong Ask(long nowTicks)
    {
        while (_recent.TryPeek(out var oldest) && nowTicks - oldest.AtTicks > Memory.Ticks)
            _recent.Dequeue();
        _recent.Enqueue((++_last, nowTicks));
        return _last;
    }

    /// <summary>The number of a question that only asks for a sign of life.</summary>
    public ulong Probe() => ++_last;

    /// <summary>Whether this process has asked it, and not long ago.</summary>
    public bool HasAsked(ulong question, long nowTicks) =>
        _recent.Any(asked => asked.Number == question && nowTicks - asked.AtTicks <= Memory.Ticks);

    /// <summary>What was asked so far leads to nothing any more.</summary>
    public void ForgetQuestions() => _recent.Clear();

    /// <summary>A node has said hello. No more are remembered than one hello can name: <see cref="Hello.MaximumHeard"/>.</summary>
    public void Hear(string from, Hello hello, long nowTicks)
    {
        Forget(nowTicks);
        var isKnown = _voices.TryGetValue(from, out var before) && before.Hello.Life.Incarnation == hello.Life.Incarnation;
        if (!isKnown && _voices.Count >= Hello.MaximumHeard && !_voices.ContainsKey(from))
            return;
        var answered = hello.Answers > _first && hello.Answers <= _last ? hello.Answers : 0;
        _voices[from] = isKnown
            ? before with { Hello = hello, AtTicks = nowTicks, Answered = Math.Max(before.Answered, answered) }
            : new Voice(from, hello, nowTicks, nowTicks, _last, answered);
    }

    /// <summary>All that were heard lately.</summary>
    public IReadOnlyList<Voice> Lately(long nowTicks)
    {
        Forget(nowTicks);
        return [.. _voices.Values];
    }

    /// <summary>Whether one has answered a question that was asked after the other was first heard.</summary>
    public bool HasAnsweredSince(string one, string other) =>
        _voices.TryGetValue(one, out var voice) && _voices.TryGetValue(other, out var newcomer) && voice.Answered > newcomer.KnownSince;

    /// <summary>Since when a process has been there without a longer silence.</summary>
    public TimeSpan HasBeenHeardFor(string from, long nowTicks) =>
        _voices.TryGetValue(from, out var voice) ? TimeSpan.FromTicks(nowTicks - voice.SinceTicks) : TimeSpan.Zero;

    private void Forget(long nowTicks)
    {
        foreach (var forgotten in _voices.Values.Where(voice => nowTicks - voice.AtTicks > Memory.Ticks).ToArray())
            _voices.Remove(forgotten.Address);
    }
}
