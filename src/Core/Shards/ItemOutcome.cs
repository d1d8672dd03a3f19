namespace HotStandby.Core.Shards;

/// <summary>When the answer to an item may be seen.</summary>
public enum ItemOutcome : byte
{
    /// <summary>At once: nothing that is not committed has influenced it.</summary>
    SettledNow,
    /// <summary>When everything that this shard has proposed so far is committed.</summary>
    AwaitsCommit,
    /// <summary>Not yet: the call must visit the segment table for buffers and come back.</summary>
    NeedsPlacement,
}
