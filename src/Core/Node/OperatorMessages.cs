// What operators may ask of a node's state.
using HotStandby.Core.Cells;

namespace HotStandby.Core.Node;

/// <summary>Something an operator asks of the node; answered with <see cref="NodeCommandAnswer"/>.</summary>
public enum NodeCommand
{
    /// <summary>A round of checkpoints, now.</summary>
    Checkpoint,

    /// <summary>A full sync from another node, although this one may not need it.</summary>
    FullSync,
}

/// <summary>To the replica.</summary>
public sealed record RunNodeCommand(NodeCommand Command) : ICellMessage;

/// <summary>The answer, at once: what was asked for goes on in the background.</summary>
/// <param name="Refusal">Why not; null when it has begun.</param>
public sealed record NodeCommandAnswer(string? Refusal) : ICellMessage;
