// The arguments and the answer of every function of both generations: generation, direction, function (a byte each), then the body.
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Tests.Fuzz.Targets;

internal sealed class CallTarget() : FuzzTarget("calls")
{
    private const int HeadBytes = 3;
    private const byte Previous = 1, Response = 1;

    private static readonly IReadOnlyList<Rpc> Functions = [.. CallCatalog.Newest.Keys.Order()];

    private sealed record Call(byte[] Head, byte[] Body);

    public override int MaximumInputBytes => 4 << 10;

    public override object? Decode(byte[] input)
    {
        if (input.Length < HeadBytes)
            return null;
        var codec = (input[0] == Previous ? CallCatalog.Previous : CallCatalog.Newest)[Functions[input[2] % Functions.Count]];
        return codec.TryDecode(input[1] != Response, input.AsMemory(HeadBytes)) ? new Call(input[..HeadBytes], input[HeadBytes..]) : null;
    }

    public override byte[] Encode(object decoded)
    {
        var (head, body) = (Call)decoded;
        var codec = (head[0] == Previous ? CallCatalog.Previous : CallCatalog.Newest)[Functions[head[2] % Functions.Count]];
        var isRequest = head[1] != Response;
        var frame = codec.Decode(isRequest, body)!.Encode(0, StructPackFlavour.Plain);
        return [.. head, .. frame.AsSpan(isRequest ? RequestHeader.Bytes : ResponseHeader.Bytes)];
    }

    protected override IEnumerable<byte[]> MakeSamples()
    {
        foreach (var frame in GoldenFile.Frames.Concat(GoldenFile.DoorNewest)
            .Concat(GoldenFile.DoorPrevious).Where(frame => frame.HasCodec))
        {
            var body = CallCodec.Body(frame);
            if (body.Length is 0 or > 2000)
                continue;
            var function = (byte)Functions.Index().First(pair => pair.Item == Enum.Parse<Rpc>(frame.Function)).Index;
            var generation = frame.Generation == Generation.Previous ? Previous : (byte)0;
            yield return [generation, frame.IsRequest ? (byte)0 : Response, function, .. body.Span];
        }
    }
}
