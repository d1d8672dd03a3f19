// Messages between the cells of one node never leave it, and Core knows no marker of Akka's. Where a test has every message serialized,
// these come out of it as the very object that went in; all others must have a real encoding, or Akka's marker.
using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Serialization;

namespace HotStandby.Tests.Actors;

public sealed class ByReference(ExtendedActorSystem system) : Serializer(system)
{
    private static readonly ConcurrentDictionary<long, object> UnderWay = new();
    private static long _last;

    public override int Identifier => 9001;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        var number = Interlocked.Increment(ref _last);
        UnderWay[number] = obj;
        return BitConverter.GetBytes(number);
    }

    public override object FromBinary(byte[] bytes, Type type) =>
        UnderWay.TryRemove(BitConverter.ToInt64(bytes), out var message) ? message : throw new InvalidOperationException("taken twice");
}
