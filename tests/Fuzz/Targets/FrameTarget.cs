// Frames cut out of a stream: one byte that says which direction, then the stream. Received in one piece or in many, the frames are the
// same.
using System.Buffers;
using HotStandby.Mooncake.Frames;

namespace HotStandby.Tests.Fuzz.Targets;

internal sealed class FrameTarget() : FuzzTarget("frames")
{
    private const int FramesOfASample = 3;
    private static readonly FrameLimits Limits = new(8 << 10);

    private sealed record Frames(bool AreRequests, List<(uint CallNumber, uint Function, RpcErrorCode Error, byte[] Body)> Items);

    public override object? Decode(byte[] input)
    {
        if (input.Length == 0)
            return null;
        var areRequests = (input[0] & 1) == 0;
        var stream = input.AsMemory(1);
        var whole = Read(new ReadOnlySequence<byte>(stream), areRequests);
        var pieces = Read(Split(stream, 1 + (input[0] >> 1)), areRequests);
        if (whole is null || pieces is null)
            return whole is null && pieces is null
                ? null : throw new InvalidOperationException("in pieces the stream is judged in another way");
        for (var i = 0; i < Math.Max(whole.Items.Count, pieces.Items.Count); i++)
            if (!whole.Items[i].Body.AsSpan().SequenceEqual(pieces.Items[i].Body))
                throw new InvalidOperationException($"frame {i} has another body when it comes in pieces");
        return whole;
    }

    // Without attachments: nobody reads those.
    public override byte[] Encode(object decoded)
    {
        var frames = (Frames)decoded;
        var output = new ArrayBufferWriter<byte>();
        output.Write([frames.AreRequests ? (byte)0 : (byte)1]);
        foreach (var (number, function, error, body) in frames.Items)
        {
            if (frames.AreRequests)
            {
                new RequestHeader(number, function, (uint)body.Length).Write(output.GetSpan(RequestHeader.Bytes));
                output.Advance(RequestHeader.Bytes);
            }
            else
            {
                new ResponseHeader(number, error, (uint)body.Length).Write(output.GetSpan(ResponseHeader.Bytes));
                output.Advance(ResponseHeader.Bytes);
            }

            output.Write(body);
        }

        return output.WrittenSpan.ToArray();
    }

    protected override IEnumerable<byte[]> MakeSamples()
    {
        foreach (var isRequest in (bool[])[true, false])
            foreach (var frames in GoldenFile.Frames.Where(frame => frame.IsRequest == isRequest && frame.Bytes.Length < 2000)
                .Chunk(FramesOfASample))
                yield return [(byte)(isRequest ? 40 : 41), .. frames.SelectMany(frame => frame.Bytes)];
    }

    // Null when it is not this protocol, or no frame is complete.
    private static Frames? Read(ReadOnlySequence<byte> stream, bool areRequests)
    {
        var frames = new Frames(areRequests, []);
        while (true)
        {
            RequestHeader request = default;
            ResponseHeader response = default;
            var left = stream.Length;
            var status = areRequests
                ? FrameReader.ReadRequest(ref stream, Limits, out request, out var body)
                : FrameReader.ReadResponse(ref stream, Limits, out response, out body);
            if (status != FrameStatus.Complete)
            {
                if (stream.Length != left)
                    throw new InvalidOperationException("bytes are gone that were no frame");
                return status == FrameStatus.Incomplete && frames.Items.Count > 0 ? frames : null;
            }

            using var contiguous = new FrameBody(body);
            frames.Items.Add(areRequests
                ? (request.CallNumber, request.FunctionId, default, contiguous.Memory.ToArray())
                : (response.CallNumber, 0, response.Error, contiguous.Memory.ToArray()));
        }
    }

    private static ReadOnlySequence<byte> Split(ReadOnlyMemory<byte> bytes, int length)
    {
        var first = new Piece(bytes[..Math.Min(length, bytes.Length)], 0);
        var last = first;
        for (var at = length; at < bytes.Length; at += length)
            last = last.Append(bytes.Slice(at, Math.Min(length, bytes.Length - at)));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long runningIndex) => (Memory, RunningIndex) = (memory, runningIndex);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
