// What every test here that runs actors has: waits that only end a test that hangs, and, where it asks for them, timers that the test
// moves.
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using HotStandby.Actors.Replication;
using HotStandby.Core.Partitions;

namespace HotStandby.Tests.Actors;

/// <summary>An actor system for one test.</summary>
public abstract class ActorTest : TestKit
{
    // The TestKit's own waits are of 3 s, and a journal's circuit breaker is of 10 s: both would judge the machine.
    private static readonly Config Patience = ConfigurationFactory.ParseString("""
        akka.test { single-expect-default = STEP, default-timeout = STEP, filter-leeway = STEP }
        akka.persistence {
          journal-plugin-fallback { circuit-breaker.call-timeout = STEP, recovery-event-timeout = STEP }
          snapshot-store-plugin-fallback.circuit-breaker.call-timeout = STEP
        }
        """.Replace("STEP", $"{Deadline.Step.TotalSeconds}s", StringComparison.Ordinal));

    // The dispatchers that our actors ask for by name.
    private static readonly Config Dispatchers = ConfigurationFactory.ParseString(
        $"{ReplicaActor.DispatcherName} {{ type = Dispatcher, executor = \"HotStandby.Actors.Threads.ShortTurns, HotStandby.Actors\" }}");

    /// <summary>Settings for a test whose actors' timers fire by <see cref="PassTimers"/> alone.</summary>
    private protected const string VirtualTimers = """
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"

        """;

    /// <summary>Settings for a test that sees that its messages can be serialized.</summary>
    private protected const string Serializes = """
        akka.actor.serialize-messages = on
        akka.actor.serializers.by-reference = "HotStandby.Tests.Actors.ByReference, HotStandby.Tests.Actors"
        akka.actor.serialization-bindings."HotStandby.Core.Cells.ICellMessage, HotStandby.Core" = by-reference

        """;

    private protected ActorTest(string hocon = "")
        : this(ConfigurationFactory.ParseString(hocon))
    {
    }

    private protected ActorTest(Config config, string? name = null)
        : base(config.WithFallback(Patience).WithFallback(Dispatchers), name)
    {
    }

    private protected ActorTest(Config config, Setup setup, string? name = null)
        : base(BootstrapSetup.Create().WithConfig(config.WithFallback(Patience).WithFallback(Dispatchers)).And(setup), name)
    {
    }

    /// <summary>Waits until something holds. (AwaitCondition looks again after a tenth of its patience: half a minute.)</summary>
    private protected void Until(Func<bool> holds, TimeSpan? pause = null) =>
        AwaitCondition(holds, Deadline.Step, pause ?? TimeSpan.FromMilliseconds(10));

    /// <summary>A partition forgets everything, and says so.</summary>
    private protected void Reset(IActorRef partition, ulong stateNumber)
    {
        partition.Tell(new ResetPartition(stateNumber), TestActor);
        var done = ExpectMsg<PartitionRestored>();
        Assert.Equal((stateNumber, ""), (done.StateNumber, done.Problem));
    }

    /// <summary>Time passes for the timers of all actors; those that are due have sent their messages when it returns.</summary>
    private protected void PassTimers(TimeSpan time) => ((TestScheduler)Sys.Scheduler).Advance(time);
}
