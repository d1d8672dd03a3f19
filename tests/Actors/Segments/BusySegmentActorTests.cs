// A segment table that is busy for long, and the clients meanwhile. They are heard on the threads of their connections, and a look that
// comes late forgives the time by which it was late: that it is the segment table that looks makes nobody silent.
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Messages.Calls;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Actors.Segments;

public sealed class BusySegmentActorTests : SegmentActorHarness
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Ttl = 10 * Interval;

    public BusySegmentActorTests()
    {
        Segments = Start(new SegmentSettings { ClientTtl = Ttl, ClientSuspectTime = 100 * Ttl, ExpiryInterval = Interval });
        Lead(1);
        for (var client = 1; client <= 2; client++)
        {
            Mount(client, client);
            CommitNext(OpType.MountSegment);
            Shards[0].ExpectMsg<SegmentsChanged>();
        }
    }

    [Fact]
    public void Busy_segment_table_takes_no_client_for_silent_and_afterwards_only_the_one_that_is()
    {
        using (var busy = new BlockingSink())
        {
            Send(new QuerySegmentStatusCall(busy, Id(1), name: null));
            Until(() => busy.IsReached);
            for (var passed = TimeSpan.Zero; passed < 5 * Ttl; passed += Interval)
            {
                Clock.Advance(Interval);
                Clients.Hear(Id(1));
            }
        }

        var freed = Clock.Ticks;
        Until(() =>
        {
            Clock.Advance(Interval);
            Clients.Hear(Id(1));
            return Replica.HasMessages;
        }, 2 * Interval);
        CommitNext(OpType.ClientSuspected);
        var directory = Shards[0].ExpectMsg<SegmentsChanged>().Directory;
        Assert.Equal((false, true), (directory.Readable(1)?.IsSuspect, directory.Readable(2)?.IsSuspect));
        Assert.InRange(Clock.Ticks - freed, Ttl.Ticks / 2, long.MaxValue); // it had nearly all of its time left
    }

    // Keeps the actor's thread where the answer is given, until it is disposed of.
    private sealed class BlockingSink : IReplySink, IDisposable
    {
        private readonly ManualResetEventSlim _freed = new();

        private volatile bool _isReached;

        public bool IsReached => _isReached;

        public void Answer(MasterCall call)
        {
            _isReached = true;
            Assert.True(_freed.Wait(Deadline.Step));
        }

        public void Abandon(MasterCall call) => Answer(call);

        // The event itself is left to the collector: the actor may still be on its way out of it.
        public void Dispose() => _freed.Set();
    }
}
