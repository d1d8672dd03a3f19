// A span for a client call, with the time that it took.
using System.Diagnostics;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Server;

namespace HotStandby.Tests.Process.Telemetry;

public sealed class DoorTracesTests
{
    [Fact]
    public void A_call_is_a_span_from_its_arrival_to_its_answer()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == DoorTraces.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        var time = TimeProvider.System;
        DoorTraces.Answered(Rpc.ExistKey, time.GetTimestamp() - (2 * time.TimestampFrequency), time);
        var span = Assert.Single(spans);
        Assert.Equal("call", span.OperationName);
        Assert.Equal("ExistKey", span.GetTagItem("rpc.method"));
        Assert.InRange(span.Duration.TotalSeconds, 1.9, Deadline.Test.TotalSeconds);
    }

    [Fact]
    public void Without_a_listener_a_call_allocates_nothing()
    {
        var time = TimeProvider.System;
        DoorTraces.Answered(Rpc.ExistKey, 0, time);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
            DoorTraces.Answered(Rpc.ExistKey, 0, time);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
