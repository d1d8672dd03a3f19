// Hosts and ports in every spelling that people and programs use.
using HotStandby.Messages.Network;

namespace HotStandby.Tests.Unit.Messages;

public sealed class HostTests
{
    [Theory]
    [InlineData("host:123", "host")]
    [InlineData("10.1.2.3:12345", "10.1.2.3")]
    [InlineData("host", "host")]
    [InlineData("[::1]:123", "::1")]
    [InlineData("[::1]", "::1")]
    [InlineData("[fe80::1%eth0]", "fe80::1%eth0")]
    [InlineData("[fe80::1%eth0]:15773", "fe80::1%eth0")]
    [InlineData("fe80::1", "fe80::1")]
    [InlineData("::1", "::1")]
    [InlineData("fe80::1:2%eno2", "fe80::1:2%eno2")]
    [InlineData("fe80::1:2%eno2:15773", "fe80::1:2%eno2")]
    [InlineData("fe80::1:2%2:80", "fe80::1:2%2")]
    [InlineData("fd00::7:15773", "fd00::7")]
    [InlineData("fd00:0:0:1:2:3:4:5:80", "fd00:0:0:1:2:3:4:5")]
    [InlineData("::ffff:10.0.0.7:80", "::ffff:10.0.0.7")]
    [InlineData("::ffff:10.0.0.7", "::ffff:10.0.0.7")]
    [InlineData("[::1", "[::1")]
    [InlineData("a:b:c", "a:b:c")]
    [InlineData(":123", "")]
    [InlineData("", "")]
    public void Host_part_of_an_endpoint_is_found_with_ipv6_too(string endpoint, string host) =>
        Assert.Equal(host, HostAndPort.HostOf(endpoint));

    [Theory]
    [InlineData("node1:50051", "node1", 50051)]
    [InlineData("Node-1.Example.:1", "Node-1.Example.", 1)]
    [InlineData("127.0.0.1:65535", "127.0.0.1", 65535)]
    [InlineData("[::1]:9003", "::1", 9003)]
    [InlineData("[fe80::1%eth0]:9003", "fe80::1%eth0", 9003)]
    public void Host_and_port_are_read_and_written_the_same(string text, string host, int port)
    {
        Assert.True(HostAndPort.TryParse(text, out var read));
        Assert.Equal((host, port), (read.Host, read.Port));
        Assert.Equal(text, read.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(":1")]
    [InlineData("host")]
    [InlineData("host:")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:99999999999")]
    [InlineData("host:-1")]
    [InlineData("host:+1")]
    [InlineData("host: 1")]
    [InlineData("host:1 ")]
    [InlineData("host:1/")]
    [InlineData("ho st:1")]
    [InlineData("host:1:2")]
    [InlineData("[host]:1")]
    [InlineData("[::1]")]
    [InlineData("[::1:1")]
    [InlineData("[[::1]]:1")]
    [InlineData("::1:50051")]
    [InlineData("::1")]
    [InlineData("fe80::1%eth0:1")]
    [InlineData("127.1:1")]
    [InlineData("1:1")]
    [InlineData("0x7f.0.0.1:1")]
    [InlineData("256.1.1.1:1")]
    [InlineData("http://host:1")]
    public void What_is_no_host_with_a_port_is_refused(string text) => Assert.False(HostAndPort.TryParse(text, out _));

    [Theory]
    [InlineData("0", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("000.0.0.0", true)]
    [InlineData("0x0", true)]
    [InlineData("::", true)]
    [InlineData("::0", true)]
    [InlineData("[::]", true)]
    [InlineData("[::0]", true)]
    [InlineData("0:0:0:0:0:0:0:0", true)]
    [InlineData("::ffff:0.0.0.0", true)]
    [InlineData("*", true)]
    [InlineData("::1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("0.0.0.1", false)]
    [InlineData("node1", false)]
    [InlineData("", false)]
    public void A_wildcard_is_known_in_every_spelling(string host, bool isWildcard) => Assert.Equal(isWildcard, HostName.IsWildcard(host));

    [Theory]
    [InlineData("0", "0.0.0.0")]
    [InlineData("::0", "::")]
    [InlineData("[::1]", "::1")]
    [InlineData("FD00:0:0:0:0:0:0:1", "fd00::1")]
    [InlineData("[FE80::1%Eth0]", "fe80::1%Eth0")]
    [InlineData("Node1.Example", "Node1.Example")]
    public void A_host_has_one_spelling(string host, string canonical) => Assert.Equal(canonical, HostName.Canonical(host));
}
