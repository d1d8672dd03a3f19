// What gateway, scans and shards say to each other about calls on many objects. None of these leaves the process.
//
//   gateway ──ScanRequest──► scans ──creates──► scan ──ListKeys──► shards ──KeysListed──► scan ──KeyedItems──► shards
using HotStandby.Core.Cells;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Partitions;

/// <summary>Gateway to scans: a call on many objects. (A call itself knows nothing of Akka, so it needs an envelope.)</summary>
public sealed record ScanRequest(ScanCall Call) : ICellMessage;

/// <summary>Scan to shards: which keys do you hold? Answered with one <see cref="KeysListed"/>, in any role.</summary>
/// <param name="Tenant">Whose, as bytes (<c>default</c> for the default tenant); null for all tenants.</param>
/// <param name="ReadableOnly">Only objects that Exist would be true for. Listing grants no lease.</param>
public sealed record ListKeys(byte[]? Tenant, bool ReadableOnly) : ICellMessage;

/// <summary>Shard to scan.</summary>
/// <param name="Partition">Which shard.</param>
/// <param name="Keys">The keys in pieces, in any order, now the scan's, their arrays of the shared pool. Null: the shard does not
/// lead.</param>
public sealed record KeysListed(Partition Partition, ArraySegment<ObjectKey>[]? Keys) : ICellMessage;
