using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Actors.Segments;

/// <summary>A connection that remembers what it was told.</summary>
internal sealed class RecordingSink : IReplySink
{
    private int _answers;
    private int _abandoned;

    public int Answers => Volatile.Read(ref _answers);

    public int Abandoned => Volatile.Read(ref _abandoned);

    public void Answer(MasterCall call) => Interlocked.Increment(ref _answers);

    public void Abandon(MasterCall call) => Interlocked.Increment(ref _abandoned);
}
