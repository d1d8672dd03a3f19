// The part of the replica actor that knows which life this node is: takes it from the data directory, gives the directory a new memory when
// its log says that another one has the vote, notes the cluster's birth there, and ends the node when another life has its place.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Membership;
using HotStandby.Core.Cells;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Replication;

/// <summary>Used by <see cref="ReplicaActor"/> only.</summary>
internal sealed class LifeKeeper(NodeId self, DataDirectory directory, EventStream events, ILoggingAdapter log)
{
    private readonly LineLimit _foreignLines = new();
    private readonly LineLimit _supersededLines = new();
    private long _foreign;

    /// <summary>The life of this node, according to what its journal holds.</summary>
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
            "Node {0}: another memory has the vote of this name, memory={1:x16}; the vote of this directory is void, before={2}, now={3}",
            self, seat.Memory, before, life);
        return life;
    }

    /// <summary>A right to vote that an earlier version noted is that of the first memory of its directory.</summary>
    public RecoveredJournal Owned(RecoveredJournal journal) =>
        journal is { Voting: true, VotingMemory: 0 } ? journal with { VotingMemory = NodeMemory.FirstOf(directory.Identity) } : journal;

    /// <summary>An effect about lives, or what the membership must know of the Primary.</summary>
    /// <exception cref="SupersededException">Another life has this one's place.</exception>
    public void CarryOut(Effect effect, IActorRef sender, long nowTicks)
    {
        switch (effect)
        {
            case Reply reply:
                if (_supersededLines.IsDue(nowTicks))
                    log.Warning(
                        "Node {0} was addressed by {1} as a voter, life={2}, which has no vote any more, by={3}: it is told so", self,
                        sender.Path.Address, reply.Message.Superseded, reply.Message.By);
                sender.Tell(reply.Message);
                break;
            case Superseded superseded:
                // The right to vote is void, even if the own log does not say so yet. Otherwise the next start would end here as well.
                if (superseded.By.Memory != directory.Life.Memory)
                    directory.RenewMemory();
                throw new SupersededException(
                    $"another process has the name {self}, and the vote that goes with it: life {superseded.By}, this one is "
                    + $"{directory.Life}. "
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

    private void OnForeign(ForeignMessage foreign, IActorRef sender, long nowTicks)
    {
        _foreign++;
        if (!_foreignLines.IsDue(nowTicks))
            return;
        log.Warning(
            "Node {0} ignores {1} at {2}: it belongs to another cluster of the same name, born as {3:x16}, messages={4}", self,
            foreign.From.Node, sender.Path.Address, foreign.From.Birth, _foreign);
    }
}
