// What large and unfinished frames cost the node: never more than its budget, and the other connections nothing.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Server;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

[Collection(MemoryCollection.Name)]
public sealed class FrameMemoryTests : DoorTest, IDisposable
{
    private const int BudgetBytes = 8 << 20, FrameBytes = 6 << 20, SentBytes = 5 << 20, Attackers = 40;

    private readonly FrameBudget _budget = new(BudgetBytes);
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, int> _refused = [];

    public FrameMemoryTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: DoorMetrics.MeterName, Name: "hotstandby_refused_frames" })
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            lock (_refused)
            {
                var reason = (string)tags[0].Value!;
                _refused[reason] = _refused.GetValueOrDefault(reason) + 1;
            }
        });
        _listener.Start();
    }

    private protected override ServerOptions Options => base.Options with
    {
        Limits = new FrameLimits(BudgetBytes),
        MaximumConnections = Attackers + 8,
        Budget = _budget,
    };

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Unfinished_large_frames_of_many_connections_stay_within_the_budget_and_harm_nobody()
    {
        var honest = await ConnectAsync();
        await AssertOpenAsync(honest);
        var frame = Unfinished(FrameBytes, SentBytes); // one for all: some kernels count a sender's pages as soon as they are read
        var before = ResidentBytes();
        var attackers = new List<(RawClient Client, Task Sending)>();
        for (var i = 0; i < Attackers; i++)
        {
            var client = await ConnectAsync();
            attackers.Add((client, SendAllAsync(client, frame)));
        }

        await UntilAsync(() => _budget.Waiting == Attackers - 1);
        Assert.Equal(FrameBytes, _budget.ReservedBytes);
        await AssertOpenAsync(honest);
        // The socket buffers are the kernel's; 40 bodies would be 200 MiB here.
        Assert.InRange(
            ResidentBytes() - before, long.MinValue, BudgetBytes + (Attackers * 3L * ServerOptions.SmallFrameBytes) + (64 << 20));

        // Whoever waits may still be given the memory of one that was cut, and is cut later for its own unfinished frame.
        var closed = Task.WhenAll(attackers.Select(async attacker =>
        {
            await attacker.Sending;
            await attacker.Client.DrainAsync();
        }));
        await UntilAsync(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(11));
            return closed.IsCompleted;
        });
        await closed;
        await UntilAsync(() => _budget is { ReservedBytes: 0, Waiting: 0 });
        lock (_refused)
        {
            Assert.Equal(Attackers, _refused.Values.Sum());
            Assert.Equal(["busy", "unfinished"], _refused.Keys.Order());
        }

        await AssertOpenAsync(honest);
        await AssertLargeIsTakenAsync(await ConnectAsync());
    }

    [Fact]
    public async Task Frame_that_waits_for_memory_is_taken_when_others_have_gone()
    {
        var (first, second) = (await ConnectAsync(), await ConnectAsync());
        await first.SendAsync(Unfinished(FrameBytes, 100));
        await UntilAsync(() => _budget.ReservedBytes == FrameBytes);
        var sending = SendAllAsync(second, LargeExist(7, FrameBytes));
        await UntilAsync(() => _budget.Waiting == 1);
        Assert.Equal(0, Gateway.Waiting);
        first.Dispose();
        Answer(await Gateway.NextKeyedAsync());
        Assert.Equal(7u, (await ReceiveManyAsync(second)).Number);
        await sending;
        await UntilAsync(() => _budget.ReservedBytes == 0);
    }

    [Fact]
    public async Task Large_frame_holds_its_share_until_it_is_answered()
    {
        var client = await ConnectAsync();
        await client.SendAsync(LargeExist(1, FrameBytes));
        var call = await Gateway.NextKeyedAsync();
        Assert.Equal(FrameBytes - RequestHeader.Bytes, _budget.ReservedBytes);
        Answer(call);
        await ReceiveManyAsync(client);
        await UntilAsync(() => _budget.ReservedBytes == 0);
    }

    [Fact]
    public async Task Refused_large_frame_gives_its_share_back()
    {
        var client = await ConnectAsync();
        var frame = LargeExist(1, FrameBytes);
        frame[RequestHeader.Bytes] ^= 0x40;
        await client.SendAsync(frame);
        Assert.True(ResponseHeader.TryRead(await client.ReceiveAsync(), out var header));
        Assert.Equal(RpcErrorCode.InvalidArguments, header.Error);
        await UntilAsync(() => _budget.ReservedBytes == 0);
        await AssertOpenAsync(client);
    }

    [Fact]
    public async Task Attachment_is_read_and_not_kept()
    {
        var client = await ConnectAsync();
        var frame = Exist(5);
        BitConverter.TryWriteBytes(frame.AsSpan(16), 4 << 20);
        await client.SendAsync(frame);
        await client.SendAsync(new byte[4 << 20]);
        var call = await Gateway.NextKeyedAsync();
        Assert.Equal(frame.Length - RequestHeader.Bytes, _budget.ReservedBytes);
        Answer(call);
        Assert.Equal(5u, (await ReceiveExistAsync(client)).Number);
        await AssertOpenAsync(client);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(RequestHeader.Bytes - 1)]
    [InlineData(RequestHeader.Bytes)]
    [InlineData(30)]
    public async Task Frame_that_is_begun_and_not_completed_ends_its_connection(int bytes)
    {
        var client = await ConnectAsync();
        var frame = Exist(1);
        await AssertOpenAsync(client);
        await client.SendAsync(frame.AsMemory(0, bytes));
        await TimePassesUntilClosedAsync(client);
        lock (_refused)
            Assert.Equal(1, _refused["unfinished"]);
    }

    [Fact]
    public async Task Frame_that_trickles_in_has_one_time_for_all_of_it()
    {
        var client = await ConnectAsync();
        await client.SendAsync(Unfinished(FrameBytes, 100));
        await UntilAsync(() => _budget.ReservedBytes == FrameBytes);
        Time.Advance(TimeSpan.FromSeconds(9));
        await client.SendAsync(new byte[1000]);
        Time.Advance(TimeSpan.FromSeconds(2));
        await client.DrainAsync();
        await UntilAsync(() => _budget.ReservedBytes == 0);
    }

    [Fact]
    public async Task Idle_connection_stays()
    {
        var (fresh, used) = (await ConnectAsync(), await ConnectAsync());
        await AssertOpenAsync(used);
        Time.Advance(TimeSpan.FromHours(10));
        await AssertOpenAsync(fresh);
        await AssertOpenAsync(used);
    }

    // The time of a frame runs from its arrival, which the test cannot see: it lets time pass until the door has noticed.
    private async Task TimePassesUntilClosedAsync(RawClient client)
    {
        var closed = client.AssertClosedAsync();
        await UntilAsync(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            return closed.IsCompleted;
        });
        await closed;
    }

    private async Task AssertLargeIsTakenAsync(RawClient client)
    {
        await client.SendAsync(LargeExist(9, FrameBytes));
        var call = await Gateway.NextKeyedAsync();
        Assert.Equal(LargeKeys, call.Keys.Length);
        Answer(call);
        Assert.Equal((9u, LargeKeys), await ReceiveManyAsync(client));
    }

    private const int LargeKeys = 3000;

    // As many keys as make the frame exactly this long.
    private static byte[] LargeExist(uint number, int frameBytes)
    {
        var keys = new ByteString[LargeKeys];
        Array.Fill(keys, new string('k', 1000));
        var missing = frameBytes - Frame(number, keys).Length;
        for (var i = 0; missing > 0; i++)
        {
            var more = Math.Min(missing, 3000);
            keys[i] = new string('k', 1000 + more);
            missing -= more;
        }

        var frame = Frame(number, keys);
        Assert.Equal(frameBytes, frame.Length);
        return frame;
    }

    private static byte[] Frame(uint number, ByteString[] keys) =>
        RawClient.Frame<BatchExistKeyRequest, WireList<Expected<WireBool>>>(number, new BatchExistKeyRequest(keys, "default"));

    private static async Task<(uint Number, int Count)> ReceiveManyAsync(RawClient client)
    {
        var (number, value) = await client.ReceiveAsync<BatchExistKeyRequest, WireList<Expected<WireBool>>>();
        return (number, value.Count);
    }

    private static byte[] Unfinished(int bodyBytes, int sentBytes)
    {
        var frame = new byte[RequestHeader.Bytes + sentBytes];
        new RequestHeader(1, RpcTable.Newest[Rpc.ExistKey].Id, (uint)bodyBytes).Write(frame);
        return frame;
    }

    // Ends with the connection, which the door closes in the middle of it.
    private static async Task SendAllAsync(RawClient client, byte[] bytes)
    {
        try
        {
            await client.SendAsync(bytes);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // What the test expects of a connection that is cut.
        }
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        using var patience = new CancellationTokenSource(RawClient.Patience);
        while (!reached())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
