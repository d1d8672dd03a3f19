namespace HotStandby.Core.Shards;

/// <summary>Hears which objects an entry has changed: how a Primary keeps what it derives from them.</summary>
internal interface IShardObserver
{
    /// <summary>An entry that touched this object is applied; it may be gone.</summary>
    void Changed(ObjectRecord record);
}
