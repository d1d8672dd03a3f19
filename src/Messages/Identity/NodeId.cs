namespace HotStandby.Messages.Identity;

/// <summary>A node's configured name, unique in the cluster and fixed for the life of its data directory.</summary>
public readonly record struct NodeId(string Name)
{
    /// <summary>No node.</summary>
    public static readonly NodeId None = new("");

    /// <inheritdoc/>
    public override string ToString() => Name;
}
