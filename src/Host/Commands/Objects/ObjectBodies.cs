// What the verbs on objects print with --json, and as a table. Names are snake_case, as those of the HTTP API.
using System.Globalization;
using System.Text.Json.Serialization;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using HotStandby.Mooncake.Types;

namespace HotStandby.Host.Commands.Objects;

/// <summary>A replica in memory.</summary>
internal sealed record ReplicaBody(
    ulong Id, string Status, ulong SizeBytes, string Address, string Protocol, string TransportEndpoint)
{
    /// <summary>Of a replica of the wire; null for one that is not in memory, which this master never hands out.</summary>
    public static ReplicaBody? Of(in WireReplica replica) => replica.Location is not ReplicaLocation.Memory memory ? null : new ReplicaBody(
        replica.Id, replica.Status.ToString().ToLowerInvariant(), memory.SizeBytes,
        string.Create(CultureInfo.InvariantCulture, $"0x{memory.Address:x}"), memory.Protocol.ToString(),
        memory.TransportEndpoint.ToString());
}

/// <summary>put and get.</summary>
/// <param name="Key">The object's.</param>
/// <param name="LeaseMilliseconds">How long it may be read; null after a put.</param>
/// <param name="Replicas">Where its bytes belong.</param>
internal sealed record ObjectBody(string Key, ulong? LeaseMilliseconds, IReadOnlyList<ReplicaBody> Replicas)
{
    private static readonly string[] Headings = ["replica", "status", "size", "endpoint", "address"];

    /// <summary>Of what the master answers.</summary>
    public static ObjectBody Of(string key, ulong? leaseMilliseconds, in WireList<WireReplica> replicas) =>
        new(key, leaseMilliseconds, [.. replicas.ToArray().Select(static each => ReplicaBody.Of(each)).OfType<ReplicaBody>()]);

    /// <summary>Prints it.</summary>
    public void Print(Terminal terminal, string title, bool json)
    {
        if (json)
            terminal.Output.WriteLine(System.Text.Json.JsonSerializer.Serialize(this, ObjectJson.Default.ObjectBody));
        else
            terminal.WriteTable(title, Headings, [.. Replicas.Select(static each => (IReadOnlyList<string>)
            [
                each.Id.ToString(CultureInfo.InvariantCulture), each.Status, Units.Print((long)each.SizeBytes), each.TransportEndpoint,
                each.Address,
            ])]);
    }
}

/// <summary>exist.</summary>
internal sealed record ExistBody(string Key, bool Exists);

/// <summary>keys.</summary>
internal sealed record KeysBody(IReadOnlyList<string> Keys);

/// <summary>rm.</summary>
internal sealed record RemovedKeyBody(string Key, bool Removed);

/// <summary>How they are written, compiled in.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ObjectBody))]
[JsonSerializable(typeof(ExistBody))]
[JsonSerializable(typeof(KeysBody))]
[JsonSerializable(typeof(RemovedKeyBody))]
internal sealed partial class ObjectJson : JsonSerializerContext;
