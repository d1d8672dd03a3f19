// What operators may ask of a node's state, over HTTP.
using Akka.Actor;
using HotStandby.Core.Node;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class StateEndpointTests
{
    [Theory]
    [InlineData("/admin/checkpoint", NodeCommand.Checkpoint)]
    [InlineData("/admin/full-sync?confirm=yes", NodeCommand.FullSync)]
    public async Task A_command_is_begun_or_refused_with_its_reason(string path, NodeCommand expected)
    {
        string? refusal = null;
        var asked = new List<NodeCommand>();
        await using var server = await StartAsync(command: (command, _) =>
        {
            asked.Add(command);
            return Task.FromResult(refusal);
        });
        Assert.Equal((200, """{"success":true}"""), Brief(await server.SendAsync(HttpMethod.Post, path)));
        refusal = "a full sync is under way";
        Assert.Equal(
            (409, """{"success":false,"error_code":-1010,"error_message":"a full sync is under way"}"""),
            Brief(await server.SendAsync(HttpMethod.Post, path)));
        Assert.Equal([expected, expected], asked);
        Assert.Equal(405, (await server.GetAsync(path)).Status);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_503()
    {
        await using var server = await StartAsync(command: (_, _) => throw new AskTimeoutException("silent"));
        Assert.Equal(503, (await server.SendAsync(HttpMethod.Post, "/admin/checkpoint")).Status);
    }

    [Fact]
    public async Task A_fault_is_put_into_the_shard_that_is_named_where_that_is_allowed()
    {
        var asked = new List<(Partition, VerifyFault)>();
        await using var server = await StartAsync(inject: (shard, fault, _) =>
        {
            asked.Add((shard, fault));
            return shard == Partition.OfShard(3)
                ? Task.FromResult(7) : throw new InvalidOperationException("hotstandby.testing.faults is off");
        });
        Assert.Equal((200, """{"success":true,"affected":7}"""),
            Brief(await server.SendAsync(HttpMethod.Post, "/admin/verify/inject?confirm=yes&shard=3&fault=damage-shard")));
        var refused = await server.SendAsync(HttpMethod.Post, "/admin/verify/inject?confirm=yes&shard=4&fault=drop-key");
        Assert.Equal((409, true), (refused.Status, refused.Text.Contains("hotstandby.testing.faults is off", StringComparison.Ordinal)));
        Assert.Equal([(Partition.OfShard(3), VerifyFault.DamageShard), (Partition.OfShard(4), VerifyFault.DropKey)], asked);
        foreach (var wrong in (string[])["&shard=-1&fault=drop-key", "&shard=4096&fault=drop-key", "&fault=drop-key", "&shard=1",
            "&shard=1&fault=DropKey"])
            Assert.Equal(400, (await server.SendAsync(HttpMethod.Post, $"/admin/verify/inject?confirm=yes{wrong}")).Status);
    }

    private static (int, string) Brief(Answer answer) => (answer.Status, answer.Text);
}
