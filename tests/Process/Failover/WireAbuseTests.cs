// What a client may send to a running node without harm to any other client.
using System.Net;
using HotStandby.Lab.Cluster;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class WireAbuseTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Seed = 417;
    private const uint MoreThanTheLimit = (64 << 20) + 1;
    private static readonly ByteString Tenant = "default";

    [Fact]
    public Task A_node_survives_broken_clients_and_goes_on_serving_the_others() => WithClusterAsync(1, async (cluster, stop) =>
    {
        cluster.StartAll();
        var node = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var honest = await MasterConnection.ConnectAsync(IPEndPoint.Parse(node.ClientAddress), null, stop);
        await MustServeAsync(honest, stop);

        await GarbageIsCutOffAsync(node, stop);
        await MustServeAsync(honest, stop);
        await TooLargeAFrameIsCutOffAsync(node, stop);
        await MustServeAsync(honest, stop);
        await OtherArgumentsAreAnsweredWithAnErrorAsync(node, stop);
        await MustServeAsync(honest, stop);
        await UnknownFunctionsAreAnsweredWithAnErrorAsync(node, stop);
        await MustServeAsync(honest, stop);
        await HalfAFrameIsForgottenAsync(node, stop);
        await MustServeAsync(honest, stop);
        Assert.True(node.IsRunning);
    });

    [Fact]
    public Task A_Standby_says_that_it_does_not_serve_and_sends_no_data() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        foreach (var standby in cluster.Nodes.Where(node => node != primary))
        {
            await using var connection = await MasterConnection.ConnectAsync(IPEndPoint.Parse(standby.ClientAddress), null, stop);
            var client = new MasterClient(connection);
            Assert.Equal(ErrorCode.UnavailableInCurrentMode, (await client.ServiceReadyAsync(stop)).Error);
            Assert.Equal(ErrorCode.UnavailableInCurrentMode, (await client.PingAsync(new PingRequest(new Uuid(1, 2)), stop)).Error);
            Assert.Equal(ErrorCode.UnavailableInCurrentMode, (await client.ExistKeyAsync(new ExistKeyRequest("key", Tenant), stop)).Error);
            var many = await client.BatchExistKeyAsync(new BatchExistKeyRequest((ByteString[])["a", "b"], Tenant), stop);
            Assert.Equal(2, many.Count);
            Assert.Equal((ErrorCode.UnavailableInCurrentMode, ErrorCode.UnavailableInCurrentMode), (many[0].Error, many[1].Error));
            Assert.True(connection.IsOpen, "a Standby refuses calls, not clients");
        }
    });

    private static async Task GarbageIsCutOffAsync(LocalNode node, CancellationToken stop)
    {
        var random = new Random(Seed);
        for (var length = 1; length <= 4096; length *= 4)
        {
            var garbage = new byte[RequestHeader.Bytes + length];
            random.NextBytes(garbage);
            garbage[0] = (byte)(RequestHeader.Magic + 1);
            using var connection = await RawConnection.OpenAsync(node.ClientAddress, stop);
            await connection.SendAsync(garbage, stop);
            await connection.MustBeClosedAsync(stop);
        }
    }

    private static async Task TooLargeAFrameIsCutOffAsync(LocalNode node, CancellationToken stop)
    {
        var function = RpcTable.Newest[Rpc.ExistKey].Id;
        RequestHeader[] headers = [new(1, function, MoreThanTheLimit), new(1, function, uint.MaxValue), new(1, function, 8, uint.MaxValue)];
        foreach (var header in headers)
        {
            using var connection = await RawConnection.OpenAsync(node.ClientAddress, stop);
            await connection.SendAsync(header, default, stop);
            await connection.MustBeClosedAsync(stop);
        }
    }

    private static async Task OtherArgumentsAreAnsweredWithAnErrorAsync(LocalNode node, CancellationToken stop)
    {
        using var connection = await RawConnection.OpenAsync(node.ClientAddress, stop);
        var offered = 0;
        foreach (var function in RpcTable.Newest.Functions.Where(function => function.Arguments is not null))
        {
            if (!await IsOfferedAsync(connection, function, stop))
                continue;
            offered++;
            var body = BitConverter.GetBytes(function.Arguments!.Hash ^ 0x1000);
            await connection.SendAsync(new RequestHeader(77, function.Id, (uint)body.Length), body, stop);
            var (header, _) = await connection.ReceiveAsync(stop);
            Assert.Equal((77u, RpcErrorCode.InvalidArguments), (header.CallNumber, header.Error));
        }

        Assert.True(offered >= 15, $"only {offered} functions were tried");
    }

    // An empty body is no arguments of any function that has some: the node says so, or that it has no such function.
    private static async Task<bool> IsOfferedAsync(RawConnection connection, RpcFunction function, CancellationToken stop)
    {
        await connection.SendAsync(new RequestHeader(76, function.Id, 0), default, stop);
        var (header, _) = await connection.ReceiveAsync(stop);
        Assert.Equal(76u, header.CallNumber);
        Assert.Contains(header.Error, (RpcErrorCode[])[RpcErrorCode.InvalidArguments, RpcErrorCode.FunctionNotRegistered]);
        return header.Error == RpcErrorCode.InvalidArguments;
    }

    private static async Task UnknownFunctionsAreAnsweredWithAnErrorAsync(LocalNode node, CancellationToken stop)
    {
        using var connection = await RawConnection.OpenAsync(node.ClientAddress, stop);
        await connection.SendAsync(new RequestHeader(5, 12345, 3), new byte[3], stop);
        var (header, body) = await connection.ReceiveAsync(stop);
        Assert.Equal((5u, RpcErrorCode.FunctionNotRegistered), (header.CallNumber, header.Error));
        Assert.Equal(RpcError.FunctionNotRegisteredText, RpcError.Read(header.Error, body).Text);
    }

    private static async Task HalfAFrameIsForgottenAsync(LocalNode node, CancellationToken stop)
    {
        for (var cut = 1; cut < RequestHeader.Bytes + 100; cut += 13)
        {
            using var connection = await RawConnection.OpenAsync(node.ClientAddress, stop);
            var frame = new byte[RequestHeader.Bytes + 100];
            new RequestHeader(9, RpcTable.Newest[Rpc.ExistKey].Id, 100).Write(frame);
            await connection.SendAsync(frame.AsMemory(0, cut), stop);
        }
    }

    private static async Task MustServeAsync(MasterConnection connection, CancellationToken stop)
    {
        var client = new MasterClient(connection);
        Assert.True((await client.ServiceReadyAsync(stop)).IsOk);
        Assert.False((await client.ExistKeyAsync(new ExistKeyRequest("key", Tenant), stop)).Value.Value);
    }
}
