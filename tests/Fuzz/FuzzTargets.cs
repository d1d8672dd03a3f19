// The list of decoders that read bytes from a network or a disk.
using HotStandby.Tests.Fuzz.Targets;

namespace HotStandby.Tests.Fuzz;

/// <summary>All targets.</summary>
public static class FuzzTargets
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new FrameTarget(), new CallTarget(), new OpLogBatchTarget(), new OpLogPayloadTarget(), new AppliedEntriesTarget(),
        new ReplicationMessageTarget(),
        new VerificationMessageTarget(), new HelloTarget(), new NameTakenTarget(), new PresenceTarget(), new ClockReadingTarget(),
        new ShardImageTarget(), new SegmentImageTarget(), new JournalTarget(), new SerializerTarget(),
    ];

    /// <summary>One of them.</summary>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static FuzzTarget Named(string name) =>
        All.FirstOrDefault(target => target.Name == name) ?? throw new ArgumentException($"there is no target '{name}'", nameof(name));
}
