// The binary form of presences.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Tests.Unit.Membership;

public sealed class PresenceTests
{
    private static readonly Presence Sample = new(new NodeLife(new NodeId("a"), "x@h", -2), [new NodeLife(new NodeId("b"), "y", 7)]);

    [Fact]
    public void The_layout_never_changes() => Assert.Equal(
        "0100" + "61" + "0300" + "784068" + "FEFFFFFF" + "0100" + "0100" + "62" + "0100" + "79" + "07000000",
        Convert.ToHexString(Sample.Encode()));

    [Fact]
    public void What_is_encoded_is_decoded()
    {
        Assert.True(Presence.TryDecode(Sample.Encode(), out var decoded));
        Assert.Equal(Sample.From, decoded.From);
        Assert.Equal(Sample.Heard, decoded.Heard);
    }

    [Fact]
    public void A_cut_or_longer_presence_is_none()
    {
        var bytes = Sample.Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(Presence.TryDecode(bytes.AsSpan(0, length), out _));
        Assert.False(Presence.TryDecode([.. bytes, 0], out _));
    }
}
