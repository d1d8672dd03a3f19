// The part of the replica actor that knows which life this node is: takes it from the data directory, gives the directory a new memory when
// its log says that another one has the vote, notes the cluster's birth there, and ends the node when another life has its place.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Membership;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Replication;

/// <summary>Used by <see cref="ReplicaActor"/> only.</summary>
internal sealed class LifeKeeper(NodeId self, DataDirectory directory, EventStream events, ILoggingAdapter log)
{
    private const long QuietTicks = TimeSpan.TicksPerMinute;

    private long _foreignLoggedAtTicks = long.MinValue / 2;
    private long _foreign;

    /// <summary>As which life this node speaks, by what its journal holds.</summary>
    /// <exception cref="DataDirectoryRefused">The directory belongs to another cluster than the log in it.</exception>
    public Life Begin(RecoveredJournal journal)
    {
        if (journal.Log.Roster.BirthUpTo(journal.CommitSequence) is not 0 and var birth)
            directory.StoreBirth(birth);
        if (journal.Log.Roster.Find(self) is not { Memory: not 0 } seat || seat.Memory == directory.Life.Memory)
            return directory.Life;
        var before = directory.Life;
        var life = directory.RenewMemory();
        log.Warning(
            "Node {0}: another memory has the vote of this name, memory={1:x16}; what this directory promised as a voter is void, before={2}, now={3}. It keeps its log and asks to vote again",
            self, seat.Memory, before, life);
        return life;
    }

    /// <summary>A right to vote that an earlier version noted is that of the first memory of its directory.</summary>
    public RecoveredJournal Owned(RecoveredJournal journal) =>
        journal is { Voting: true, VotingMemory: 0 } ? journal with { VotingMemory = NodeMemory.FirstOf(directory.Identity) } : journal;

    /// <summary>An effect about lives, or news of the Primary for the membership.</summary>
    /// <exception cref="SupersededException">Another life has this one's place.</exception>
    public void CarryOut(Effect effect, IActorRef sender, long nowTicks)
    {
        switch (effect)
        {
            case Reply reply:
                log.Warning(
                    "Node {0} was addressed by {1} as a voter, life={2}, which has no vote any more, by={3}: it is told so", self,
                    sender.Path.Address, reply.Message.Superseded, reply.Message.By);
                sender.Tell(reply.Message);
                break;
            case Superseded superseded:
                if (superseded.By.Memory != directory.Life.Memory)
                    directory.RenewMemory(); // the right to vote is void, whether the own log says so yet or not: else the next start would end here, too
                throw new SupersededException(
                    $"another process has the name {self}, and the vote that goes with it: life {superseded.By}, this one is {directory.Life}. "
                    + "Started again, this node keeps its log and asks to vote again, unless the other process still answers");
            case Born born:
                log.Info("Node {0} belongs to the cluster that was born as {1:x16}", self, born.Birth);
                directory.StoreBirth(born.Birth);
                break;
            case PrimaryLost or MajoritySealed:
                events.Publish(effect);
                break;
            case ForeignMessage foreign:
                OnForeign(foreign, sender, nowTicks);
                break;
            default:
                throw new InvalidOperationException($"unknown effect {effect.GetType().Name}");
        }
    }

    // One line a minute, however many messages there are.
    private void OnForeign(ForeignMessage foreign, IActorRef sender, long nowTicks)
    {
        _foreign++;
        if (nowTicks - _foreignLoggedAtTicks < QuietTicks)
            return;
        _foreignLoggedAtTicks = nowTicks;
        log.Warning(
            "Node {0} ignores {1} at {2}: it belongs to another cluster of the same name, born as {3:x16}, messages={4}", self, foreign.From.Node,
            sender.Path.Address, foreign.From.Birth, _foreign);
    }
}
