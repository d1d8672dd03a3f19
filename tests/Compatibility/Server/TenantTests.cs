// What the tenant of a request means: nothing by default, as with a Mooncake master's default flags, or keys of its own.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Server;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class OneTenantTests : DoorTest
{
    [Theory]
    [InlineData("")]
    [InlineData("default")]
    [InlineData("a")]
    [InlineData("_hidden")]
    [InlineData("a\u0000b\u007f")]
    public async Task Every_tenant_is_the_default_one(string tenant)
    {
        await using var connection = await MasterConnection.ConnectAsync(Server.Endpoint);
        var client = new MasterClient(connection);
        KeyedCall[] keyed =
        [
            await TakeAsync<KeyedCall>(client.ExistKeyAsync(new("k", tenant)).AsTask()),
            await TakeAsync<KeyedCall>(client.BatchGetReplicaListAsync(new((ByteString[])["k"], tenant)).AsTask()),
            await TakeAsync<KeyedCall>(client.PutStartAsync(new(new(1, 2), "k", 1, new WireReplicateConfig(), tenant)).AsTask()),
            await TakeAsync<KeyedCall>(
                client.BatchPutEndAsync(new(new(1, 2), (ObjectMeta[])[new("k", null)], ReplicaType.All, tenant)).AsTask()),
            await TakeAsync<KeyedCall>(client.UpsertRevokeAsync(new(new(1, 2), "k", ReplicaType.All, tenant)).AsTask()),
            await TakeAsync<KeyedCall>(client.BatchRemoveAsync(new((ByteString[])["k"], false, tenant)).AsTask()),
            await TakeAsync<KeyedCall>(client.CopyStartAsync(new(new(1, 2), "k", tenant, "a", (ByteString[])["b"])).AsTask()),
            await TakeAsync<KeyedCall>(client.MoveEndAsync(new(new(1, 2), "k", tenant)).AsTask()),
        ];
        Assert.All(keyed, call => Assert.Equal(ObjectKey.From("k"), Assert.Single(call.Keys)));
        Assert.Equal(
            ObjectKey.From("k"), (await TakeAsync<CreateTaskCall>(client.CreateMoveTaskAsync(new("k", tenant, "a", "b")).AsTask())).Key);

        Assert.Equal(
            "default"u8.ToArray(), (await TakeAsync<ScanCall>(client.GetReplicaListByRegexAsync(new("k", tenant)).AsTask())).Tenant);
        var all = await TakeAsync<ScanCall>(client.RemoveAllAsync(new(true, tenant)).AsTask());
        Assert.Equal(tenant.Length == 0 ? null : "default"u8.ToArray(), all.Tenant); // without a tenant, also what another setting has left
    }

    private async Task<T> TakeAsync<T>(Task answered) where T : MasterCall
    {
        var call = await Gateway.NextAsync<T>();
        StandardAnswers.Settle(call);
        await answered;
        return call;
    }
}

public sealed class ManyTenantsTests : DoorTest
{
    private protected override ServerOptions Options => base.Options with { Tenancy = new(IsolatesTenants: true) };

    [Fact]
    public async Task Tenants_have_keys_of_their_own()
    {
        Assert.Equal(ObjectKey.From("a"u8, "k"u8), await KeyOfAsync("a"));
        Assert.Equal(ObjectKey.From("k"), await KeyOfAsync(""));
        Assert.Equal(ObjectKey.From("k"), await KeyOfAsync("default"));
    }

    [Theory]
    [InlineData("_hidden")]
    [InlineData("a\u0000b")]
    [InlineData("\u007f")]
    public async Task Tenant_that_cannot_be_is_refused_before_anyone_looks(string tenant)
    {
        await using var connection = await MasterConnection.ConnectAsync(Server.Endpoint);
        var client = new MasterClient(connection);
        var config = new WireReplicateConfig();
        ByteString[] keys = ["k", "l"];
        Assert.Equal(ErrorCode.TenantNotRegistered, (await client.PutStartAsync(new(new(1, 2), "k", 1, config, tenant))).Error);
        Assert.Equal(ErrorCode.TenantNotRegistered,
            (await client.BatchUpsertStartAsync(new(new(1, 2), keys, new ulong[] { 1, 1 }, config, tenant)))[1].Error);
        Assert.Equal(
            ErrorCode.InvalidParams, (await client.BatchPutStartAsync(new(new(1, 2), keys, new ulong[] { 1 }, config, tenant)))[1].Error);
        Assert.Equal(
            ErrorCode.TenantNotRegistered, (await client.CopyStartAsync(new(new(1, 2), "k", tenant, "a", (ByteString[])["b"]))).Error);
        Assert.Equal(ErrorCode.TenantNotRegistered, (await client.MoveStartAsync(new(new(1, 2), "k", tenant, "a", "b"))).Error);
        Assert.Equal(ErrorCode.InvalidParams, (await client.ExistKeyAsync(new("k", tenant))).Error);
        Assert.Equal(ErrorCode.InvalidParams, (await client.BatchGetReplicaListAsync(new(keys, tenant)))[1].Error);
        Assert.Equal(ErrorCode.InvalidParams, (await client.PutEndAsync(new(new(1, 2), new("k", null), ReplicaType.All, tenant))).Error);
        Assert.Equal(ErrorCode.InvalidParams, (await client.BatchPutRevokeAsync(new(new(1, 2), keys, ReplicaType.All, tenant)))[1].Error);
        Assert.Equal(ErrorCode.InvalidParams, (await client.RemoveAsync(new("k", true, tenant))).Error);
        Assert.Equal(ErrorCode.InvalidParams, (await client.CopyEndAsync(new(new(1, 2), "k", tenant))).Error);
        Assert.Equal(0, Gateway.Waiting);

        Gateway.MayServe = false; // then there is something more important to say
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, (await client.PutStartAsync(new(new(1, 2), "k", 1, config, tenant))).Error);
    }

    private async Task<ObjectKey> KeyOfAsync(string tenant)
    {
        var client = await ConnectAsync();
        await client.SendAsync(RawClient.Frame<ExistKeyRequest, Expected<WireBool>>(1, new("k", tenant)));
        var call = await Gateway.NextKeyedAsync();
        Answer(call);
        return Assert.Single(call.Keys);
    }
}
