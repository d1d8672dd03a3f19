// Where a node listens, where it says that it does, and every spelling of hosts and seed nodes.
using HotStandby.Actors.Settings;
using static HotStandby.Tests.Doubles.TestConfiguration;

namespace HotStandby.Tests.Actors.Settings;

public sealed class AddressSettingsTests
{
    private const string Transport = "akka.remote.dot-netty.tcp";

    [Theory]
    [InlineData("", "0", "node1", 5101)]
    [InlineData("0.0.0.0", "0", "0.0.0.0", 5101)]
    [InlineData("::0", "6101", "::", 6101)]
    [InlineData("10.0.0.7", "6101", "10.0.0.7", 6101)]
    [InlineData("localhost", "0", "localhost", 5101)]
    public void A_node_listens_where_bind_host_says_and_announces_host(string bindHost, string bindPort, string listens, int port)
    {
        var full = Require(Parse(
            Valid, ("hotstandby.remoting.host", "node1"), ("hotstandby.remoting.bind-host", bindHost),
            ("hotstandby.remoting.bind-port", bindPort))).Full;
        Assert.Equal((listens, port), (full.GetString($"{Transport}.hostname"), full.GetInt($"{Transport}.port")));
        Assert.Equal(("node1", 5101), (full.GetString($"{Transport}.public-hostname"), full.GetInt($"{Transport}.public-port")));
    }

    [Fact]
    public void A_port_that_is_announced_may_be_that_of_another_door_inside()
    {
        Require(Parse(Valid, ("hotstandby.remoting.port", "50051"), ("hotstandby.remoting.bind-port", "6101")));
        var error = Assert.Single(Parse(Valid, ("hotstandby.remoting.bind-port", "50051")).Errors);
        Assert.Equal("hotstandby.remoting.bind-port", error.Path);
        Assert.Equal("hotstandby.remoting.bind-port",
            Assert.Single(Parse(Valid, ("hotstandby.remoting.port", "0"), ("hotstandby.remoting.bind-port", "6101")).Errors).Path);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("::0")]
    [InlineData("[::]")]
    [InlineData("0:0:0:0:0:0:0:0")]
    [InlineData("::ffff:0.0.0.0")]
    [InlineData("*")]
    [InlineData("1")]
    [InlineData("127.1")]
    [InlineData("256.0.0.1")]
    [InlineData("fe80::1%eth0")]
    [InlineData("node1:5101")]
    [InlineData("http://node1")]
    [InlineData("no de")]
    [InlineData("")]
    public void What_other_nodes_cannot_reach_is_no_remoting_host(string host) =>
        Assert.Equal("hotstandby.remoting.host", Assert.Single(Parse(Valid, ("hotstandby.remoting.host", host)).Errors).Path);

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("localhost", "127.0.0.1")]
    [InlineData("0", "0.0.0.0")]
    [InlineData("::0", "::")]
    [InlineData("[::]", "::")]
    [InlineData("[::1]", "::1")]
    [InlineData("FE80::1%eth0", "fe80::1%eth0")]
    public void A_listening_host_has_one_spelling(string given, string host)
    {
        var settings = Require(Parse(Valid, ("hotstandby.client.host", given), ("hotstandby.http.host", given))).Settings;
        Assert.Equal((host, host), (settings.Client.Host, settings.Http.Host));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("node1")]
    [InlineData("127.1")]
    [InlineData("127.0.0.1:9003")]
    [InlineData("")]
    public void What_is_no_address_of_this_machine_is_no_listening_host(string host) =>
        Assert.All((string[])["hotstandby.client.host", "hotstandby.http.host"], path =>
            Assert.Equal(path, Assert.Single(Parse(Valid, (path, host)).Errors).Path));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0")]
    [InlineData("::")]
    [InlineData("::0")]
    public void Behind_a_wildcard_peers_are_told_the_name_that_nodes_use(string wildcard)
    {
        var roles = Require(Parse(Valid, ("hotstandby.http.host", wildcard), ("hotstandby.remoting.host", "::1")))
            .Full.GetStringList("akka.cluster.roles");
        Assert.Contains("http=http://[::1]:9003", roles);
    }

    [Theory]
    [InlineData("10.0.0.7", "", "10.0.0.7:50051")]
    [InlineData("0.0.0.0", "", "node1.example:50051")]
    [InlineData("::", "", "node1.example:50051")]
    [InlineData("10.0.0.7", "store.example", "store.example:50051")]
    [InlineData("0.0.0.0", "fd00:0::7", "[fd00::7]:50051")]
    public void Clients_are_told_where_the_node_listens_unless_it_says_another_place(string host, string advertised, string told)
    {
        var configuration = Require(Parse(
            Valid, ("hotstandby.client.host", host), ("hotstandby.client.advertised-host", advertised),
            ("hotstandby.remoting.host", "node1.example")));
        Assert.Equal(told, NodeConfiguration.ClientOf(configuration.Full.GetStringList("akka.cluster.roles")));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("fe80::1%eth0")]
    [InlineData("a b")]
    [InlineData("node1:50051")]
    public void Where_no_client_can_go_is_not_advertised(string host) =>
        Assert.Equal(
            "hotstandby.client.advertised-host", Assert.Single(Parse(Valid, ("hotstandby.client.advertised-host", host)).Errors).Path);

    [Theory]
    [InlineData("", "127.0.0.1", "10.0.0.7", "http://10.0.0.7:2379")]
    [InlineData("0.0.0.0", "0.0.0.0", "10.0.0.7", "http://node1.example:2379")]
    [InlineData("10.0.0.8", "10.0.0.8", "0.0.0.0", "http://10.0.0.8:2379")]
    public void The_discovery_port_listens_where_the_client_port_does_unless_it_says_another_place(
        string host, string listens, string client, string told)
    {
        var configuration = Require(Parse(
            Valid, ("hotstandby.discovery.host", host), ("hotstandby.discovery.etcd-port", "2379"), ("hotstandby.client.host", client),
            ("hotstandby.remoting.host", "node1.example")));
        Assert.Equal(host.Length == 0 ? client : listens, configuration.Settings.Discovery.Host);
        Assert.Equal(told, NodeConfiguration.DiscoveryOf(configuration.Full.GetStringList("akka.cluster.roles")));
        Assert.Equal("", NodeConfiguration.DiscoveryOf(Require(Parse(Valid)).Full.GetStringList("akka.cluster.roles")));
    }

    [Theory]
    [InlineData("50051")]
    [InlineData("9003")]
    [InlineData("5101")]
    public void The_discovery_port_is_none_of_the_others(string port) =>
        Assert.Contains("hotstandby.discovery.etcd-port",
            Parse(Valid, ("hotstandby.discovery.etcd-port", port)).Errors.Select(static error => error.Path));

    [Theory]
    [InlineData("::1", "[::1]")]
    [InlineData("0:0:0:0:0:0:0:1", "[::1]")]
    [InlineData("::1", "[0:0:0:0:0:0:0:1]")]
    [InlineData("FD00::7", "[fd00:0::7]")]
    public void An_IPv6_node_finds_itself_in_the_seed_list(string host, string seed)
    {
        var result = NodeConfiguration.Parse(
            $"hotstandby {{ node-id = n1, voters = [n1, n2, n3], data-dir = d, remoting.host = \"{host}\" }}\nakka.cluster.seed-nodes = "
                + $"[\"akka.tcp://hotstandby@{seed}:5101\", \"akka.tcp://hotstandby@n2:5101\"]", "test.conf");
        Assert.DoesNotContain(result.Warnings, static warning => warning.Path == "akka.cluster.seed-nodes");
        Assert.Equal(result.Configuration!.Settings.Remoting.AddressText, Require(result).Full.GetStringList("akka.cluster.seed-nodes")[0]);
    }

    [Theory]
    [InlineData("akka.tcp://hotstandby@0.0.0.0:5101")]
    [InlineData("akka.tcp://hotstandby@[::0]:5101")]
    [InlineData("akka.tcp://hotstandby@::1:5101")]
    [InlineData("akka.tcp://hotstandby@node1:70000")]
    [InlineData("akka.tcp://hotstandby@node1:0")]
    [InlineData("akka.tcp://hotstandby@127.1:5101")]
    [InlineData("akka.tcp://hotstandby@[fe80::1%eth0]:5101")]
    [InlineData("akka.tcp://hotstandby@:5101")]
    [InlineData("akka.tcp://hotstandby@node1")]
    public void A_seed_that_no_node_can_be_is_refused(string seed) =>
        Assert.Equal("akka.cluster.seed-nodes", Assert.Single(Parse(Valid, ("akka.cluster.seed-nodes", $"[\"{seed}\"]")).Errors).Path);
}
