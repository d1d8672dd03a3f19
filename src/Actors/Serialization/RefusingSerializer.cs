// Stands where the actor system's JSON serializer would, which is what System.Object is bound to. So a type without a
// binding of its own neither leaves this node nor comes in, and nothing from outside ever names a type to be loaded.
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace HotStandby.Actors.Serialization;

/// <summary>
/// Serializes nothing and deserializes nothing. It takes manifests as texts: for a serializer that takes types, the actor system would look
/// up (and load) whatever type a peer names before it asks the serializer at all.
/// </summary>
internal sealed class RefusingSerializer : SerializerWithStringManifest
{
    /// <summary>The identifier of the JSON serializer: what a foreign node would put on the bytes that it sends.</summary>
    public const int JsonIdentifier = 1;

    /// <summary>For the actor system, which creates the serializer named "json" with its settings.</summary>
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : base(system) => ArgumentNullException.ThrowIfNull(settings);

    /// <inheritdoc/>
    public override int Identifier => JsonIdentifier;

    /// <summary>The type's name, so that the refusal can name it.</summary>
    public override string Manifest(object o) => o?.GetType().ToString() ?? "";

    /// <inheritdoc/>
    /// <exception cref="SerializationRefusedException">Always.</exception>
    public override byte[] ToBinary(object obj) =>
        throw new SerializationRefusedException($"{obj?.GetType()} is bound to no serializer and does not leave this node");

    /// <inheritdoc/>
    /// <exception cref="SerializationRefusedException">Always.</exception>
    public override object FromBinary(byte[] bytes, string manifest) =>
        throw new SerializationRefusedException($"'{manifest}' is bound to no serializer and does not enter this node");
}
