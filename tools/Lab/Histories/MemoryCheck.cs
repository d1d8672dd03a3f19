// Did two objects have the same memory at the same time? Looks over all keys at once, which the search key by key cannot. Reports only what
// is certain: each buffer is taken to be in use from the latest moment at which it can have been given out to the earliest at which it can
// have been taken back. Used by LinearizabilityChecker.
using System.Globalization;

namespace HotStandby.Lab.Histories;

internal static class MemoryCheck
{
    private sealed record Use(ObjectBuffer Buffer, string Key, long FromMicroseconds, long ToMicroseconds)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"replica {Buffer.ReplicaId} of key "
                + $"{Key} ({Buffer.SizeBytes} bytes at {Buffer.Endpoint} {Buffer.Address:x}) from {FromMicroseconds / 1000.0:0.000} to "
                + $"{(ToMicroseconds == long.MaxValue ? "the end" : $"{ToMicroseconds / 1000.0:0.000} ms")}");
    }

    /// <summary>A violation, or null.</summary>
    public static Verdict? FindOverlap(IEnumerable<IGrouping<string, Operation>> keys)
    {
        var uses = keys.SelectMany(UsesOf).ToArray();
        var owners = new Dictionary<ulong, Use>();
        foreach (var use in uses)
        {
            if (!owners.TryAdd(use.Buffer.ReplicaId, use))
                return Violation(owners[use.Buffer.ReplicaId], use, "have the same replica");
        }

        foreach (var endpoint in uses.Where(use => use.FromMicroseconds < use.ToMicroseconds)
            .GroupBy(use => use.Buffer.Endpoint, StringComparer.Ordinal))
        {
            if (FindOverlap([.. endpoint]) is var (one, other))
                return Violation(one, other, "had the same memory at the same time");
        }

        return null;
    }

    private static Verdict Violation(Use one, Use other, string what) => new(
        VerdictKind.Violation, other.Key, $"Two objects {what}:\n  {one}\n  {other}\n");

    private static (Use, Use)? FindOverlap(Use[] uses)
    {
        // What ends goes first: memory that is given out the moment it is free is not shared.
        var moments = uses.SelectMany(
            use => ((long Time, bool Begins, Use Use)[])[(use.FromMicroseconds, true, use), (use.ToMicroseconds, false, use)])
            .OrderBy(moment => moment.Time).ThenBy(moment => moment.Begins);
        var inUse = new SortedSet<Use>(Comparer<Use>.Create((left, right) =>
            (left.Buffer.Address, left.Buffer.ReplicaId).CompareTo((right.Buffer.Address, right.Buffer.ReplicaId))));
        foreach (var (_, begins, use) in moments)
        {
            if (!begins)
            {
                inUse.Remove(use);
                continue;
            }

            // Those in use do not overlap each other, so only the last that begins below the end of this one can overlap it.
            var below = inUse.GetViewBetween(Bound(0, 0), Bound(use.Buffer.Address + use.Buffer.SizeBytes - 1, ulong.MaxValue)).Max;
            if (below is not null && below.Buffer.Address + below.Buffer.SizeBytes > use.Buffer.Address)
                return (below, use);
            inUse.Add(use);
        }

        return null;
    }

    private static Use Bound(ulong address, ulong replica) => new(new ObjectBuffer(replica, "", address, 0), "", 0, 0);

    private static IEnumerable<Use> UsesOf(IGrouping<string, Operation> key)
    {
        var frees = key.Where(operation => operation is
        { Kind: OperationKind.Remove or OperationKind.PutRevoke, Outcome.Kind: OutcomeKind.Ok or OutcomeKind.Unknown }).ToArray();
        foreach (var seen in key.Where(operation => operation.Outcome.Buffer is not null).GroupBy(operation => operation.Outcome.Buffer!))
        {
            // Seen in two calls it was there all the time between; and what had ended before it was seen did not take it back.
            var from = seen.Min(operation => operation.ReturnMicroseconds!.Value);
            var seenLast = seen.Max(operation => operation.InvokeMicroseconds);
            var freed = frees.Where(free => (free.ReturnMicroseconds ?? long.MaxValue) >= seenLast)
                .Select(free => free.InvokeMicroseconds).DefaultIfEmpty(long.MaxValue).Min();
            yield return new Use(seen.Key, key.Key, from, Math.Max(freed, seenLast));
        }
    }
}
