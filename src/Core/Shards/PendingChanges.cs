// What a Primary has applied to one shard but does not know to be committed: in the order of proposal, so that a commit of
// n entries settles the first n. Remembers which keys they touch (answers about those must wait) and which buffers they
// free (those may be reused only after the commit: invariant 5).
using System.Runtime.InteropServices;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>Used by ShardLeader only.</summary>
internal sealed class PendingChanges : IExtentObserver
{
    private readonly record struct Change(ObjectKey Key, bool HasKey, int Freed, uint? DroppedSegment, ObjectRecord? Record);

    private readonly Dictionary<ObjectKey, int> _byKey = new(KeyComparer.Instance);
    private readonly Queue<Change> _inOrder = new();
    private readonly Queue<Extent> _freed = new();
    private int _freedBefore;
    private ObjectRecord? _changed;

    /// <summary>Entries that are not committed yet.</summary>
    public int Count => _inOrder.Count;

    /// <summary>Dropped segments whose drop is not committed yet: any object may have lost a replica.</summary>
    public int SegmentDrops { get; private set; }

    /// <summary>Buffers that are free when the changes are committed.</summary>
    public IEnumerable<Extent> Freed => _freed;

    /// <summary>True while a change of this key is not committed yet.</summary>
    public bool Concern(in ObjectKey key) => _byKey.Count != 0 && _byKey.ContainsKey(key);

    /// <summary>Applies the draft that was added last, and remembers it as a change of <paramref name="key"/>.</summary>
    public void Apply(ShardState state, DraftBuffer drafts, in ObjectKey key)
    {
        ApplyLast(state, drafts);
        CollectionsMarshal.GetValueRefOrAddDefault(_byKey, key, out _)++;
        Remember(new Change(key, true, 0, null, _changed));
    }

    /// <summary>Applies the draft that was added last, which touches no object.</summary>
    /// <param name="state">The shard.</param>
    /// <param name="drafts">Its last entry is the one.</param>
    /// <param name="droppedSegment">Set when it drops a segment.</param>
    public void Apply(ShardState state, DraftBuffer drafts, uint? droppedSegment = null)
    {
        ApplyLast(state, drafts);
        SegmentDrops += droppedSegment.HasValue ? 1 : 0;
        Remember(new Change(default, false, 0, droppedSegment, null));
    }

    /// <summary>An object has changed: by the draft that is being applied.</summary>
    public void Changed(ObjectRecord record) => _changed = record;

    /// <inheritdoc/>
    void IExtentObserver.Taken(Extent extent)
    {
        // the segment table gave it out
    }

    /// <inheritdoc/>
    void IExtentObserver.Freed(Extent extent) => _freed.Enqueue(extent);

    /// <summary>The oldest changes are committed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="lastSequence">Seq of the last of them.</param>
    /// <param name="released">Takes the buffers that are free now.</param>
    /// <param name="droppedSegments">Takes the segments that are dropped now.</param>
    /// <exception cref="InvariantViolation">7: more than were proposed.</exception>
    public void Commit(int count, ulong lastSequence, List<Extent> released, Queue<uint> droppedSegments)
    {
        if (count > _inOrder.Count)
            throw new InvariantViolation(7, $"{count} entries are said to be committed, {_inOrder.Count} were proposed");
        for (; count > 0; count--)
        {
            var change = _inOrder.Dequeue();
            if (change.HasKey)
                Forget(change.Key);
            if (change.Record is { } record)
                record.LastSequence = lastSequence;
            if (change.DroppedSegment is { } handle)
            {
                SegmentDrops--;
                droppedSegments.Enqueue(handle);
            }

            for (var i = 0; i < change.Freed; i++)
                released.Add(_freed.Dequeue());
        }
    }

    private void ApplyLast(ShardState state, DraftBuffer drafts)
    {
        (_freedBefore, _changed) = (_freed.Count, null);
        state.Apply(drafts.Last);
    }

    private void Remember(Change change) => _inOrder.Enqueue(change with { Freed = _freed.Count - _freedBefore });

    private void Forget(in ObjectKey key)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_byKey, key);
        if (--count == 0)
            _byKey.Remove(key);
    }
}
