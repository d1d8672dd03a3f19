// A Standby's half of a drill-down: from a marker at which buckets of a shard differed to the keys that differ, and their repair.
// Begins at the very seq of the marker and hears of every entry that is applied after it; so it knows which keys it may still judge.
// Called by the shard's actor. Sends nothing itself: one request at a time is there to be sent.
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Verification;

/// <summary>Bounds of a drill-down.</summary>
/// <param name="KeysPerRequest">Most keys of one request and of one answer, at least 1.</param>
/// <param name="RepairThreshold">With more mismatches than this in one drill-down, the shard needs a full sync.</param>
/// <param name="MaximumTouched">Most keys that may change during a drill-down. If more do, it is ended and starts again at a later
/// marker.</param>
public sealed record DrillDownSettings(int KeysPerRequest, int RepairThreshold, int MaximumTouched = 65_536);

/// <summary>A key that differed, and was repaired.</summary>
/// <param name="Kind">How it differed.</param>
/// <param name="Key">The key.</param>
/// <param name="StandbyChecksum">Of what was here; 0 for nothing.</param>
/// <param name="StandbyLastSequence">Seq of the entry that changed it here last; 0 when not known.</param>
/// <param name="PrimaryChecksum">Of what the Primary holds; 0 for nothing.</param>
/// <param name="PrimaryLastSequence">No later entry has changed it there; 0 when not known.</param>
public readonly record struct RepairedKey(
    MismatchKind Kind, ObjectKey Key, ulong StandbyChecksum, ulong StandbyLastSequence, ulong PrimaryChecksum, ulong PrimaryLastSequence);

/// <summary>How far a drill-down is.</summary>
public enum DrillDownState
{
    /// <summary><see cref="DrillDown.Request"/> waits for its answer, or the answer for the seq that it is of.</summary>
    Running,
    /// <summary>Everything was compared, and what differed is repaired. The next marker confirms it.</summary>
    Done,
    /// <summary>It could not be finished: too much has changed meanwhile. Another marker begins anew.</summary>
    Superseded,
    /// <summary>Too many keys differ, or the repairs do not fit.</summary>
    NeedsFullSync,
}

/// <summary>One drill-down of one shard. Not thread-safe.</summary>
public sealed class DrillDown
{
    private readonly ShardState _state;
    private readonly DrillDownSettings _settings;
    private readonly NodeId _self;
    private readonly List<(int Bucket, VerificationEntry Entry)> _entries = [];
    private readonly Queue<int> _buckets = new();
    private readonly HashSet<ulong> _touched = [];
    private readonly List<RepairedKey> _repaired = [];
    private ulong _differing;
    private int _next;
    private ulong _fromHash;
    private VerificationResponse? _answer;

    private DrillDown(ShardState state, ulong markerSequence, DrillDownSettings settings, NodeId self) =>
        (_state, MarkerSequence, _settings, _self) = (state, markerSequence, settings, self);

    /// <summary>Seq of the marker that it began at.</summary>
    public ulong MarkerSequence { get; }

    /// <summary>How far it is.</summary>
    public DrillDownState State { get; private set; }

    /// <summary>Why it needs a full sync or is superseded.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>What the Primary must be asked now; null while an answer is at hand, and at the end.</summary>
    public VerificationRequest? Request { get; private set; }

    /// <summary>Keys that differed, so far.</summary>
    public int Mismatched { get; private set; }

    /// <summary>Buckets whose digest did not fit their content here; they are computed anew.</summary>
    public int WrongDigests { get; private set; }

    /// <summary>
    /// Keys of which the Primary said that they differ, and which have changed since the marker: nothing is known of them.
    /// </summary>
    public int PassedOver { get; private set; }

    /// <summary>Begins one. The shard has applied the marker, and nothing behind it. One walk over the shard.</summary>
    /// <param name="state">The shard.</param>
    /// <param name="marker">The marker.</param>
    /// <param name="differingBuckets">From its verdict.</param>
    /// <param name="settings">Bounds.</param>
    /// <param name="self">This node.</param>
    public static DrillDown Begin(ShardState state, in OpLogEntry marker, ulong differingBuckets, DrillDownSettings settings, NodeId self)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(settings);
        var drill = new DrillDown(state, marker.Sequence, settings, self);
        drill.ChooseBuckets(marker, differingBuckets);
        if (drill.State == DrillDownState.Running)
            drill.ListEntries();
        drill.Ask();
        return drill;
    }

    /// <summary>An entry of the shard was applied.</summary>
    public void Applied(in OpLogEntry entry)
    {
        if (State != DrillDownState.Running)
            return;
        if (entry.Type == OpType.SegmentDropped)
            End(DrillDownState.Superseded, "a segment was dropped meanwhile");
        else if (!entry.Key.IsEmpty && IsDiffering(BucketDigests.BucketOf(entry.PrefixHash)) && _touched.Add(entry.PrefixHash)
            && _touched.Count > _settings.MaximumTouched)
            End(DrillDownState.Superseded, $"more than {_settings.MaximumTouched} keys have changed meanwhile");
    }

    /// <summary>The Primary's answer. One that is not of the request that waits is passed over.</summary>
    public void Answered(VerificationResponse answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (State != DrillDownState.Running
            || Request is not { } asked || answer.MarkerSequence != MarkerSequence || answer.Bucket != asked.Bucket
            || answer.FromHash != asked.FromHash || answer.ThroughHash < asked.FromHash || answer.ThroughHash > asked.ThroughHash)
            return;
        Request = null;
        if (answer.Outcome == ComparisonOutcome.Busy)
            End(DrillDownState.Superseded, "the Primary has an entry under way that touches many objects");
        else if (answer.Outcome == ComparisonOutcome.NeedFullSync)
            End(DrillDownState.NeedsFullSync, $"more than {asked.RepairThreshold} keys of bucket {asked.Bucket} are missing or different");
        else
            _answer = answer;
    }

    /// <summary>
    /// Repairs what the answer at hand says, if the shard has come as far as the seq that it is of. Then the next request is there, or
    /// the end.
    /// </summary>
    /// <returns>What was repaired; valid until the next call.</returns>
    public IReadOnlyList<RepairedKey> Proceed()
    {
        _repaired.Clear();
        if (State != DrillDownState.Running || _answer is not { } answer || _state.AppliedSequence < answer.AppliedSequence)
            return _repaired;
        _answer = null;
        foreach (var mismatch in answer.Mismatches)
        {
            if (State == DrillDownState.Running)
                Judge(mismatch);
        }

        if (State != DrillDownState.Running)
            return _repaired;
        if (answer.ThroughHash == ulong.MaxValue)
            (_fromHash, _) = (0, _buckets.Dequeue());
        else
            _fromHash = answer.ThroughHash + 1;
        while (_next < _entries.Count && (_buckets.Count == 0 || Precedes(_entries[_next])))
            _next++;
        Ask();
        return _repaired;
    }

    // A digest can be wrong although the content is right. That is known here and now, without the Primary.
    private void ChooseBuckets(in OpLogEntry marker, ulong differingBuckets)
    {
        var computed = _state.ComputeDigests(differingBuckets);
        var countDifference = 0L;
        for (var bucket = 0; bucket < BucketDigests.Count; bucket++)
        {
            if ((differingBuckets & (1UL << bucket)) == 0)
                continue;
            if (computed[bucket] != _state.Digests[bucket])
            {
                WrongDigests++;
                _state.Digests.Set(bucket, computed[bucket]);
            }

            var there = VerificationMarker.BucketOf(marker, bucket);
            if (computed[bucket] == there)
                continue;
            _differing |= 1UL << bucket;
            _buckets.Enqueue(bucket);
            countDifference += Math.Abs(there.Count - computed[bucket].Count);
        }

        if (countDifference > _settings.RepairThreshold)
            End(DrillDownState.NeedsFullSync, $"the numbers of things in the buckets differ by {countDifference}");
    }

    private bool IsDiffering(int bucket) => (_differing & (1UL << bucket)) != 0;

    private void ListEntries()
    {
        foreach (var (key, record) in _state.Objects)
        {
            var bucket = BucketDigests.BucketOf(key.Hash);
            if (IsDiffering(bucket))
                _entries.Add((bucket, new VerificationEntry(key, _state.ChecksumOf(record), record.LastSequence)));
        }

        _entries.Sort((one, other) => one.Bucket != other.Bucket
            ? one.Bucket.CompareTo(other.Bucket)
            : one.Entry.Key.Hash.CompareTo(other.Entry.Key.Hash));
    }

    private bool Precedes((int Bucket, VerificationEntry Entry) entry) =>
        entry.Bucket != _buckets.Peek() ? entry.Bucket < _buckets.Peek() : entry.Entry.Key.Hash < _fromHash;

    // The next range: so many keys, and those that share the hash of the last; the last range of a bucket has no end.
    private void Ask()
    {
        if (State != DrillDownState.Running)
            return;
        if (!_buckets.TryPeek(out var bucket))
        {
            End(DrillDownState.Done, "");
            return;
        }

        var page = new List<VerificationEntry>();
        var through = ulong.MaxValue;
        for (var i = _next; i < _entries.Count && _entries[i].Bucket == bucket; i++)
        {
            var entry = _entries[i].Entry;
            if (page.Count >= _settings.KeysPerRequest && entry.Key.Hash != page[^1].Key.Hash)
            {
                through = page[^1].Key.Hash;
                break;
            }

            page.Add(entry);
        }

        Request = new VerificationRequest(
            _self, _state.Partition, MarkerSequence, (byte)bucket, _fromHash, through, _settings.KeysPerRequest,
            Math.Max(0, _settings.RepairThreshold - Mismatched), page);
    }

    // The key has not changed since the marker, and the shard has come at least as far as the answer: so what the answer says was true at
    // the marker, and still is (docs/protocol.md, "Verification").
    private void Judge(MismatchEntry mismatch)
    {
        if (_touched.Contains(mismatch.Key.Hash))
        {
            PassedOver++;
            return;
        }

        var here = _state.Find(mismatch.Key);
        if (here is null && mismatch.Kind == MismatchKind.Extra)
            return;
        var (checksum, last) = here is null ? (0UL, 0UL) : (_state.ChecksumOf(here), here.LastSequence);
        if (here is not null && mismatch.Kind != MismatchKind.Extra && checksum == mismatch.Checksum)
            return;
        Mismatched++;
        if (Mismatched > _settings.RepairThreshold)
        {
            End(DrillDownState.NeedsFullSync, $"more than {_settings.RepairThreshold} keys differ");
            return;
        }

        Repair(mismatch);
        _repaired.Add(new RepairedKey(mismatch.Kind, mismatch.Key, checksum, last, mismatch.Checksum, mismatch.LastSequence));
    }

    private void Repair(MismatchEntry mismatch)
    {
        try
        {
            if (mismatch.Kind == MismatchKind.Extra)
                _state.EraseUnlogged(mismatch.Key);
            else
                _state.Replace(mismatch.Key, mismatch.Content.Span, mismatch.LastSequence);
        }
        catch (ImageDamagedException damaged)
        {
            End(DrillDownState.NeedsFullSync, $"the repair of a key does not fit: {damaged.Message}");
        }
    }

    private void End(DrillDownState state, string reason) => (State, Reason, Request, _answer) = (state, reason, null, null);
}
