namespace HotStandby.Messages.Identity;

/// <summary>A node's configured name, unique in the cluster and fixed for the life of its data directory.</summary>
public readonly record struct NodeId(string Name)
{
    /// <summary>No node: the empty name, and what a field holds that was never set.</summary>
    public static readonly NodeId None;

    // Null for the empty name, so that it equals the default.
    private readonly string? _name = string.IsNullOrEmpty(Name) ? null : Name;

    /// <summary>The name; empty for <see cref="None"/>.</summary>
    public string Name => _name ?? "";

    /// <inheritdoc/>
    public override string ToString() => Name;
}
