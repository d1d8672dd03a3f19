// Replies of a Primary that may not leave yet, in the order of the entries they wait for, and the counts by which each
// partition learns that its own proposals are committed.
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>What waits for commit, or (under async commit) for the local journal.</summary>
/// <param name="partitions">How many there are.</param>
/// <param name="outbox">Takes what follows.</param>
public sealed class ReplyQueue(int partitions, Outbox outbox)
{
    private readonly record struct Held(ulong Sequence, MasterCall Call, int Items);

    private readonly record struct Proposed(ulong Sequence, Partition Partition, int Entries, long AtTicks);

    private readonly Queue<Held> _untilCommit = [];
    private readonly Queue<Held> _untilDurable = [];
    private readonly Queue<Proposed> _proposed = [];
    private readonly int[] _counts = new int[partitions];
    private readonly ulong[] _last = new ulong[partitions];
    private readonly List<int> _touched = [];

    /// <summary>Number of replies that wait.</summary>
    public int Count => _untilCommit.Count + _untilDurable.Count;

    /// <summary>When the oldest entry that is not committed was proposed; <paramref name="nowTicks"/> when there is none.</summary>
    public long OldestProposalTicks(long nowTicks) => _proposed.TryPeek(out var oldest) ? oldest.AtTicks : nowTicks;

    /// <summary>Notes entries under the seq of the last of them.</summary>
    public void Note(Partition partition, int entries, ulong lastSequence, long nowTicks) =>
        _proposed.Enqueue(new Proposed(lastSequence, partition, entries, nowTicks));

    /// <summary>Holds items of a call back.</summary>
    public void Hold(MasterCall call, int items, ulong sequence, ReplyAfter after) =>
        (after == ReplyAfter.Durable ? _untilDurable : _untilCommit).Enqueue(new Held(sequence, call, items));

    /// <summary>Everything up to here is committed: partitions learn it; replies leave, if there is a lease to answer under.</summary>
    public void Commit(ulong sequence, bool mayAnswer)
    {
        while (_proposed.TryPeek(out var run) && run.Sequence <= sequence)
        {
            _proposed.Dequeue();
            var partition = run.Partition.Value;
            if (_last[partition] == 0)
                _touched.Add(partition);
            _counts[partition] += run.Entries;
            _last[partition] = run.Sequence;
        }

        foreach (var partition in _touched)
        {
            outbox.Send(new CellAddress(CellKind.Partition, partition), new EntriesCommitted(_counts[partition], _last[partition]));
            (_counts[partition], _last[partition]) = (0, 0);
        }

        _touched.Clear();
        Release(_untilCommit, sequence, mayAnswer);
        Release(_untilDurable, sequence, mayAnswer);
    }

    /// <summary>Everything up to here is in the local journal, and replication is not too far behind.</summary>
    public void Durable(ulong sequence) => Release(_untilDurable, sequence, true);

    /// <summary>This node leads no more: what waits will not be known here.</summary>
    public void Abandon()
    {
        foreach (var held in _untilCommit.Concat(_untilDurable))
            held.Call.Abandon();
        _untilCommit.Clear();
        _untilDurable.Clear();
        _proposed.Clear();
    }

    private void Release(Queue<Held> queue, ulong sequence, bool mayAnswer)
    {
        while (queue.TryPeek(out var held) && held.Sequence <= sequence)
        {
            queue.Dequeue();
            if (mayAnswer)
                outbox.Settle(held.Call, held.Items);
            else
                held.Call.Abandon();
        }
    }
}
