// A read of a journal plugin that does not answer.
using Akka.Actor;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using HotStandby.Actors.OpLog;
using HotStandby.Actors.Protocol;

namespace HotStandby.Tests.Actors.OpLog;

public sealed class JournalReaderActorTests : TestKit
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(2);

    private volatile Exception? _failure;

    [Fact]
    public void A_journal_that_never_answers_is_taken_for_one_that_has_failed()
    {
        var reader = Read(TestActor, ActorRefs.Nobody);
        ExpectMsg<ReplayMessages>();
        Watch(reader);
        ExpectTerminated(reader, TimeSpan.FromMinutes(1));
        Assert.Contains("entries from 7 on were asked for", Assert.IsType<JournalFailedException>(_failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_that_goes_on_answering_has_all_the_time()
    {
        var asker = CreateTestProbe();
        var reader = Read(TestActor, asker);
        ExpectMsg<ReplayMessages>();
        for (var i = 0; i < 600; i++) // more answers than there are steps
            reader.Tell(new ReplayedMessage(new Persistent(new BatchAppended(Batches.Of(1, 1, 1)), 1000 + i, "oplog-n1")));
        reader.Tell(new ReplayedMessage(new Persistent(new BatchAppended(Batches.Of(1, 7, 2)), 3, "oplog-n1")));
        reader.Tell(new RecoverySuccess(3));
        Assert.Equal(7UL, Assert.Single(asker.ExpectMsg<EntriesSince>(TimeSpan.FromMinutes(1)).Batches).FirstSequence);
    }

    private IActorRef Read(IActorRef journal, IActorRef asker) => CreateTestProbe().ChildActorOf(
        JournalReaderActor.Props(
            journal, "oplog-n1", [new BatchPlace(7, 8, 3, 100)], new GetEntriesSince(7, 1000, "test"), asker, Step),
        new OneForOneStrategy(failure =>
        {
            _failure = failure;
            return Directive.Stop;
        }));
}
