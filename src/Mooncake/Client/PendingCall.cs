using HotStandby.Mooncake.Frames;

namespace HotStandby.Mooncake.Client;

/// <summary>A call that waits for its answer.</summary>
/// <param name="number">Its number on this connection.</param>
/// <param name="frameEnd">Where its frame ends in the stream of everything that is sent on this connection, in bytes.</param>
/// <param name="deadline">When it has waited long enough, as a timestamp of the connection's clock.</param>
internal sealed class PendingCall(uint number, long frameEnd, long deadline)
    : TaskCompletionSource<(ResponseHeader Header, ReadOnlyMemory<byte> Body)>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public uint Number { get; } = number;

    public long FrameEnd { get; } = frameEnd;

    public long Deadline { get; } = deadline;
}
