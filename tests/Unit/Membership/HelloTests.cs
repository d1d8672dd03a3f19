// The binary form of hellos, and the settings that two nodes compare.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Tests.Unit.Membership;

public sealed class HelloTests
{
    private static readonly ClusterShape Shape = new("c", "a,b,c", 64, "Quorum", 2000);

    private static readonly Hello Sample = new(new NodeId("a"), Shape, true, 2, [new HeardNode(new NodeId("b"), "akka.tcp://x@h:1")], true);

    [Fact]
    public void The_layout_never_changes() => Assert.Equal(
        "0100" + "61" + "0100" + "63" + "0500" + "612C622C63" + "40000000" + "0600" + "51756F72756D" + "D0070000" + "03" + "02000000" + "0100" + "0100" + "62"
        + "1000" + "616B6B612E7463703A2F2F7840683A31",
        Convert.ToHexString(Sample.Encode()));

    [Fact]
    public void What_is_encoded_is_decoded()
    {
        Assert.True(Hello.TryDecode(Sample.Encode(), out var decoded));
        Assert.Equal(Sample with { Heard = decoded.Heard }, decoded);
        Assert.Equal(Sample.Heard, decoded.Heard);
    }

    [Fact]
    public void A_cut_or_longer_hello_is_none()
    {
        var bytes = Sample.Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(Hello.TryDecode(bytes.AsSpan(0, length), out _));
        Assert.False(Hello.TryDecode([.. bytes, 0], out _));
    }

    [Fact]
    public void Nodes_must_agree_on_the_settings_of_the_cluster()
    {
        Assert.Null(Shape.DifferenceTo(Shape with { }));
        Assert.Contains("cluster-id", Shape.DifferenceTo(Shape with { ClusterId = "d" }), StringComparison.Ordinal);
        Assert.Contains("voters", Shape.DifferenceTo(Shape with { Voters = "a,b" }), StringComparison.Ordinal);
        Assert.Contains("shards is 64 here and 16 there", Shape.DifferenceTo(Shape with { Shards = 16 }), StringComparison.Ordinal);
        Assert.Contains("commit", Shape.DifferenceTo(Shape with { Commit = "Async" }), StringComparison.Ordinal);
        Assert.Contains("lease.duration is 2000 ms here and 3000 ms there", Shape.DifferenceTo(Shape with { LeaseMilliseconds = 3000 }), StringComparison.Ordinal);
    }
}
