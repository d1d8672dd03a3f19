// A Standby that applies the Primary's entries when the test says so, compares markers, and drills down through messages that are
// encoded and decoded on their way. TestPrimary's own Standby stays healthy: it is what this one must be equal to.
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Unit.Verification;

internal sealed class VerifyingStandby
{
    private static readonly NodeId Node = new("standby");
    private readonly Queue<byte[]> _log = new();

    public VerifyingStandby(TestPrimary primary, DrillDownSettings? settings = null)
    {
        Primary = primary;
        Settings = settings ?? new DrillDownSettings(100, 1000);
        Attach();
    }

    public TestPrimary Primary { get; }

    public DrillDownSettings Settings { get; }

    public ShardState State { get; } = new(Partition.OfShard(0), 1);

    public DrillDown? Drill { get; private set; }

    /// <summary>Of the last marker.</summary>
    public MarkerVerdict Verdict { get; private set; }

    public List<RepairedKey> Repaired { get; } = [];

    public int Requests { get; private set; }

    /// <summary>Bytes of the longest message.</summary>
    public int LongestAnswer { get; private set; }

    /// <summary>Entries that are committed and not applied here.</summary>
    public int Lag => _log.Count;

    public void Attach() => Primary.Committed = _log.Enqueue;

    /// <summary>Loses the oldest entries, as no healthy node would.</summary>
    public void Skip(int count)
    {
        for (; count > 0; count--)
            _log.Dequeue();
    }

    public void Apply(int count)
    {
        for (count = Math.Min(count, _log.Count); count > 0; count--)
        {
            Assert.True(OpLogEntry.TryView(_log.Dequeue(), out var entry));
            State.Apply(entry);
            Drill?.Applied(entry);
            if (entry.Type == OpType.VerificationMarker)
                Compare(entry);
        }

        Proceed();
    }

    public void ApplyAll() => Apply(Lag);

    /// <summary>A marker, applied here at once; then everything that follows from it. Other work may go on between the steps.</summary>
    public DrillDown? Verify(Action? meanwhile = null)
    {
        Primary.MarkVerificationPoint();
        Primary.CommitAll();
        ApplyAll();
        for (var steps = 0; Drill is { State: DrillDownState.Running }; steps++)
        {
            Assert.True(steps < 10_000, "a drill-down without end");
            meanwhile?.Invoke();
            Exchange();
            meanwhile?.Invoke();
            ApplyAll();
        }

        return Drill;
    }

    /// <summary>One request and its answer.</summary>
    public void Exchange()
    {
        if (Ask() is { } answer)
            Deliver(answer);
    }

    /// <summary>The Primary's answer to what is asked now, still on its way.</summary>
    public VerificationResponse? Ask()
    {
        if (Drill?.Request is not { } request)
            return null;
        Requests++;
        return Across(Primary.Leader.Compare(Across(request), new NodeId("primary")));
    }

    public void Deliver(VerificationResponse answer)
    {
        Drill?.Answered(answer);
        Proceed();
    }

    /// <summary>Holds the same as the healthy Standby, and its digests say so.</summary>
    public void MustEqualTheHealthyOne()
    {
        ApplyAll();
        Assert.Equal(Primary.Standby.Digest, State.Digest);
        Assert.Equal(TestPrimary.ThroughImage(State).Digest, State.Digest);
        Assert.Equal(Primary.Standby.EnumerateLiveExtents().ToHashSet(), State.EnumerateLiveExtents().ToHashSet());
    }

    private void Compare(in OpLogEntry marker)
    {
        Verdict = VerificationMarker.Compare(State, marker);
        Assert.True(Verdict.IsComparable);
        if (Verdict.DifferingBuckets != 0 && Drill is not { State: DrillDownState.Running })
            Drill = DrillDown.Begin(State, marker, Verdict.DifferingBuckets, Settings, Node);
        else if (Verdict.IsClean)
            Drill = null;
    }

    private void Proceed() => Repaired.AddRange(Drill?.Proceed() ?? []);

    private T Across<T>(T message) where T : VerificationMessage
    {
        Assert.True(VerificationCodec.TryEncode(message, out var encoded, out var problem), problem);
        LongestAnswer = Math.Max(LongestAnswer, encoded.Length);
        return Assert.IsType<T>(VerificationCodec.Decode(VerificationCodec.ManifestOf(message), encoded, out _));
    }
}
