// Frames recorded from Mooncake's own peers, and frames laid out from the types: what they mean, and that the same meaning gives
// the same bytes.
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Tests.Compatibility;

public sealed class GoldenFrameTests
{
    private static GoldenFrame[] CallFrames =>
        [.. GoldenFile.Frames.Concat(GoldenFile.DoorNewest).Concat(GoldenFile.DoorPrevious).Where(frame => frame.HasCodec)];

    public static TheoryData<string> Calls() => [.. CallFrames.Select(frame => frame.ToString())];

    public static TheoryData<string> Refusals() =>
        [.. GoldenFile.Frames.Where(frame => frame.Function == "-").Select(frame => frame.ToString())];

    [Theory]
    [MemberData(nameof(Calls))]
    public void Recorded_frame_means_what_was_sent(string name)
    {
        var frame = Find(name);
        var decoded = CallCatalog.Of(frame).Decode(frame);
        Assert.NotNull(decoded);
        Assert.Equal(frame.Meaning, decoded.Meaning);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Recorded_frame_is_encoded_again_byte_for_byte(string name)
    {
        var frame = Find(name);
        var decoded = CallCatalog.Of(frame).Decode(frame);
        Assert.NotNull(decoded);
        Assert.Equal(Convert.ToHexString(frame.Bytes), Convert.ToHexString(decoded.Encode(CallNumber(frame), frame.Flavour)));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Recorded_request_names_its_function(string name)
    {
        var frame = Find(name);
        if (!frame.IsRequest)
        {
            Assert.True(ResponseHeader.TryRead(frame.Bytes, out var response));
            Assert.Equal((RpcErrorCode.Ok, frame.Bytes.Length - ResponseHeader.Bytes), (response.Error, (int)response.BodyBytes));
            return;
        }
        Assert.True(RequestHeader.TryRead(frame.Bytes, out var header));
        var table = frame.Generation == Generation.Newest ? RpcTable.Newest : RpcTable.Previous;
        Assert.True(table.TryFind(header.FunctionId, out var function));
        Assert.Equal(frame.Function, function.Rpc.ToString());
        Assert.Equal((uint)frame.Bytes.Length - RequestHeader.Bytes, header.BodyBytes);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Recorded_refusal_is_read_and_written_again_byte_for_byte(string name)
    {
        var frame = Find(name);
        Assert.True(ResponseHeader.TryRead(frame.Bytes, out var header));
        var error = RpcError.Read(header.Error, CallCodec.Body(frame));
        Assert.Equal(frame.Meaning, $"refused {(int)error.Code} {error.ExtendedCode} '{error.Text}'");

        var output = new System.Buffers.ArrayBufferWriter<byte>();
        if (error.Code == RpcErrorCode.Extended)
            FrameWriter.WriteExtendedError(output, header.CallNumber, error.ExtendedCode, error.Text, frame.Flavour);
        else
            FrameWriter.WriteError(output, header.CallNumber, error.Code, error.Text, frame.Flavour);
        Assert.Equal(Convert.ToHexString(frame.Bytes), Convert.ToHexString(output.WrittenSpan));
    }

    // A client of the previous generation sends and expects the very same bytes wherever the types are the same.
    [Fact]
    public void Recorded_frame_of_unchanged_types_means_the_same_to_the_previous_generation()
    {
        var same = 0;
        foreach (var frame in CallFrames.Where(frame => frame.Generation == Generation.Newest))
        {
            var rpc = Enum.Parse<Rpc>(frame.Function);
            var (newest, previous) = (RpcTable.Newest[rpc], RpcTable.Previous[rpc]);
            var isSame = frame.IsRequest ? newest.Arguments?.Hash == previous.Arguments?.Hash : newest.Result.Hash == previous.Result.Hash;
            if (!isSame)
                continue;
            var decoded = CallCatalog.Previous[rpc].Decode(frame);
            Assert.Equal(frame.Meaning, decoded?.Meaning);
            Assert.Equal(Convert.ToHexString(frame.Bytes), Convert.ToHexString(decoded!.Encode(CallNumber(frame), frame.Flavour)));
            same++;
        }
        Assert.True(same > 150, $"only {same} frames are the same");
    }

    [Fact]
    public void Every_function_of_each_generation_has_frames_in_both_directions()
    {
        foreach (var (table, frames) in new[] { (RpcTable.Newest, GoldenFile.DoorNewest), (RpcTable.Previous, GoldenFile.DoorPrevious) })
        {
            foreach (var function in table.Functions)
            {
                Assert.Single(frames, frame => frame.IsRequest && frame.Function == function.Rpc.ToString());
                Assert.Single(frames, frame => !frame.IsRequest && frame.Function == function.Rpc.ToString());
            }
            Assert.Equal(2 * table.Functions.Count, frames.Count);
        }
        Assert.Contains(GoldenFile.Frames, frame => frame.Flavour == StructPackFlavour.Plain);
        Assert.Equal(49, CallCatalog.Newest.Count);
        Assert.Equal(CallCatalog.Newest.Keys, CallCatalog.Previous.Keys);
    }

    private static GoldenFrame Find(string name) =>
        GoldenFile.Frames.Concat(GoldenFile.DoorNewest).Concat(GoldenFile.DoorPrevious).Single(frame => frame.ToString() == name);

    private static uint CallNumber(GoldenFrame frame) => BitConverter.ToUInt32(frame.Bytes, 4);
}
