// How a test knows that nothing more will come: an actor takes its messages in order, so when it has answered the last one, it has handled
// all before it. A time that went by shows nothing on a busy machine.
using Akka.Actor;
using Akka.TestKit;

namespace HotStandby.Tests.Actors;

internal static class Fence
{
    /// <summary>Waits until the actor has handled what it was sent so far.</summary>
    public static void AwaitHandled(this IActorRef actor) =>
        Assert.Equal(actor, actor.Ask<ActorIdentity>(new Identify(null), Deadline.Step).GetAwaiter().GetResult().Subject);

    /// <summary>
    /// These actors, one behind the other, have handled what they were sent so far, and none of it led to a message to the probe.
    /// </summary>
    public static void ExpectNothingFrom(this TestProbe probe, params IActorRef[] actors)
    {
        foreach (var actor in actors)
            actor.AwaitHandled();
        probe.Ref.AwaitHandled(); // what it was told lies in its queue
        probe.ExpectNoMsg(TimeSpan.Zero);
    }
}
