namespace HotStandby.Mooncake.Frames;

/// <summary>What a receiver is willing to buffer.</summary>
/// <param name="MaximumBodyBytes">Most bytes of a frame's body and attachment together; 1 to 1 GiB.</param>
public readonly record struct FrameLimits(int MaximumBodyBytes)
{
    /// <summary>16 MiB: a batch of 100,000 keys of 100 bytes, and room to spare.</summary>
    public static readonly FrameLimits Default = new(16 << 20);

    /// <summary>True when a frame of this size may be received.</summary>
    public bool Allows(uint bodyBytes, uint attachmentBytes) => (ulong)bodyBytes + attachmentBytes <= (ulong)MaximumBodyBytes;
}
