// A span for a batch and for a failover, with the times that were measured.
using System.Diagnostics;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Replication;

namespace HotStandby.Tests.Actors.Telemetry;

public sealed class NodeTracesTests
{
    private const ulong Mark = 987_654_321; // other tests of this process may make spans as well

    [Fact]
    public void A_batch_is_a_span_from_its_oldest_proposal_to_its_commit()
    {
        var spans = Listen(() => NodeTraces.Committed(Mark, TimeSpan.TicksPerSecond));
        var span = Assert.Single(spans, span => Equals(span.GetTagItem("hotstandby.sequence"), Mark));
        Assert.Equal("batch", span.OperationName);
        Assert.InRange(span.Duration.TotalSeconds, 0.9, Deadline.Test.TotalSeconds);
    }

    [Fact]
    public void A_failover_is_a_span_that_says_why_and_which_epoch()
    {
        var spans = Listen(() =>
        {
            var ledger = new ReignLedger();
            ledger.Became(new RoleChanged(ReplicaRole.Candidate, Mark, ""), 0);
            ledger.Became(new RoleChanged(ReplicaRole.Primary, Mark, ""), TimeSpan.TicksPerSecond);
            ledger.Serves(2 * TimeSpan.TicksPerSecond);
        });
        var span = Assert.Single(spans, span => Equals(span.GetTagItem("hotstandby.epoch"), Mark));
        Assert.Equal("failover", span.OperationName);
        Assert.Equal("no_leader_known", span.GetTagItem("hotstandby.cause"));
        Assert.InRange(span.Duration.TotalSeconds, 1.9, Deadline.Test.TotalSeconds);
    }

    private static List<Activity> Listen(Action act)
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == NodeTraces.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        act();
        lock (spans)
            return [.. spans];
    }
}
