// Objects over HTTP: Mooncake's shapes, leases only where asked for, removals that say why not.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class ObjectEndpointTests
{
    private static readonly ReplicaDescriptor Replica = new(9, 4096, 0x7000_0000, "tcp", "10.0.0.2:12345", ReplicaStatus.Complete);

    [Fact]
    public async Task Query_key_tells_where_the_bytes_are_and_grants_no_lease()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = Each(Found);
        var answer = await server.GetAsync("/query_key?key=a%2Fb");
        Assert.Equal(200, answer.Status);
        Assert.Equal(
            """{"success":true,"data":[{"size_":4096,"buffer_address_":1879048192"""
                + ""","protocol_":"tcp","transport_endpoint_":"10.0.0.2:12345"}]}""",
            answer.Text);
        var call = Assert.IsType<KeyedCall>(Assert.Single(server.Gateway.Calls));
        Assert.Equal((KeyedOperation.Peek, ObjectKey.From("a/b")), (call.Operation, call.Keys[0]));
    }

    [Fact]
    public async Task Query_key_grants_a_lease_when_asked()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = Each(Found);
        var answer = await server.GetAsync("/query_key?key=a&lease=true&tenant_id=t");
        Assert.Equal(10_000, answer.Json.GetProperty("lease_ttl_ms").GetInt32());
        var call = Assert.IsType<KeyedCall>(Assert.Single(server.Gateway.Calls));
        Assert.Equal((KeyedOperation.GetReplicaList, ObjectKey.From("t"u8, "a"u8)), (call.Operation, call.Keys[0]));
    }

    [Theory]
    [InlineData("/query_key")]
    [InlineData("/query_key?key=")]
    [InlineData("/query_key?key=&lease=true")]
    public async Task Query_key_without_a_key_finds_nothing_as_with_mooncake(string path)
    {
        await using var server = await StartAsync();
        var answer = await server.GetAsync(path);
        Assert.Equal((404, (int)ErrorCode.ObjectNotFound, "OBJECT_NOT_FOUND"), (answer.Status, answer.ErrorCode, answer.ErrorMessage));
        server.Gateway.MayServe = false;
        Assert.Equal(503, (await server.GetAsync(path)).Status);
    }

    [Theory]
    [InlineData("t")]
    [InlineData("_t")]
    [InlineData("t%00u")]
    public async Task Every_tenant_is_the_default_one_unless_tenants_are_kept_apart(string tenant)
    {
        await using var server = await StartAsync(isolatesTenants: false);
        server.Gateway.Script = call =>
        {
            if (call is ScanCall scan)
                scan.Finish([], 1);
            else
                Each(Found)(call);
        };
        Assert.Equal(200, (await server.GetAsync($"/query_key?key=a&tenant_id={tenant}")).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Delete, $"/api/v1/objects?key=a&tenant_id={tenant}")).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Post, $"/api/v1/remove_all?tenant_id={tenant}")).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Post, "/api/v1/remove_all?tenant_id=")).Status);
        Assert.All(server.Gateway.Calls.OfType<KeyedCall>(), call => Assert.Equal(ObjectKey.From("a"), call.Keys[0]));
        Assert.Equal(["default", null], server.Gateway.Calls.OfType<ScanCall>().Select(
            call => call.Tenant is { } bytes ? Encoding.UTF8.GetString(bytes) : null));
    }

    [Theory]
    [InlineData(ErrorCode.ObjectNotFound, "OBJECT_NOT_FOUND")]
    [InlineData(ErrorCode.ReplicaIsNotReady, "REPLICA_IS_NOT_READY")]
    public async Task Every_failure_of_query_key_is_404_with_the_real_code(ErrorCode code, string name)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = Each(_ => new ItemResult { Error = code });
        var answer = await server.GetAsync("/query_key?key=a");
        Assert.Equal((404, (int)code, name), (answer.Status, answer.ErrorCode, answer.ErrorMessage));
        Assert.False(answer.Json.GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task A_batch_query_answers_key_by_key_without_leases()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = Each(key => key == ObjectKey.From("b") ? new ItemResult { Error = ErrorCode.ObjectNotFound } : Found(key));
        var answer = await server.GetAsync("/batch_query_keys?keys=a,b,a");
        Assert.Equal(200, answer.Status);
        Assert.Equal(
            """{"success":true,"data":{"a":{"ok":true,"error":null,"values":[{"size_":4096,"buffer_address_":1879048192"""
                + ""","protocol_":"tcp","transport_endpoint_":"10.0.0.2:12345"}],"disk_values":null,"local_disk_values":null"""
                + ""","nof_values":null},"b":{"ok":false,"error":"OBJECT_NOT_FOUND","values":null,"disk_values":null"""
                + ""","local_disk_values":null,"nof_values":null}}}""",
            answer.Text);
        var call = Assert.IsType<KeyedCall>(Assert.Single(server.Gateway.Calls));
        Assert.Equal((KeyedOperation.Peek, 2), (call.Operation, call.Keys.Length));
    }

    [Fact]
    public async Task A_batch_query_without_keys_is_refused_as_mooncake_refuses_it()
    {
        await using var server = await StartAsync();
        var answer = await server.GetAsync("/batch_query_keys?keys=,");
        Assert.Equal((400, "No keys provided. Use ?keys=key1,key2,..."), (answer.Status, answer.Json.GetProperty("error").GetString()));
        Assert.Empty(server.Gateway.Calls);
    }

    [Fact]
    public async Task All_keys_come_one_a_line_in_as_many_pieces_as_it_takes()
    {
        await using var server = await StartAsync();
        var keys = Enumerable.Range(0, 20_000).Select(i => $"key-{i}").ToArray();
        server.Gateway.Script = call => ((ScanCall)call).Finish([.. keys.Select(key => (ObjectKey.From(key), default(ReplicaList)))], 0);
        var answer = await server.GetAsync("/get_all_keys");
        Assert.Equal((200, "text/plain; version=0.0.4"), (answer.Status, answer.ContentType));
        Assert.Equal(string.Concat(keys.Select(key => key + "\n")), answer.Text);
        var scan = Assert.IsType<ScanCall>(Assert.Single(server.Gateway.Calls));
        Assert.Equal((ScanOperation.ListKeys, "default"), (scan.Operation, Encoding.UTF8.GetString(scan.Tenant!)));
    }

    [Fact]
    public async Task No_keys_are_an_empty_answer()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call => ((ScanCall)call).Finish([], 0);
        var answer = await server.GetAsync("/get_all_keys");
        Assert.Equal((200, ""), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task A_removal_refused_by_a_lease_says_how_long_it_has_left()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = Each(_ => new ItemResult { Error = ErrorCode.ObjectHasLease, LeaseTtlMilliseconds = 4321 });
        var answer = await server.SendAsync(HttpMethod.Delete, "/api/v1/objects?key=a");
        Assert.Equal((409, -706, 4321), (answer.Status, answer.ErrorCode, answer.Json.GetProperty("lease_remaining_ms").GetInt32()));
    }

    [Theory]
    [InlineData(ErrorCode.ObjectNotFound, 404)]
    [InlineData(ErrorCode.ReplicaIsNotReady, 409)]
    [InlineData(ErrorCode.ObjectHasReplicationTask, 409)]
    [InlineData(ErrorCode.InternalError, 500)]
    public async Task A_removal_refused_otherwise_says_why(ErrorCode code, int status)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = Each(_ => new ItemResult { Error = code });
        var answer = await server.SendAsync(HttpMethod.Delete, "/api/v1/objects?key=a");
        Assert.Equal((status, (int)code), (answer.Status, answer.ErrorCode));
        Assert.False(answer.Json.TryGetProperty("lease_remaining_ms", out _));
    }

    [Fact]
    public async Task A_forced_removal_ignores_leases()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = Each(_ => default);
        var answer = await server.SendAsync(HttpMethod.Delete, "/api/v1/objects?key=a&force=1");
        Assert.Equal((200, """{"success":true}"""), (answer.Status, answer.Text));
        Assert.True(Assert.IsType<KeyedCall>(Assert.Single(server.Gateway.Calls)).Force);
    }

    [Theory]
    [InlineData("", false, null)]
    [InlineData("?force=true&tenant_id=t", true, "t")]
    public async Task Remove_all_counts_what_went_in_one_tenant_or_in_all(string query, bool isForced, string? tenant)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call => ((ScanCall)call).Finish([], 12);
        var answer = await server.SendAsync(HttpMethod.Post, "/api/v1/remove_all" + query);
        Assert.Equal((200, """{"success":true,"removed_count":12}"""), (answer.Status, answer.Text));
        var scan = Assert.IsType<ScanCall>(Assert.Single(server.Gateway.Calls));
        Assert.Equal((ScanOperation.Remove, isForced, tenant),
            (scan.Operation, scan.Force, scan.Tenant is null ? null : Encoding.UTF8.GetString(scan.Tenant)));
    }

    private static ItemResult Found(ObjectKey key) => new() { Replicas = new ReplicaList(Replica), LeaseTtlMilliseconds = 10_000 };

    private static Action<MasterCall> Each(Func<ObjectKey, ItemResult> result) => call =>
    {
        var keyed = (KeyedCall)call;
        for (var i = 0; i < keyed.Keys.Length; i++)
            keyed.Results[i] = result(keyed.Keys[i]);
        keyed.Settle(keyed.Keys.Length);
    };
}
