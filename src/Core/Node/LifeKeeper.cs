// The part of the replica that knows which life this node is: takes it from what the node remembers, has it take another memory when its
// log says that another one has the vote, notes the cluster's birth, and ends the node when another life has its place.
using HotStandby.Core.Cells;
using HotStandby.Core.Membership;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>
/// What a node remembers beside its journal, in its data directory. Each change is durable when the method returns; nothing that follows
/// from it is sent before.
/// </summary>
public interface INodeMemory
{
    /// <summary>This life; another one after <see cref="RenewMemory"/>.</summary>
    Life Life { get; }

    /// <summary>When the cluster was born to which it belongs; 0: not known yet.</summary>
    ulong Birth { get; }

    /// <summary>The memory that its directory had when it was made.</summary>
    ulong FirstMemory { get; }

    /// <summary>A full sync was asked for and has not ended.</summary>
    bool NeedsFullSync { get; }

    /// <summary>It takes another memory, which has no vote.</summary>
    Life RenewMemory();

    /// <summary>It belongs to this cluster.</summary>
    void StoreBirth(ulong birth);

    /// <summary>A full sync is needed, or is not any more.</summary>
    void NoteFullSync(bool isNeeded);
}

/// <summary>Used by <see cref="ReplicaCell"/> only.</summary>
internal sealed class LifeKeeper(NodeId self, INodeMemory memory, Outbox outbox)
{
    private readonly LineLimit _foreignLines = new();
    private readonly LineLimit _supersededLines = new();
    private long _foreign;

    /// <summary>The life of this node, according to what its journal holds.</summary>
    public Life Begin(RecoveredJournal journal)
    {
        if (journal.Log.Roster.BirthUpTo(journal.CommitSequence) is not 0 and var birth)
            memory.StoreBirth(birth);
        if (journal.Log.Roster.Find(self) is not { Memory: not 0 } seat || seat.Memory == memory.Life.Memory)
            return memory.Life;
        var before = memory.Life;
        var life = memory.RenewMemory();
        outbox.Report(new VoteVoid(self, seat.Memory, before, life));
        return life;
    }

    /// <summary>A right to vote that an earlier version noted is that of the first memory of its directory.</summary>
    public RecoveredJournal Owned(RecoveredJournal journal) =>
        journal is { Voting: true, VotingMemory: 0 } ? journal with { VotingMemory = memory.FirstMemory } : journal;

    /// <summary>An effect about lives, or what the membership must know of the Primary.</summary>
    /// <exception cref="SupersededException">Another life has this one's place.</exception>
    public void CarryOut(Effect effect, CellAddress from, long nowTicks)
    {
        switch (effect)
        {
            case Reply reply:
                if (_supersededLines.IsDue(nowTicks))
                    outbox.Report(new VoterSuperseded(self, from, reply.Message.Superseded, reply.Message.By));
                outbox.Send(from, reply.Message);
                break;
            case Superseded superseded:
                // The right to vote is void, even if the own log does not say so yet. Otherwise the next start would end here as well.
                if (superseded.By.Memory != memory.Life.Memory)
                    memory.RenewMemory();
                throw new SupersededException(
                    $"another process has the name {self}, and the vote that goes with it: life {superseded.By}, this one is "
                    + $"{memory.Life}. "
                    + "Started again, this node keeps its log and asks to vote again, unless the other process still answers");
            case Born born:
                outbox.Report(new BelongsTo(self, born.Birth));
                memory.StoreBirth(born.Birth);
                break;
            case PrimaryLost or MajoritySealed:
                outbox.Send(CellAddress.Membership, effect);
                break;
            case ForeignMessage foreign:
                _foreign++;
                if (_foreignLines.IsDue(nowTicks))
                    outbox.Report(new ForeignIgnored(self, from, foreign.From, _foreign));
                break;
            default:
                throw new InvalidOperationException($"unknown effect {effect.GetType().Name}");
        }
    }
}
