// Which kind of addresses names are resolved to, as follows from what the names have.
using System.Net;
using System.Net.Sockets;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;

namespace HotStandby.Tests.Actors.Node;

public sealed class NameFamilyTests
{
    private const string Path = "akka.remote.dot-netty.tcp.dns-use-ipv6";

    [Theory]
    [InlineData("both", "both", false)]
    [InlineData("old", "both", false)]
    [InlineData("new", "both", true)]
    [InlineData("both", "new", true)]
    [InlineData("new", "unknown", true)]
    [InlineData("both", "unknown", false)]
    [InlineData("10.0.0.1", "unknown", false)]
    [InlineData("::1", "[::2]", false)]
    public async Task A_name_with_IPv6_addresses_alone_decides_for_all(string own, string other, bool isNew)
    {
        var config = await NameFamily.ConfigOfAsync(ConfigurationOf(own, other), ResolveAsync);
        Assert.Equal(isNew, config.GetBoolean(Path, false));
    }

    [Fact]
    public async Task Names_without_a_kind_in_common_are_named()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => NameFamily.ConfigOfAsync(ConfigurationOf("old", "new"), ResolveAsync));
        Assert.Contains("old IPv4 alone, new IPv6 alone", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_user_has_decided_stays() =>
        Assert.False((await NameFamily.ConfigOfAsync(ConfigurationOf("new", "both", $"{Path} = off"), ResolveAsync)).HasPath(Path));

    [Fact]
    public async Task A_name_to_listen_on_must_be_known_and_one_to_announce_need_not()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => NameFamily.ConfigOfAsync(ConfigurationOf("unknown", "old"), ResolveAsync));
        Assert.Contains("cannot listen on 'unknown'", error.Message, StringComparison.Ordinal);
        await NameFamily.ConfigOfAsync(ConfigurationOf("unknown", "old", "hotstandby.remoting.bind-host = \"0.0.0.0\""), ResolveAsync);
    }

    private static NodeConfiguration ConfigurationOf(string own, string other, string more = "")
    {
        var host = own.Contains(':', StringComparison.Ordinal) ? $"[{own}]" : own;
        return TestConfiguration.Require(TestConfiguration.Parse($$"""
            hotstandby { node-id = n1, voters = [n1, n2, n3], data-dir = d, remoting.host = "{{own}}" }
            akka.cluster.seed-nodes = ["akka.tcp://hotstandby@{{host}}:5101", "akka.tcp://hotstandby@{{other}}:5102"]
            {{more}}
            """));
    }

    private static Task<IPAddress[]> ResolveAsync(string name) => name switch
    {
        "old" => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1")]),
        "new" => Task.FromResult<IPAddress[]>([IPAddress.Parse("fd00::1")]),
        "both" => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.2"), IPAddress.Parse("fd00::2")]),
        _ => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
    };
}
