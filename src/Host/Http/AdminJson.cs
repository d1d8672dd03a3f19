// The JSON bodies of the admin endpoints. Names are Mooncake's: snake_case, and where they end in an underscore, with it.
using System.Text.Json.Serialization;

namespace HotStandby.Host.Http;

/// <summary>/health.</summary>
internal sealed record HealthBody(
    string Status, string Role, string HaState, bool ServiceReady, string? LeaderAddress, ulong? ViewVersion);

/// <summary>/leader.</summary>
internal sealed record LeaderBody(bool Present, string LeaderAddress, ulong ViewVersion, string LeaderNode);

/// <summary>/ready.</summary>
internal sealed record ReadyBody(bool Ready, string Role, string HaState, ulong LagEntries, string? Reason);

/// <summary>A Standby in /replication.</summary>
internal sealed record PeerBody(
    string Node, string State, bool Voting, ulong StoredSequence, ulong AppliedSequence, ulong LagEntries, long SilentMilliseconds);

/// <summary>Commit on the Primary to applied here.</summary>
internal sealed record ApplyLagBody(long Count, long P50, long P99, long P999, long Maximum);

/// <summary>/replication.</summary>
internal sealed record ReplicationBody(
    string Node, string Role, string HaState, bool Serving, ulong Epoch, string Leader, bool Voting, ulong AppendedSequence,
    ulong DurableSequence, ulong CommittedSequence, ulong AppliedSequence, ulong LagEntries, long LeaseRemainingMilliseconds,
    int HeldReplies, ApplyLagBody ApplyLagMicroseconds, IReadOnlyList<PeerBody> Peers);

/// <summary>A memory replica.</summary>
internal sealed record BufferBody(
    [property: JsonPropertyName("size_")] ulong Size,
    [property: JsonPropertyName("buffer_address_")] ulong BufferAddress,
    [property: JsonPropertyName("protocol_")] string Protocol,
    [property: JsonPropertyName("transport_endpoint_")] string TransportEndpoint);

/// <summary>/query_key; with the lease when one was asked for.</summary>
internal sealed record QueryKeyBody(bool Success, IReadOnlyList<BufferBody> Data, ulong? LeaseTtlMs);

/// <summary>
/// One key of /batch_query_keys, with every member that Mooncake's answer has: scripts read those of other tiers as null.
/// </summary>
internal sealed record BatchKeyBody(
    bool Ok,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] IReadOnlyList<BufferBody>? Values)
{
    /// <summary>Replicas on a shared file system: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<BufferBody>? DiskValues { get; }

    /// <summary>Replicas on clients' disks: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<BufferBody>? LocalDiskValues { get; }

    /// <summary>Replicas on NVMe over fabrics: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<BufferBody>? NofValues { get; }
}

/// <summary>/batch_query_keys.</summary>
internal sealed record BatchQueryBody(bool Success, IReadOnlyDictionary<string, BatchKeyBody> Data);

/// <summary>DELETE /api/v1/objects.</summary>
internal sealed record RemovedBody(bool Success);

/// <summary>/api/v1/remove_all.</summary>
internal sealed record RemovedCountBody(bool Success, long RemovedCount);

/// <summary>A segment in /get_segments_detail.</summary>
internal sealed record SegmentBody(
    string SegmentName, string SegmentId, string ClientId, string BaseAddress, ulong SizeBytes, string SizeHuman, string TeEndpoint,
    string Protocol, string Status, ulong AllocatorUsedBytes, ulong AllocatorCapacityBytes, double AllocatorUsagePercent);

/// <summary>/get_segments_detail.</summary>
internal sealed record SegmentsBody(int TotalSegments, IReadOnlyList<SegmentBody> Segments);

/// <summary>A client in /admin/clients: how many segments it has mounted, their size, and what of it objects use.</summary>
internal sealed record ClientBody(string ClientId, int Segments, ulong SizeBytes, ulong UsedBytes);

/// <summary>/admin/clients.</summary>
internal sealed record ClientsBody(IReadOnlyList<ClientBody> Clients);

/// <summary>/api/v1/segments/status.</summary>
internal sealed record SegmentStatusBody(bool Success, string Segment, int Status, string StatusName, int ErrorCode, string ErrorMessage);

/// <summary>What POST /api/v1/drain_jobs takes.</summary>
internal sealed record DrainRequest(IReadOnlyList<string>? Segments, IReadOnlyList<string>? TargetSegments, int? MaxConcurrency);

/// <summary>What was asked for has begun.</summary>
internal sealed record BegunBody(bool Success);

/// <summary>A fault was put in: so many things are wrong now.</summary>
internal sealed record InjectedBody(bool Success, int Affected);

/// <summary>A drain job that was created or canceled.</summary>
internal sealed record DrainAcceptedBody(bool Success, string JobId, string Status);

/// <summary>A drain job.</summary>
internal sealed record DrainJobBody(
    bool Success, string JobId, int Type, string TypeName, int Status, string StatusName, long CreatedAtMsEpoch, long LastUpdatedAtMsEpoch,
    IReadOnlyList<string> Segments, long SucceededUnits, long FailedUnits, long BlockedUnits, long ActiveUnits, long MigratedBytes,
    string Message);

/// <summary>/kv_events/status.</summary>
internal sealed record EventPublisherBody(
    bool Enabled, long PublishedBatches, long PublishedEvents, long DroppedEvents, long SkippedUnparsedKeys);

/// <summary>How they are written and read, compiled in.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(HealthBody))]
[JsonSerializable(typeof(LeaderBody))]
[JsonSerializable(typeof(ReadyBody))]
[JsonSerializable(typeof(ReplicationBody))]
[JsonSerializable(typeof(QueryKeyBody))]
[JsonSerializable(typeof(BatchQueryBody))]
[JsonSerializable(typeof(RemovedBody))]
[JsonSerializable(typeof(RemovedCountBody))]
[JsonSerializable(typeof(SegmentsBody))]
[JsonSerializable(typeof(ClientsBody))]
[JsonSerializable(typeof(SegmentStatusBody))]
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(BegunBody))]
[JsonSerializable(typeof(InjectedBody))]
[JsonSerializable(typeof(DrainAcceptedBody))]
[JsonSerializable(typeof(DrainJobBody))]
[JsonSerializable(typeof(EventPublisherBody))]
internal sealed partial class AdminJson : JsonSerializerContext;
