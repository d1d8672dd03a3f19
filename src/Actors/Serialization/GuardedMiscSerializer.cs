// Stands where the actor system's serializer of its own small messages would, and lets all of them through but those that end an actor. The
// untrusted mode of remoting drops PoisonPill and lets Kill pass; here neither comes in, whatever the mode.
using Akka.Actor;
using Akka.Remote.Serialization;
using Akka.Serialization;

namespace HotStandby.Actors.Serialization;

/// <summary>The serializer named "akka-misc", without what ends an actor.</summary>
/// <param name="system">The actor system, which creates it.</param>
internal sealed class GuardedMiscSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>The identifier of the serializer in whose place it stands.</summary>
    public const int MiscIdentifier = 16;

    // Made when it is needed: an actor system without remoting has the name, and not what this one needs.
    private readonly Lazy<MiscMessageSerializer> _inner = new(() => new MiscMessageSerializer(system));

    /// <inheritdoc/>
    public override int Identifier => MiscIdentifier;

    /// <inheritdoc/>
    public override string Manifest(object o) => _inner.Value.Manifest(o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => _inner.Value.ToBinary(obj);

    /// <inheritdoc/>
    /// <exception cref="SerializationRefusedException">The message would end an actor of this node.</exception>
    public override object FromBinary(byte[] bytes, string manifest) =>
        manifest == _inner.Value.Manifest(Kill.Instance) || manifest == _inner.Value.Manifest(PoisonPill.Instance)
            ? throw new SerializationRefusedException($"the message '{manifest}' would end an actor and does not enter this node")
            : _inner.Value.FromBinary(bytes, manifest);
}
