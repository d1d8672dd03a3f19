// The only serializer of this project: messages between replicas (their bytes are ReplicationCodec's), between verifiers
// (VerificationCodec's), the events of the replica's journal, hellos, presences and clocks. Called by remoting and by the journal plugin.
// It never loads a type that its input names.
using Akka.Actor;
using Akka.Serialization;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Telemetry;
using HotStandby.Messages.Membership;
using HotStandby.Messages.Replication;
using HotStandby.Messages.Verification;

namespace HotStandby.Actors.Serialization;

/// <summary>
/// Encodes <see cref="ReplicationMessage"/>, <see cref="VerificationMessage"/>, <see cref="IJournalEvent"/>, <see cref="Hello"/>,
/// <see cref="NameTaken"/>, <see cref="Presence"/> and <see cref="ClockReading"/>. An <see cref="AppendBatch"/> that arrives with a
/// damaged batch becomes a <see cref="CorruptAppend"/>.
/// </summary>
internal sealed class ReplicationSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Stands in journals and travels with every message: never changes.</summary>
    public const int FixedIdentifier = 48150;

    /// <inheritdoc/>
    public override int Identifier => FixedIdentifier;

    /// <inheritdoc/>
    /// <exception cref="SerializationRefusedException">Not a type of this serializer.</exception>
    public override string Manifest(object o) => o switch
    {
        ReplicationMessage message => ReplicationCodec.ManifestOf(message),
        VerificationMessage message => VerificationCodec.ManifestOf(message),
        IJournalEvent happened => JournalEventCodec.ManifestOf(happened),
        Hello => Hello.Manifest,
        NameTaken => NameTaken.Manifest,
        Presence => Presence.Manifest,
        ClockReading => ClockReading.Manifest,
        _ => throw new SerializationRefusedException($"{o?.GetType()} does not leave this node"),
    };

    /// <inheritdoc/>
    /// <exception cref="SerializationRefusedException">Not a type of this serializer, or a message beyond its limits.</exception>
    public override byte[] ToBinary(object obj)
    {
        switch (obj)
        {
            case ReplicationMessage message:
                return ReplicationCodec.TryEncode(message, out var encoded, out var problem)
                    ? encoded
                    : throw new SerializationRefusedException($"{obj.GetType().Name}: {problem}");
            case VerificationMessage message:
                return VerificationCodec.TryEncode(message, out var verification, out var why)
                    ? verification
                    : throw new SerializationRefusedException($"{obj.GetType().Name}: {why}");
            case IJournalEvent happened:
                return JournalEventCodec.Encode(happened);
            case Hello hello:
                return hello.Encode();
            case NameTaken taken:
                return taken.Encode();
            case Presence presence:
                return presence.Encode();
            case ClockReading reading:
                return reading.Encode();
            default:
                throw new SerializationRefusedException($"{obj?.GetType()} does not leave this node");
        }
    }

    /// <inheritdoc/>
    /// <exception cref="SerializationRefusedException">An unknown manifest, or bytes that are no message.</exception>
    /// <exception cref="JournalDamagedException">Bytes that are not the journal event which the manifest names.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (JournalEventCodec.Knows(manifest))
            return JournalEventCodec.Decode(manifest, bytes);
        if (VerificationCodec.Knows(manifest))
            return VerificationCodec.Decode(manifest, bytes, out var fault) ?? throw Refused(manifest, bytes, fault);
        if (manifest is Hello.Manifest or Hello.EarlierManifest)
            return Hello.TryDecode(bytes, manifest == Hello.EarlierManifest, out var hello)
                ? hello
                : throw Refused(manifest, bytes, "no hello");
        if (manifest == NameTaken.Manifest)
            return NameTaken.TryDecode(bytes, out var taken) ? taken : throw Refused(manifest, bytes, "no answer to a hello");
        if (manifest == Presence.Manifest)
            return Presence.TryDecode(bytes, out var presence) ? presence : throw Refused(manifest, bytes, "no presence");
        if (manifest == ClockReading.Manifest)
            return ClockReading.TryDecode(bytes, out var reading) ? reading : throw Refused(manifest, bytes, "no reading of a clock");
        return ReplicationCodec.Decode(manifest, bytes, out var message, out var problem) switch
        {
            ReplicationDecode.Ok => message!,
            ReplicationDecode.CorruptBatch => Corrupt((AppendBatch)message!, problem),
            _ => throw Refused(manifest, bytes, problem),
        };
    }

    private static SerializationRefusedException Refused(string manifest, byte[] bytes, string problem) =>
        new($"manifest '{manifest}', {bytes.Length} bytes: {problem}");

    private static CorruptAppend Corrupt(AppendBatch header, string problem)
    {
        NodeMetrics.Corrupt();
        return new CorruptAppend(header, problem);
    }
}
