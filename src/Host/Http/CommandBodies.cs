// The JSON bodies of the operator commands. Names are snake_case, as those of Mooncake's endpoints.
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using HotStandby.Actors.Settings;
using HotStandby.Core.Node;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Host.Http;

/// <summary>A member in /admin/members.</summary>
internal sealed record MemberBody(string Node, string Address, string Status, bool Reachable, bool Voter, string Role, string Http);

/// <summary>/admin/members.</summary>
internal sealed record MembersBody(string Node, IReadOnlyList<MemberBody> Members);

/// <summary>/admin/switchover.</summary>
internal sealed record SwitchoverBody(bool Success, string From, string To, ulong Epoch, long Milliseconds);

/// <summary>A partition in /admin/verify.</summary>
/// <param name="Partition">Which.</param>
/// <param name="Result"><c>equal</c>, <c>different</c>, <c>needs full sync</c>, or <c>not compared</c> in time.</param>
/// <param name="Keys">Objects that the last marker covered.</param>
/// <param name="Mismatched">Keys that differed.</param>
/// <param name="Repaired">How many of them were repaired.</param>
/// <param name="MarkerSequence">Seq of the last marker.</param>
internal sealed record VerifiedBody(string Partition, string Result, long Keys, int Mismatched, int Repaired, ulong MarkerSequence)
{
    public static VerifiedBody Of(PartitionVerified verified) => new(
        verified.Partition.ToString(),
        verified.Standing switch
        {
            PartitionStanding.Clean => "equal",
            PartitionStanding.Different => "different",
            PartitionStanding.NeedsFullSync => "needs full sync",
            _ => "not compared",
        },
        verified.Keys, verified.Mismatched, verified.Repaired, verified.MarkerSequence);
}

/// <summary>/admin/verify. Clean: every partition was found equal in the end.</summary>
internal sealed record VerifyBody(bool Success, string Node, bool Clean, IReadOnlyList<VerifiedBody> Partitions);

/// <summary>A setting in /admin/config.</summary>
internal sealed record SettingBody(string Path, string Value, string From);

/// <summary>/admin/config.</summary>
internal sealed record ConfigBody(string Node, IReadOnlyList<SettingBody> Settings)
{
    public static ConfigBody Of(string node, IEnumerable<EffectiveSetting> settings) =>
        new(node, [.. settings.Select(each => new SettingBody(each.Path, each.Value, Commands.CheckConfigCommand.NameOf(each.Source)))]);
}

/// <summary>An entry in /admin/oplog/tail.</summary>
internal sealed record EntryBody(
    ulong Sequence, ulong Epoch, string Time, string Type, string Partition, string Key, int PayloadBytes, string Payload)
{
    // Enough to tell payloads apart; they may be 10 MiB.
    private const int PayloadShown = 32;

    public static EntryBody Of(in OpLogEntry entry) => new(
        entry.Sequence, entry.Epoch, DateTimeOffset.FromUnixTimeMilliseconds(
            Math.Clamp(entry.TimestampMilliseconds, 0, 253402300799999)).ToString("O", CultureInfo.InvariantCulture),
        JsonNamingPolicy.SnakeCaseUpper.ConvertName(entry.Type.ToString()), entry.Partition.ToString(),
        ObjectKey.FromScoped(entry.Key, entry.PrefixHash).ToString(),
        entry.Payload.Length, Convert.ToHexStringLower(entry.Payload[..Math.Min(entry.Payload.Length, PayloadShown)]));
}

/// <summary>/admin/oplog/tail. What is above the committed seq may still be replaced.</summary>
internal sealed record TailBody(string Node, ulong CommittedSequence, IReadOnlyList<EntryBody> Entries);

/// <summary>How they are written, compiled in.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MembersBody))]
[JsonSerializable(typeof(SwitchoverBody))]
[JsonSerializable(typeof(VerifyBody))]
[JsonSerializable(typeof(ConfigBody))]
[JsonSerializable(typeof(TailBody))]
[JsonSerializable(typeof(EntryBody))]
internal sealed partial class CommandJson : JsonSerializerContext;
