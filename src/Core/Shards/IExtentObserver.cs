using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>Hears which buffers the objects and parked puts of a shard cover.</summary>
public interface IExtentObserver
{
    /// <summary>An object covers this buffer from now on.</summary>
    void Taken(Extent extent);

    /// <summary>Nothing covers this buffer any more.</summary>
    void Freed(Extent extent);
}
