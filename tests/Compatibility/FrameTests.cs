// Where a frame begins and ends in a stream of bytes.
using System.Buffers;
using CsCheck;
using HotStandby.Mooncake.Frames;

namespace HotStandby.Tests.Compatibility;

public sealed class FrameTests
{
    private static readonly GoldenFrame[] Requests = [.. GoldenFile.Frames.Where(frame => frame.IsRequest && frame.Bytes.Length < 1000)];

    [Fact]
    public void Frames_are_found_however_the_stream_is_cut_into_pieces() =>
        Gen.Select(Gen.Int[0, Requests.Length - 1].Array[1, 5], Gen.Int[1, 60].Array[1, 20]).Sample((picks, pieceSizes) =>
        {
            byte[] stream = [.. picks.SelectMany(pick => Requests[pick].Bytes)];
            var buffer = Pieces.Of(stream, pieceSizes);
            foreach (var pick in picks)
            {
                Assert.Equal(FrameStatus.Complete, FrameReader.ReadRequest(ref buffer, FrameLimits.Default, out var header, out var body));
                Assert.Equal(CallCodec.Body(Requests[pick]).ToArray(), body.ToArray());
                Assert.Equal((uint)body.Length, header.BodyBytes);
                using var contiguous = new FrameBody(body);
                Assert.Equal(body.ToArray(), contiguous.Memory.ToArray());
            }
            Assert.Equal(FrameStatus.Incomplete, FrameReader.ReadRequest(ref buffer, FrameLimits.Default, out _, out _));
            Assert.True(buffer.IsEmpty);
        });

    [Fact]
    public void Part_of_a_frame_is_incomplete_and_stays_where_it_is()
    {
        foreach (var frame in GoldenFile.Frames.Where(frame => frame.Bytes.Length < 1000))
        {
            for (var length = 0; length < frame.Bytes.Length; length++)
            {
                var buffer = new ReadOnlySequence<byte>(frame.Bytes, 0, length);
                var status = frame.IsRequest
                    ? FrameReader.ReadRequest(ref buffer, FrameLimits.Default, out _, out _)
                    : FrameReader.ReadResponse(ref buffer, FrameLimits.Default, out _, out _);
                Assert.Equal(FrameStatus.Incomplete, status);
                Assert.Equal(length, buffer.Length);
            }
        }
    }

    [Theory]
    [InlineData(0, 22)] // magic
    [InlineData(1, 1)] // version
    [InlineData(2, 1)] // serialization
    public void Header_of_another_protocol_is_malformed(int position, byte value)
    {
        var bytes = Requests[0].Bytes.ToArray();
        bytes[position] = value;
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.Equal(FrameStatus.Malformed, FrameReader.ReadRequest(ref buffer, FrameLimits.Default, out _, out _));
    }

    [Theory]
    [InlineData(1001, 0)]
    [InlineData(1, 1000)]
    [InlineData(uint.MaxValue, 0)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    public void Frame_beyond_the_limit_is_known_by_its_header_alone(uint bodyBytes, uint attachmentBytes)
    {
        var bytes = new byte[RequestHeader.Bytes];
        new RequestHeader(7, 1, bodyBytes, attachmentBytes).Write(bytes);
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.Equal(FrameStatus.TooLarge, FrameReader.ReadRequest(ref buffer, new FrameLimits(1000), out var header, out _));
        Assert.Equal(7u, header.CallNumber);
    }

    [Fact]
    public void Attachment_is_skipped()
    {
        byte[] bytes = [.. new byte[RequestHeader.Bytes], 1, 2, 3, 4, 5, 9];
        new RequestHeader(7, 1, 2, 3).Write(bytes);
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.Equal(FrameStatus.Complete, FrameReader.ReadRequest(ref buffer, FrameLimits.Default, out _, out var body));
        Assert.Equal([1, 2], body.ToArray());
        Assert.Equal([9], buffer.ToArray());
    }

    [Theory]
    [InlineData(RpcErrorCode.Ok)]
    [InlineData(RpcErrorCode.Extended)]
    public void Error_without_a_text_form_is_not_written_as_one(RpcErrorCode code) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameWriter.WriteError(new ArrayBufferWriter<byte>(), 1, code, "text"));

    [Fact]
    public void Refusal_with_an_unreadable_body_keeps_its_code()
    {
        Assert.Equal(new RpcError(RpcErrorCode.FunctionThrew, 0, ""), RpcError.Read(RpcErrorCode.FunctionThrew, new byte[] { 1, 2 }));
        Assert.Equal(new RpcError(RpcErrorCode.Extended, 0, ""), RpcError.Read(RpcErrorCode.Extended, new byte[] { 1, 2 }));
    }

    private sealed class Pieces : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Of(byte[] bytes, int[] sizes)
        {
            Pieces? first = null, last = null;
            for (int position = 0, index = 0; position < bytes.Length; index++)
            {
                var size = Math.Min(sizes[index % sizes.Length], bytes.Length - position);
                var piece = new Pieces { Memory = bytes.AsMemory(position, size), RunningIndex = position };
                if (last is not null)
                    last.Next = piece;
                first ??= piece;
                last = piece;
                position += size;
            }
            return new(first!, 0, last!, last!.Memory.Length);
        }
    }
}
