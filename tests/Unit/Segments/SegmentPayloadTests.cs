// The bytes of the entries that statuses and suspicions are written as: they are in journals and never change.
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Segments;

public sealed class SegmentPayloadTests
{
    [Fact]
    public void Segment_status_is_handle_status_and_grace_period_little_endian()
    {
        var payload = new SegmentStatusPayload(0x01020304, SegmentStatus.GracefullyUnmounting, 0x1122334455667788);
        var bytes = new byte[SegmentStatusPayload.EncodedBytes];
        payload.Write(bytes);
        Assert.Equal([4, 3, 2, 1, 4, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11], bytes);
        Assert.True(SegmentStatusPayload.TryRead(bytes, out var read));
        Assert.Equal(payload, read);
        Assert.False(SegmentStatusPayload.TryRead(bytes.AsSpan(1), out _));
        Assert.False(SegmentStatusPayload.TryRead([.. bytes, 0], out _));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    [InlineData(5, false)] // unmounting is another entry's
    [InlineData(255, false)]
    public void Segment_status_is_read_only_with_a_status_that_the_entry_can_bring(byte status, bool isReadable) =>
        Assert.Equal(isReadable, SegmentStatusPayload.TryRead([1, 0, 0, 0, status, 0, 0, 0, 0, 0, 0, 0, 0], out _));
}
