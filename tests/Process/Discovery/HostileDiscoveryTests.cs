// What may come to a port that anyone can reach: rubbish, floods, and readers that never read. The node goes on, and memory is bounded.
using Google.Protobuf;
using Grpc.Net.Client;
using HotStandby.Host.Discovery;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Tests.Process.Discovery;

public sealed class HostileDiscoveryTests
{
    private const string WatchPath = "/etcdserverpb.Watch/Watch";
    private const ushort InitialWindow = 4;

    private static byte[] CreateMessage => new WatchRequest { CreateRequest = new() { Key = DiscoveryFixture.Key } }.ToByteArray();

    private static async Task MustAnswerAsync(DiscoveryFixture node)
    {
        using var channel = node.NewChannel();
        Assert.NotNull((await new KV.KVClient(channel)
            .RangeAsync(new() { Key = DiscoveryFixture.Key }).ResponseAsync.WaitAsync(Deadline.Step)).Header);
    }

    [Fact]
    public async Task Random_frames_end_their_connection_and_nothing_else()
    {
        const int connections = 100, frames = 50;
        await using var node = await DiscoveryFixture.StartAsync();
        using var watch = node.Watch();
        await watch.BeginAsync();
        var random = new Random(12);
        for (var i = 0; i < connections; i++)
        {
            using var connection = await RawHttp2.ConnectAsync(node.EndPoint);
            try
            {
                for (var j = 0; j < frames; j++)
                {
                    var payload = new byte[random.Next(300)];
                    random.NextBytes(payload);
                    await connection.SendAsync((FrameType)random.Next(12), (byte)random.Next(256), random.Next(8), payload);
                }
            }
            catch (IOException)
            {
                // It was closed meanwhile.
            }
        }

        node.Serve(7);
        Assert.Equal("+7 node1.example:50051", await watch.EventAsync());
        await MustAnswerAsync(node);
    }

    [Fact]
    public async Task Rubbish_in_place_of_messages_ends_its_call()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        var random = new Random(13);
        foreach (var path in (string[])[WatchPath, "/etcdserverpb.KV/Range", "/etcdserverpb.Cluster/MemberList", "/nothing/here"])
        {
            using var connection = await RawHttp2.ConnectAsync(node.EndPoint);
            for (var stream = 1; stream < 60; stream += 2)
            {
                var message = new byte[random.Next(200)];
                random.NextBytes(message);
                await connection.CallAsync(stream, path);
                await connection.MessageAsync(stream, message, isLast: true);
            }

            await MustAnswerAsync(node);
        }

        await DiscoveryWatchTests.UntilAsync(() => node.Node.Watches == 0);
    }

    [Fact]
    public async Task Huge_headers_and_messages_are_refused()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        using (var connection = await RawHttp2.ConnectAsync(node.EndPoint))
        {
            await connection.CallAsync(1, "/etcdserverpb.KV/Range", isWhole: true, ("x", new string('x', 12_000)));
            await MustBeRefusedAsync(connection);
        }

        using (var connection = await RawHttp2.ConnectAsync(node.EndPoint))
        {
            await connection.CallAsync(
                1, "/etcdserverpb.KV/Range", isWhole: true, [.. Enumerable.Range(0, 200).Select(static i => ($"x{i}", "y"))]);
            await MustBeRefusedAsync(connection);
        }

        var refused = await Assert.ThrowsAsync<Grpc.Core.RpcException>(
            () => node.Keys.RangeAsync(new() { Key = ByteString.CopyFrom(new byte[20_000]) }).ResponseAsync.WaitAsync(Deadline.Step));
        Assert.Equal(Grpc.Core.StatusCode.ResourceExhausted, refused.StatusCode);
        await MustAnswerAsync(node);

        // The stream is reset, answered with an error, or the connection is closed: never an answer of the service.
        static async Task MustBeRefusedAsync(RawHttp2 connection)
        {
            while (await connection.NextAsync() is { } frame)
            {
                Assert.NotEqual(FrameType.Data, frame.Type);
                if (frame.Type is FrameType.Reset or FrameType.GoAway or FrameType.Headers)
                    return;
            }
        }
    }

    [Fact]
    public async Task Calls_that_are_begun_and_reset_without_end_hold_no_place()
    {
        const int rounds = 2000;
        await using var node = await DiscoveryFixture.StartAsync(maximumWatches: 10);
        using (var connection = await RawHttp2.ConnectAsync(node.EndPoint))
        {
            try
            {
                for (var stream = 1; stream < 2 * rounds; stream += 2)
                {
                    await connection.CallAsync(stream, WatchPath);
                    await connection.MessageAsync(stream, CreateMessage);
                    await connection.ResetAsync(stream);
                }
            }
            catch (IOException)
            {
                // Enough, says the server.
            }
        }

        await DiscoveryWatchTests.UntilAsync(() => node.Node.Watches == 0);
        using var watch = node.Watch();
        for (var i = 0; i < 10; i++)
            await watch.BeginAsync();
    }

    [Fact]
    public async Task A_reader_that_never_reads_is_ended_and_the_others_are_told_all_the_same()
    {
        const ulong changes = 2000;
        var time = new ManualTime();
        await using var node = await DiscoveryFixture.StartAsync(time: time);
        using var slow = await RawHttp2.ConnectAsync(node.EndPoint, (InitialWindow, 0)); // not one byte of an answer may be sent
        await slow.CallAsync(1, WatchPath);
        await slow.MessageAsync(1, CreateMessage);
        await DiscoveryWatchTests.UntilAsync(() => node.Node.Watches == 1);
        using var good = node.Watch();
        await good.BeginAsync();
        for (var epoch = 1ul; epoch <= changes; epoch++)
        {
            node.Serve(epoch);
            if (epoch > 1)
                Assert.Equal("-", await good.EventAsync());
            Assert.Equal($"+{epoch} node1.example:50051", await good.EventAsync());
        }

        Assert.Equal(2, node.Node.Watches);
        await DiscoveryWatchTests.UntilAsync(() =>
        {
            time.Advance(WatchStream.Patience);
            return node.Node.Watches == 1;
        });
        await good.NothingMoreAsync();
    }

    [Fact]
    public async Task When_all_connections_are_taken_one_without_a_call_gives_way()
    {
        await using var node = await DiscoveryFixture.StartAsync(maximumConnections: 20);
        var idle = new List<RawHttp2>();
        for (var i = 0; i < 40; i++)
            idle.Add(await RawHttp2.ConnectAsync(node.EndPoint));
        await MustAnswerAsync(node);
        idle.ForEach(static each => each.Dispose());
    }

    [Fact]
    public async Task Ten_thousand_watchers_are_told_and_take_little_memory()
    {
        const int channels = 100, streams = 100; // as many streams as a connection may have
        const long most = 100 << 10; // of a watcher and its client, who share this process
        await using var node = await DiscoveryFixture.StartAsync(maximumWatches: channels * streams);
        await MustAnswerAsync(node);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var open = new List<GrpcChannel>();
        var watches = new List<WatchSession>();
        try
        {
            for (var i = 0; i < channels; i++)
            {
                open.Add(node.NewChannel());
                var made = Enumerable.Range(0, streams).Select(_ => node.Watch(open[^1])).ToArray();
                watches.AddRange(made);
                await Task.WhenAll(made.Select(static watch => watch.BeginAsync()));
            }

            Assert.Equal(channels * streams, node.Node.Watches);
            var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (channels * streams);
            Assert.InRange(each, 0, most);
            node.Serve(7);
            Assert.All(await Task.WhenAll(watches.Select(static watch => watch.EventAsync())), static told =>
                Assert.Equal("+7 node1.example:50051", told));
        }
        finally
        {
            watches.ForEach(static watch => watch.Dispose());
            open.ForEach(static channel => channel.Dispose());
        }

        await DiscoveryWatchTests.UntilAsync(() => node.Node.Watches == 0);
    }

    [Fact]
    public async Task What_is_no_gRPC_is_told_what_this_port_is()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        using var http = new HttpClient
        {
            DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await http.GetAsync(node.Address);
        Assert.Equal(System.Net.HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Contains("not an etcd", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var old = new HttpClient();
        using var oldAnswer = await old.GetAsync(node.Address);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, oldAnswer.StatusCode);
    }
}
