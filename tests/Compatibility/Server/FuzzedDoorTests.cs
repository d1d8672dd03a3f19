// Whatever is sent, the door answers, refuses or closes; it never throws, never hangs and keeps nothing. The node behind it
// answers everything at once.
using System.Buffers.Binary;
using CsCheck;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Server;

namespace HotStandby.Tests.Compatibility.Server;

public abstract class FuzzedDoorTest(RpcTable table, IReadOnlyList<GoldenFrame> frames) : DoorTest
{
    private const int FramesOfARound = 64;
    private const int HashBytes = 4;
    private const int CallNumberOffset = 4, BodyBytesOffset = 12;

    // Bytes that stay allocated after thousands of hostile frames; far below what any one of them could ask for.
    private const long BoundBytes = 8 << 20;

    private static readonly TimeSpan NeverOnItsOwn = TimeSpan.FromHours(1);

    private readonly byte[][] _requests = [.. frames.Where(frame => frame.IsRequest).Select(frame => frame.Bytes)];

    private protected override ServerOptions Options => base.Options with
    {
        Functions = table,
        MaximumRequestsInFlight = 2 * FramesOfARound,
        RequestTimeout = NeverOnItsOwn,
    };

    [Fact]
    public async Task Mutated_arguments_are_each_answered_once_and_leave_nothing_behind()
    {
        Gateway.AnswersAtOnce = true;
        var client = await ConnectAsync();
        var mutated = Gen.Select(Gen.Int[0, _requests.Length - 1], Gen.Select(Gen.Int[0, 999], Gen.Byte).Array[1, 6], Gen.Int[0, 9])
            .Select((index, changes, cut) => Mutate(_requests[index], changes, cut)).Array[FramesOfARound];
        await mutated.SampleAsync(round => RoundAsync(client, round), iter: 5, threads: 1);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await mutated.SampleAsync(round => RoundAsync(client, round), iter: 1000, threads: 1);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, BoundBytes);
        Gateway.AnswersAtOnce = false;
        await AssertOpenAsync(client);
    }

    [Fact]
    public async Task Mutated_frames_are_answered_or_end_their_own_connection_only()
    {
        Gateway.AnswersAtOnce = true;
        await Gen.Select(Gen.Int[0, _requests.Length - 1], Gen.Select(Gen.Int[0, 999], Gen.Byte).Array[1, 4], Gen.Byte.Array[0, 40])
            .SampleAsync(
            async (index, changes, tail) =>
            {
                byte[] bytes = [.. _requests[index]];
                foreach (var (position, value) in changes)
                    bytes[position % bytes.Length] = value;
                await SendAndDrainAsync([.. bytes, .. tail]);
            },
            iter: 500, threads: 1);
        Gateway.AnswersAtOnce = false;
        await AssertOpenAsync(await ConnectAsync());
    }

    private static async Task RoundAsync(RawClient client, byte[][] round)
    {
        for (var number = 0; number < round.Length; number++)
            BinaryPrimitives.WriteInt32LittleEndian(round[number].AsSpan(CallNumberOffset), number);
        await client.SendAsync(round.SelectMany(frame => frame).ToArray());
        var open = Enumerable.Range(0, round.Length).Select(number => (uint)number).ToHashSet();
        while (open.Count > 0)
        {
            Assert.True(ResponseHeader.TryRead(await client.ReceiveAsync(), out var header));
            Assert.True(header.Error is RpcErrorCode.Ok or RpcErrorCode.InvalidArguments, $"{header.Error}");
            Assert.True(open.Remove(header.CallNumber), $"{header.CallNumber} was answered twice or never asked");
        }
    }

    // The header keeps what finds the function and the body's end; the hash keeps the type: what changes is looked at.
    private static byte[] Mutate(byte[] request, (int Position, byte Value)[] changes, int cut)
    {
        var body = request[RequestHeader.Bytes..];
        foreach (var (position, value) in changes)
        {
            if (body.Length > HashBytes)
                body[HashBytes + (position % (body.Length - HashBytes))] = value;
        }
        if (cut == 0)
            body = body[..(body.Length / 2)];
        byte[] frame = [.. request[..RequestHeader.Bytes], .. body];
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(BodyBytesOffset), body.Length);
        return frame;
    }

    private async Task SendAndDrainAsync(byte[] bytes)
    {
        using var client = await RawClient.ConnectAsync(Server.Endpoint);
        await client.SendAsync(bytes);
        client.FinishSending();
        await client.DrainAsync();
    }
}

[Collection(MemoryCollection.Name)]
public sealed class NewestFuzzedDoorTests() : FuzzedDoorTest(RpcTable.Newest, GoldenFile.DoorNewest);

[Collection(MemoryCollection.Name)]
public sealed class PreviousFuzzedDoorTests() : FuzzedDoorTest(RpcTable.Previous, GoldenFile.DoorPrevious);
