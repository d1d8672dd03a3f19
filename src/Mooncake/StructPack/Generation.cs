namespace HotStandby.Mooncake.StructPack;

/// <summary>Whose members a message has. It comes with the message's type; the few values that differ look at it.</summary>
public enum Generation : byte
{
    /// <summary>With checksums, tri-state soft pins and replicas in a distributed file system.</summary>
    Newest,
    /// <summary>The one before (v0.3.12 and v0.3.12.post1).</summary>
    Previous,
}
