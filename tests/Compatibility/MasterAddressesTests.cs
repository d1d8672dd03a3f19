// Where a master is, in every spelling that the client takes.
using HotStandby.Mooncake.Client;

namespace HotStandby.Tests.Compatibility;

public sealed class MasterAddressesTests
{
    [Theory]
    [InlineData("a:50051", false, "a:50051")]
    [InlineData("a:1,b:2,c:3", false, "a:1 b:2 c:3")]
    [InlineData("a:1;b:2", false, "a:1 b:2")]
    [InlineData(" a:1 , b:2, ", false, "a:1 b:2")]
    [InlineData("a:1 | b:2,a:1", false, "a:1 b:2")]
    [InlineData("[::1]:50051,10.0.0.7:2", false, "[::1]:50051 10.0.0.7:2")]
    [InlineData("etcd://a:2379", true, "a:2379")]
    [InlineData("etcd://a:2379;b:2381;c:2383", true, "a:2379 b:2381 c:2383")]
    [InlineData("ETCD://a:2379,b:2381", true, "a:2379 b:2381")]
    [InlineData("etcd://a:1 | etcd://b:2", true, "a:1 b:2")]
    [InlineData("etcd://[fd00::7]:2379", true, "[fd00::7]:2379")]
    public void An_address_is_a_node_a_list_or_discovery_ports(string texts, bool areDiscovery, string nodes)
    {
        Assert.True(MasterAddresses.TryParse(texts.Split('|'), out var addresses, out var problem), problem);
        Assert.Equal((areDiscovery, nodes), (addresses.AreDiscovery, string.Join(' ', addresses.Nodes)));
    }

    [Theory]
    [InlineData("", "must be")]
    [InlineData("nowhere", "'nowhere' must be")]
    [InlineData("a:1,nowhere", "'nowhere' must be")]
    [InlineData("a:0", "'a:0'")]
    [InlineData("a:70000", "'a:70000'")]
    [InlineData("::1:50051", "'::1:50051'")]
    [InlineData("etcd://", "'etcd://' must be")]
    [InlineData("etcd://a", "'a' must be")]
    [InlineData("etcd://http://a:2379", "'http://a:2379'")]
    [InlineData("redis://a:6379", "'redis://a:6379'")]
    [InlineData("etcd://a:1 | b:2", "the ones or the others")]
    [InlineData(",;", "must be")]
    public void What_is_none_is_refused_by_name(string texts, string why)
    {
        Assert.False(MasterAddresses.TryParse(texts.Split('|'), out _, out var problem));
        Assert.Contains(why, problem, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new PrimaryFinder(texts.Split('|')));
    }

    [Fact]
    public void No_address_at_all_is_an_error() => Assert.False(MasterAddresses.TryParse([], out _, out _));
}
