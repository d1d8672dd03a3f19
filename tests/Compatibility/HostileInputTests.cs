// Input from the network is whatever somebody sent. It is refused as a value: no exception, no memory beyond a small
// multiple of what was received.
using System.Buffers.Binary;
using CsCheck;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility;

public sealed class HostileInputTests
{
    private const int HashBytes = 4;

    private static readonly GoldenFrame[] Frames =
    [
        .. GoldenFile.Frames.Concat(GoldenFile.DoorNewest).Concat(GoldenFile.DoorPrevious)
            .Where(frame => frame.HasCodec && CallCodec.Body(frame).Length is > 0 and < 5000),
    ];

    // Without literals, so that what is changed is the payload.
    private static readonly (GoldenFrame Frame, byte[] Body)[] PlainBodies =
    [
        .. Frames.Select(frame => (frame, CallCatalog.Of(frame).Decode(frame)!.Encode(0, StructPackFlavour.Plain)))
            .Select(pair => (pair.frame, pair.Item2[(pair.frame.IsRequest ? RequestHeader.Bytes : ResponseHeader.Bytes)..]))
            .Where(pair => pair.Item2.Length > HashBytes),
    ];

    [Fact]
    public void Message_cut_anywhere_is_refused()
    {
        foreach (var frame in Frames)
        {
            var body = CallCodec.Body(frame);
            for (var length = 0; length < body.Length; length++)
                Assert.True(CallCatalog.Of(frame).Decode(frame.IsRequest, body[..length]) is null, $"{frame} cut to {length} bytes");
        }
    }

    [Fact]
    public void Bytes_after_the_value_are_ignored()
    {
        foreach (var frame in Frames)
        {
            var decoded = CallCatalog.Of(frame).Decode(frame.IsRequest, (byte[])[.. CallCodec.Body(frame).Span, 1, 2, 3]);
            Assert.Equal(frame.Meaning, decoded?.Meaning);
        }
    }

    [Fact]
    public void Mutated_messages_neither_throw_nor_allocate_more_than_a_multiple_of_their_size() =>
        Gen.Select(Gen.Int[0, PlainBodies.Length - 1], Gen.Select(Gen.Int[0, 4999], Gen.Byte).Array[1, 8]).Sample((index, changes) =>
        {
            var (frame, original) = PlainBodies[index];
            var body = original.ToArray();
            // The hash stays: with another one nothing behind it is looked at.
            foreach (var (position, value) in changes)
                body[HashBytes + (position % (body.Length - HashBytes))] = value;
            AssertBounded(frame, body);
        }, iter: 50_000);

    [Fact]
    public void Payloads_of_one_repeated_byte_neither_throw_nor_allocate_more_than_a_multiple_of_their_size()
    {
        foreach (var (frame, original) in PlainBodies)
        {
            for (var value = 0; value <= byte.MaxValue; value++)
            {
                byte[] body = [.. original[..HashBytes], .. Enumerable.Repeat((byte)value, 3000)];
                AssertBounded(frame, body);
                body[0] |= 1;
                for (var width = 0; width < 4; width++)
                {
                    body[HashBytes] = (byte)(width << 3);
                    AssertBounded(frame, body);
                }
            }
        }
    }

    [Theory]
    [InlineData(0x08, 2)]
    [InlineData(0x10, 4)]
    [InlineData(0x18, 8)]
    public void Count_beyond_the_message_is_refused_without_allocating_for_it(byte meta, int width)
    {
        var type = RpcTable.Newest[Rpc.BatchExistKey].Arguments!;
        var body = new byte[5 + width + 1000];
        BinaryPrimitives.WriteUInt32LittleEndian(body, type.Hash | 1);
        body[4] = meta;
        body.AsSpan(5, width).Fill(0xff);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = StructPackMessage.TryRead<BatchExistKeyRequest>(body, type, out _);
        Assert.False(read);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    [Fact]
    public void List_of_more_items_than_anyone_needs_is_refused()
    {
        var type = RpcTable.Newest[Rpc.BatchExistKey].Arguments!;
        var body = new byte[5 + 4 + (4 * (StructPackReader.MaximumListItems + 2))];
        BinaryPrimitives.WriteUInt32LittleEndian(body, type.Hash | 1);
        body[4] = 0x10;
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(5), StructPackReader.MaximumListItems + 1);
        Assert.False(StructPackMessage.TryRead<BatchExistKeyRequest>(body, type, out _));
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(5), StructPackReader.MaximumListItems);
        Assert.True(StructPackMessage.TryRead<BatchExistKeyRequest>(body, type, out var request));
        Assert.Equal(StructPackReader.MaximumListItems, request.Keys.Count);
    }

    [Theory]
    [InlineData("d81ef97c 04 68697431 07 64656661756c74", true)] // as recorded
    [InlineData("d91ef97c 00 04 68697431 07 64656661756c74", true)] // a meta byte that says nothing
    [InlineData("d91ef97c 08 0400 68697431 0700 64656661756c74", true)] // wider than needed
    [InlineData("d91ef97c 10 04000000 68697431 07000000 64656661756c74", true)]
    [InlineData("d91ef97c 18 0400000000000000 68697431 0700000000000000 64656661756c74", true)]
    [InlineData("d91ef97c 04 fd800c800cff00 04 68697431 07 64656661756c74", true)]
    [InlineData("d91ef97c 0c fd800c800cff00 0400 68697431 0700 64656661756c74", true)]
    [InlineData("da1ef97c 04 68697431 07 64656661756c74", false)] // another type
    [InlineData("d91ef97c 04 fd800c800dff00 04 68697431 07 64656661756c74", false)] // another literal
    [InlineData("d91ef97c 04 fd800c800cff01 04 68697431 07 64656661756c74", false)] // no NUL
    [InlineData("d91ef97c 01 04 68697431 07 64656661756c74", false)] // a total length, which no type here has
    [InlineData("d91ef97c 80 04 68697431 07 64656661756c74", false)] // an unknown flag
    [InlineData("d81ef97c 04 68697431 08 64656661756c74", false)] // one byte missing
    public void Head_is_read_as_the_protocol_says(string hexadecimal, bool accepted)
    {
        var body = Convert.FromHexString(hexadecimal.Replace(" ", "", StringComparison.Ordinal));
        var read = StructPackMessage.TryRead<ExistKeyRequest>(body, RpcTable.Newest[Rpc.ExistKey].Arguments!, out var request);
        Assert.Equal(accepted, read);
        if (accepted)
            Assert.Equal(new ExistKeyRequest("hit1", "default"), request);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(255, 1)]
    [InlineData(256, 2)]
    [InlineData(65_535, 2)]
    [InlineData(65_536, 4)]
    public void Largest_container_sets_the_width_of_every_count(int keyBytes, int width)
    {
        var request = new ExistKeyRequest(new ByteString(new byte[keyBytes]), "default");
        var size = StructPackMessage.Measure(RpcTable.Newest[Rpc.ExistKey].Arguments!, request, StructPackFlavour.Plain);
        Assert.Equal(width, size.CountWidth);
        Assert.Equal(4 + (width > 1 ? 1 : 0) + (2 * width) + keyBytes + 7, size.Bytes);
    }

    [Fact]
    public void Key_that_is_not_text_is_kept_byte_for_byte()
    {
        byte[] key = [0xff, 0x00, 0xc3, 0x28, 0x80];
        var frame = CallCatalog.EncodeRequest(
            1, Rpc.ExistKey, new ExistKeyRequest(new ByteString(key), "default"), StructPackFlavour.Plain);
        Assert.True(
            StructPackMessage.TryRead<ExistKeyRequest>(frame.AsMemory(20), RpcTable.Newest[Rpc.ExistKey].Arguments!, out var request));
        Assert.Equal(key, request.Key.Span);
    }

    private static void AssertBounded(GoldenFrame frame, byte[] body)
    {
        var codec = CallCatalog.Of(frame);
        var before = GC.GetAllocatedBytesForCurrentThread();
        codec.TryDecode(frame.IsRequest, body);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= 1024 + (64L * body.Length), $"{frame}: {allocated} bytes for a body of {body.Length}");
    }
}
