// The binary form of hellos, and the settings that two nodes compare.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Tests.Unit.Membership;

public sealed class HelloTests
{
    private static readonly ClusterShape Shape = new("c", "a,b,c", 64, "Quorum", 2000);

    private static readonly Hello Sample = new(
        new NodeId("a"), Shape, new Life(0x1112131415161718, 0x2122232425262728), 0x3132333435363738, true, 2,
        [new HeardNode(new NodeId("b"), "akka.tcp://x@h:1")], 0x41, 0x51);

    private const string Head = "0100" + "61" + "0100" + "63" + "0500" + "612C622C63" + "40000000" + "0600" + "51756F72756D" + "D0070000";
    private const string Tail = "0100" + "0100" + "62" + "1000" + "616B6B612E7463703A2F2F7840683A31";

    [Fact]
    public void The_layout_never_changes() => Assert.Equal(
        Head + "01" + "02000000" + "1817161514131211"
            + "2827262524232221" + "3837363534333231" + "4100000000000000" + "5100000000000000" + Tail,
        Convert.ToHexString(Sample.Encode()));

    [Fact]
    public void A_hello_of_the_earlier_version_is_read_and_known_by_its_lack_of_a_life()
    {
        var bytes = Convert.FromHexString(Head + "03" + "02000000" + Tail);
        Assert.True(Hello.TryDecode(bytes, isEarlier: true, out var hello));
        Assert.Equal(Sample with { Life = Life.None, Birth = 0, Question = 1, Answers = 0, Heard = hello.Heard }, hello);
        Assert.Equal(Sample.Heard, hello.Heard);
        Assert.False(Hello.TryDecode(bytes, isEarlier: false, out _));
        Assert.False(Hello.TryDecode(Sample.Encode(), isEarlier: true, out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_encoded_is_decoded(bool multiTenants)
    {
        var sample = Sample with { Shape = Shape with { MultiTenants = multiTenants } };
        Assert.True(Hello.TryDecode(sample.Encode(), isEarlier: false, out var decoded));
        Assert.Equal(sample with { Heard = decoded.Heard }, decoded);
        Assert.Equal(sample.Heard, decoded.Heard);
    }

    [Fact]
    public void A_cut_or_longer_hello_is_none()
    {
        var bytes = Sample.Encode();
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(Hello.TryDecode(bytes.AsSpan(0, length), isEarlier: false, out _));
        Assert.False(Hello.TryDecode([.. bytes, 0], isEarlier: false, out _));
    }

    [Fact]
    public void What_no_node_says_is_no_hello()
    {
        AssertNone(Sample with { Life = new Life(0, 1) });
        AssertNone(Sample with { From = new NodeId("two\nlines") });
        AssertNone(Sample with { From = new NodeId(new string('x', 129)) });
        AssertNone(Sample with { Shape = Shape with { Voters = new string('x', 5000) } });
        AssertNone(Sample with { Heard = [new HeardNode(new NodeId("b"), new string('x', 513))] });
        AssertNone(Sample with
        {
            Heard =
            [.. Enumerable.Range(0, Hello.MaximumHeard + 1).Select(number => new HeardNode(new NodeId($"n{number}"), "a"))]
        });

        static void AssertNone(Hello hello) => Assert.False(Hello.TryDecode(hello.Encode(), isEarlier: false, out _));
    }

    [Fact]
    public void The_layout_of_a_refusal_never_changes_and_is_read_whole()
    {
        var taken = new NameTaken("h:1", true, 0x61);
        var bytes = taken.Encode();
        Assert.Equal("0300" + "683A31" + "01" + "6100000000000000", Convert.ToHexString(bytes));
        Assert.True(NameTaken.TryDecode(bytes, out var decoded));
        Assert.Equal(taken, decoded);
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(NameTaken.TryDecode(bytes.AsSpan(0, length), out _));
        Assert.False(NameTaken.TryDecode([.. bytes, 0], out _));
        Assert.False(NameTaken.TryDecode(new NameTaken(new string('x', 513), false, 1).Encode(), out _));
    }

    [Fact]
    public void Nodes_must_agree_on_the_settings_of_the_cluster()
    {
        Assert.Null(Shape.DifferenceTo(Shape with { }));
        Assert.Contains("cluster-id", Shape.DifferenceTo(Shape with { ClusterId = "d" }), StringComparison.Ordinal);
        Assert.Contains("voters", Shape.DifferenceTo(Shape with { Voters = "a,b" }), StringComparison.Ordinal);
        Assert.Contains("shards is 64 here and 16 there", Shape.DifferenceTo(Shape with { Shards = 16 }), StringComparison.Ordinal);
        Assert.Contains("commit", Shape.DifferenceTo(Shape with { Commit = "Async" }), StringComparison.Ordinal);
        Assert.Contains(
            "multi-tenants is off here and on there", Shape.DifferenceTo(Shape with { MultiTenants = true }), StringComparison.Ordinal);
        Assert.Contains("lease.duration is 2000 ms here and 3000 ms there", Shape.DifferenceTo(Shape with { LeaseMilliseconds = 3000 }),
            StringComparison.Ordinal);
    }
}
