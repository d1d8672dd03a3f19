// A read of a journal plugin that does not answer.
using Akka.Actor;
using Akka.Persistence;
using HotStandby.Actors.OpLog;
using HotStandby.Core.Journal;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;

namespace HotStandby.Tests.Actors.OpLog;

public sealed class JournalReaderActorTests() : ActorTest(VirtualTimers)
{
    private volatile Exception? _failure;

    [Fact]
    public void A_journal_that_never_answers_is_taken_for_one_that_has_failed()
    {
        var reader = Read(TestActor, ActorRefs.Nobody);
        ExpectMsg<ReplayMessages>();
        PassInSilence(reader, steps: 179);
        Watch(reader);
        PassTimers(JournalReaderActor.Step);
        ExpectTerminated(reader);
        Assert.Contains(
            "entries from 7 on were asked for", Assert.IsType<JournalFailedException>(_failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_that_goes_on_answering_has_all_the_time()
    {
        var asker = CreateTestProbe();
        var reader = Read(TestActor, asker);
        ExpectMsg<ReplayMessages>();
        for (var i = 0; i < 5; i++)
        {
            PassInSilence(reader, steps: 179);
            reader.Tell(new ReplayedMessage(new Persistent(new BatchAppended(Batches.Of(1, 1, 1)), 1000 + i, "oplog-n1")));
        }

        reader.Tell(new ReplayedMessage(new Persistent(new BatchAppended(Batches.Of(1, 7, 2)), 3, "oplog-n1")));
        reader.Tell(new RecoverySuccess(3));
        Assert.Equal(7UL, Assert.Single(asker.ExpectMsg<EntriesSince>().Batches).FirstSequence);
    }

    // Each step is counted when the one before it has been handled.
    private void PassInSilence(IActorRef reader, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            reader.AwaitHandled();
            PassTimers(JournalReaderActor.Step);
        }

        reader.AwaitHandled();
    }

    private IActorRef Read(IActorRef journal, IActorRef asker) => CreateTestProbe().ChildActorOf(
        JournalReaderActor.Props(
            journal, "oplog-n1", [new BatchPlace(7, 8, 3, 100)], new GetEntriesSince(7, 1000, "test"), asker, JournalReaderActor.Step),
        new OneForOneStrategy(failure =>
        {
            _failure = failure;
            return Directive.Stop;
        }));
}
