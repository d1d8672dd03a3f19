// Stands where the actor system's serializer of its own small messages would, and lets all of them through but those that end an actor. The
// untrusted mode of remoting drops PoisonPill and lets Kill pass; here neither comes in, whatever the mode.
using Akka.Actor;
using Akka.Remote.Serialization;
using Akka.Serialization;

namespace HotStandby.Actors.Serialization;

/// <summary>The serializer named "akka-misc", without what ends an actor.</summary>
public sealed class GuardedMiscSerializer : SerializerWithStringManifest
{
    private readonly MiscMessageSerializer _inner;
    private readonly string[] _refused;

    /// <summary>For the actor system.</summary>
    public GuardedMiscSerializer(ExtendedActorSystem system)
        : base(system)
    {
        _inner = new MiscMessageSerializer(system);
        _refused = [_inner.Manifest(Kill.Instance), _inner.Manifest(PoisonPill.Instance)];
    }

    /// <summary>The one of the serializer in whose place it stands.</summary>
    public override int Identifier => _inner.Identifier;

    /// <inheritdoc/>
    public override string Manifest(object o) => _inner.Manifest(o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => _inner.ToBinary(obj);

    /// <inheritdoc/>
    /// <exception cref="SerializationRefusedException">The message would end an actor of this node.</exception>
    public override object FromBinary(byte[] bytes, string manifest) => _refused.Contains(manifest)
        ? throw new SerializationRefusedException($"the message '{manifest}' would end an actor and does not enter this node")
        : _inner.FromBinary(bytes, manifest);
}
